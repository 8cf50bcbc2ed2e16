import { DataError, FormatError } from '../../base/errors.ts'
import { type BoundedCache, forEachLimit } from '../cache.ts'
import { cfDecoding, type Decoding } from '../cf.ts'
import type { OpenOptions, Selection, Slab, Variable } from '../dataset.ts'
import type { HttpOptions } from '../http.ts'
import { allocate, isNumericDtype, type NumericDtype } from '../numeric.ts'
import { copyBlock, type Region, resolveSelection, rowMajor } from '../selection.ts'
import type { ByteStore } from '../store.ts'
import { type Chunk, type ChunkReader, openChunks } from './chunks.ts'
import type { ArrayInfo } from './metadata.ts'
import { pooledChunks } from './pool.ts'

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
  #pooled?: ChunkReader

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
    const data = allocate(stored, region.size)
    const strides = rowMajor(region.count)
    const chunkCount = this.#chunkCount(region)
    const load = await this.#reader(chunkCount)
    const lanes = this.#context.store.remote ? 16 : 6
    await forEachLimit(touched(region, this.chunks), lanes, async (coordinates) => {
      const origin = coordinates.map((c, axis) => c * this.chunks[axis])
      const from = origin.map((o, axis) => Math.max(o, region.start[axis]))
      const count = origin.map(
        (o, axis) => Math.min(o + this.chunks[axis], region.start[axis] + region.count[axis]) - from[axis],
      )
      const partly = count.some((n, axis) => n < Math.min(this.chunks[axis], this.shape[axis] - origin[axis]))
      const chunk = await this.#chunk(load, coordinates, stored, partly)
      const at = dot(from, origin, chunk.strides)
      copyBlock(chunk.data, at, chunk.strides, data, dot(from, region.start, strides), strides, count)
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

  /** Chunks that are used whole stream past the cache; parts, and what came over the network, are kept. */
  #chunk(
    load: ChunkReader,
    coordinates: readonly number[],
    stored: NumericDtype,
    partly: boolean,
  ): Promise<Chunk> {
    const { cache, store, info } = this.#context
    if (!partly && !store.remote) return load(coordinates)
    const bytes = this.chunks.reduce((a, b) => a * b, allocate(stored, 0).BYTES_PER_ELEMENT)
    return cache.get(`${info.name}/${coordinates.join('.')}`, bytes, () => load(coordinates))
  }

  async #reader(chunkCount: number): Promise<ChunkReader> {
    const { store, info, threads, http, options } = this.#context
    const source = { location: store.location, http, info, strict: this.#strict }
    if (threads > 0 && chunkCount >= (options.workers ? 2 : fewChunks)) {
      this.#pooled ??= pooledChunks(source, threads)
      return this.#pooled
    }
    this.#local ??= openChunks(store, info, this.#strict)
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
