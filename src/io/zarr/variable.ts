import { DataError, FormatError } from '../../base/errors.ts'
import { type BoundedCache, forEachLimit } from '../cache.ts'
import { cfDecoding, type Decoding } from '../cf.ts'
import type { OpenOptions, Selection, Slab, Variable } from '../dataset.ts'
import type { HttpOptions } from '../http.ts'
import { allocate, isNumericDtype } from '../numeric.ts'
import { copyBlock, type Region, resolveSelection, rowMajor } from '../selection.ts'
import type { ByteStore } from '../store.ts'
import { type Chunk, type ChunkReader, openChunks } from './chunks.ts'
import type { ArrayInfo } from './metadata.ts'
import { type PooledReader, pooledChunks } from './pool.ts'

interface Context {
  readonly name: string
  readonly info: ArrayInfo
  readonly store: ByteStore
  readonly http: HttpOptions
  readonly cache: BoundedCache<Chunk>
  readonly threads: number
  readonly options: OpenOptions
}

/** The most chunks one read may touch. */
const maxChunks = 1_000_000

/** Reads of fewer chunks than this stay on the calling thread unless workers were asked for. */
const fewChunks = 8

/** One array of a Zarr store. */
export class ZarrVariable implements Variable {
  readonly name: string
  readonly dimensions: readonly string[]
  readonly shape: readonly number[]
  readonly dtype: string
  readonly storedDtype: string
  readonly chunks: readonly number[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly units?: string
  readonly #context: Context
  readonly #decoding: Decoding
  readonly #strict: boolean
  #local?: Promise<ChunkReader>
  #pooled?: PooledReader

  constructor(context: Context) {
    const { info, options } = context
    this.#context = context
    this.name = context.name
    this.dimensions = info.dimensions
    this.shape = info.shape
    this.chunks = info.chunks
    this.storedDtype = info.storedDtype
    const { _ARRAY_DIMENSIONS, ...attributes } = info.attributes
    this.attributes = attributes
    if (typeof attributes.units === 'string') this.units = attributes.units
    this.#decoding = cfDecoding(info.storedDtype, attributes, [maskingFill(info)])
    this.dtype = this.#decoding.dtype
    const isCoordinate = info.dimensions.length === 1 && info.dimensions[0] === info.name
    const holes = this.dtype.startsWith('float') || isCoordinate
    this.#strict = (options.missingChunks ?? 'error') === 'error' && holes
  }

  async read(selection?: Selection): Promise<Slab> {
    const { storedDtype, name } = this
    const stored = storedDtype === 'bool' ? 'uint8' : storedDtype === 'float16' ? 'uint16' : storedDtype
    if (!isNumericDtype(stored))
      throw new DataError(
        `${name} holds ${JSON.stringify(this.#rawType())}, not numbers: it is listed but not read`,
      )
    const region = resolveSelection(name, this.dimensions, this.shape, selection)
    const chunkCount = this.#chunkCount(region)
    const { threads, options, store, cache, info } = this.#context
    const pooled =
      threads > 0 && chunkCount >= (options.workers ? 2 : fewChunks) ? this.#poolReader() : undefined
    const load = pooled?.load ?? (await this.#localReader())
    const data = allocate(stored, region.size, pooled !== undefined)
    const strides = rowMajor(region.count)
    const chunkBytes = this.chunks.reduce((a, b) => a * b, data.BYTES_PER_ELEMENT)
    await forEachLimit(touched(region, this.chunks), store.remote ? 16 : 6, async (coordinates) => {
      const origin = coordinates.map((c, axis) => c * this.chunks[axis])
      const from = origin.map((o, axis) => Math.max(o, region.start[axis]))
      const ends = origin.map((o, axis) =>
        Math.min(o + this.chunks[axis], region.start[axis] + region.count[axis]),
      )
      const count = ends.map((end, axis) => end - from[axis])
      const to = dot(from, region.start, strides)
      // Chunks that are used whole stream past the cache; parts, and what came over the network, are kept.
      const whole = origin.every(
        (o, axis) => count[axis] === Math.min(this.chunks[axis], this.shape[axis] - o),
      )
      if (whole && !store.remote && pooled) {
        const inChunk = from.map((f, axis) => f - origin[axis])
        return pooled.place(coordinates, { data, from: inChunk, to, strides, count })
      }
      const key = `${info.name}/${coordinates.join('.')}`
      const keep = !whole || store.remote
      const chunk = await (keep ? cache.get(key, chunkBytes, () => load(coordinates)) : load(coordinates))
      copyBlock(chunk.data, dot(from, origin, chunk.strides), chunk.strides, data, to, strides, count)
    })
    return { data: this.#decoding.apply(data), dimensions: region.dimensions, shape: region.shape }
  }

  #rawType(): unknown {
    const { document } = this.#context.info.readable
    return document.dtype ?? document.data_type
  }

  #chunkCount({ start, count }: Region): number {
    const chunks = count.reduce((n, length, axis) => {
      if (length === 0) return 0
      const size = this.chunks[axis]
      return n * (Math.floor((start[axis] + length - 1) / size) - Math.floor(start[axis] / size) + 1)
    }, 1)
    if (chunks > maxChunks)
      throw new FormatError(`${this.name}: a read of ${chunks} chunks is too large: select a part`)
    return chunks
  }

  #poolReader(): PooledReader {
    const { store, info, threads, http } = this.#context
    this.#pooled ??= pooledChunks({ location: store.location, http, info, strict: this.#strict }, threads)
    return this.#pooled
  }

  #localReader(): Promise<ChunkReader> {
    this.#local ??= openChunks(this.#context.store, this.#context.info, this.#strict)
    return this.#local
  }
}

/**
 * Zarr's fill value as a CF fill value. xarray reads v2's as `_FillValue`; we do so too, except for a plain zero,
 * the default of writers that have no missing values. In v3 it only stands for chunks that were not written.
 */
function maskingFill({ readable, fillValue, attributes }: ArrayInfo): number | bigint | undefined {
  if (readable.version === 3 || fillValue === undefined) return undefined
  const packed = attributes.scale_factor !== undefined || attributes.add_offset !== undefined
  return packed || Number(fillValue) !== 0 ? fillValue : undefined
}

function* touched({ start, count }: Region, chunks: readonly number[]): Generator<number[]> {
  if (count.some((n) => n === 0)) return
  const first = start.map((s, axis) => Math.floor(s / chunks[axis]))
  const last = start.map((s, axis) => Math.floor((s + count[axis] - 1) / chunks[axis]))
  const at = [...first]
  for (;;) {
    yield [...at]
    let axis = at.length - 1
    while (axis >= 0 && ++at[axis] > last[axis]) at[axis] = first[axis--]
    if (axis < 0) return
  }
}

function dot(position: readonly number[], origin: readonly number[], strides: readonly number[]): number {
  return position.reduce((sum, p, axis) => sum + (p - origin[axis]) * strides[axis], 0)
}
