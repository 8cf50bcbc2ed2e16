import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DataError } from '../../base/errors.ts'
import { temporaryBeside, writeFileAtomic } from '../../base/files.ts'
import type { NumericArray } from '../dataset.ts'
import {
  checkLayout,
  chunksIn,
  type DatasetLayout,
  type DatasetWriter,
  grows,
  shapeIn,
  stepsIn,
  type VariableLayout,
} from '../layout.ts'
import { allocate } from '../numeric.ts'
import { copyBlock, rowMajor } from '../selection.ts'
import {
  type ArrayDocuments,
  bloscZstd,
  type Compressor,
  chunkKey,
  plainZstd,
  rootDocuments,
  v2Array,
  v3Array,
} from './documents.ts'
import { encodeChunk } from './encode.ts'
import { checkReplaceable } from './replaceable.ts'

export interface ZarrWriteOptions {
  /** Zarr format (default 2, WeatherBench2's, with `.zmetadata`). */
  readonly version?: 2 | 3
  /** Default: Blosc with zstd and bit shuffle in v2, zstd in v3; null for none. */
  readonly compressor?: Compressor | null
  /** Replace the file, Zarr store or empty folder at the path (default: a DataError). */
  readonly overwrite?: boolean
}

/**
 * Starts a new Zarr store. It is written into a temporary folder beside `path` and renamed on `close`.
 * @throws DataError for an impossible layout, a path that exists or, to overwrite, a folder that is no Zarr store.
 */
export async function createZarr(
  path: string,
  layout: DatasetLayout,
  options: ZarrWriteOptions = {},
): Promise<DatasetWriter> {
  checkLayout(layout)
  if (existsSync(path) && !options.overwrite) throw new DataError(`${path} exists already`)
  await checkReplaceable(path)
  const version = options.version ?? 2
  const compressor =
    options.compressor === null ? undefined : (options.compressor ?? (version === 2 ? bloscZstd : plainZstd))
  await mkdir(dirname(path), { recursive: true })
  const { temporary, settle } = temporaryBeside(path)
  await mkdir(temporary)
  const writer = new ChunkWriter(temporary, version, layout, () => compressor)
  try {
    await writer.writeFixed()
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    settle()
    throw error
  }
  return {
    get length() {
      return writer.length
    },
    append: (values) => writer.append(values),
    async close() {
      await writer.finish(layout.attributes ?? {})
      if (options.overwrite) {
        // What came to be there meanwhile is not taken either.
        await checkReplaceable(path)
        await rm(path, { recursive: true, force: true })
      }
      await rename(temporary, path)
      settle()
    },
    async abort() {
      // A chunk still on its way would make its folder anew.
      await writer.stop()
      await rm(temporary, { recursive: true, force: true })
      settle()
    },
  }
}

interface Growing {
  readonly variable: VariableLayout
  /** Shape of one step. */
  readonly step: readonly number[]
  readonly chunks: readonly number[]
  /** Steps of the chunk that is being filled: [chunks[0], ...step]. */
  readonly buffer: NumericArray
}

/** Fills chunks along the growing dimension and writes them when they are full. */
export class ChunkWriter {
  readonly #folder: string
  readonly #version: 2 | 3
  readonly #layout: DatasetLayout
  readonly #compressor: (name: string) => Compressor | undefined
  readonly #growing: Growing[]
  #length = 0

  constructor(
    folder: string,
    version: 2 | 3,
    layout: DatasetLayout,
    compressor: (name: string) => Compressor | undefined,
  ) {
    this.#folder = folder
    this.#version = version
    this.#layout = layout
    this.#compressor = compressor
    this.#growing = layout.variables
      .filter((variable) => grows(layout, variable))
      .map((variable) => {
        const chunks = chunksIn(layout, variable)
        const step = shapeIn(layout, variable).slice(1)
        const size = step.reduce((a, b) => a * b, chunks[0])
        return { variable, step, chunks, buffer: empty(variable, size) }
      })
  }

  get length(): number {
    return this.#length
  }

  /** Goes on at `length` steps, with the values of the last, unfilled chunks: [n, ...step] of each variable. */
  async resume(length: number, tail: (variable: VariableLayout, steps: number) => Promise<NumericArray>) {
    this.#length = length
    for (const { variable, chunks, buffer } of this.#growing) {
      const steps = length % chunks[0]
      if (steps) set(buffer, await tail(variable, steps), 0)
    }
  }

  async writeFixed(): Promise<void> {
    for (const variable of this.#layout.variables) {
      if (grows(this.#layout, variable)) continue
      const shape = shapeIn(this.#layout, variable)
      const chunks = chunksIn(this.#layout, variable)
      await this.#writeChunks(variable, variable.data!, shape, chunks, [])
    }
  }

  async append(values: Readonly<Record<string, NumericArray>>): Promise<void> {
    const steps = stepsIn(this.#layout, values)
    for (const growing of this.#growing) {
      const { variable, step, chunks, buffer } = growing
      const perStep = step.reduce((a, b) => a * b, 1)
      const given = values[variable.name]
      for (let done = 0; done < steps; ) {
        const at = (this.#length + done) % chunks[0]
        const n = Math.min(chunks[0] - at, steps - done)
        set(buffer, given.subarray(done * perStep, (done + n) * perStep), at * perStep)
        done += n
        if (at + n === chunks[0]) await this.#flush(growing, this.#length + done)
      }
    }
    this.#length += steps
  }

  /** Writes the last chunks and then the metadata. */
  async finish(attributes: Readonly<Record<string, unknown>>): Promise<void> {
    for (const growing of this.#growing)
      if (this.#length % growing.chunks[0]) await this.#flush(growing, this.#length)
    const arrays = new Map<string, ArrayDocuments>()
    const describe = this.#version === 2 ? v2Array : v3Array
    for (const variable of this.#layout.variables) {
      const shape = shapeIn(this.#layout, variable).map((n, axis) =>
        variable.dimensions[axis] === this.#layout.growing ? this.#length : n,
      )
      const documents = describe(
        variable,
        shape,
        chunksIn(this.#layout, variable),
        this.#compressor(variable.name),
      )
      arrays.set(variable.name, documents)
      for (const [file, document] of Object.entries(documents.files))
        await this.#json(`${variable.name}/${file}`, document)
    }
    for (const [file, document] of rootDocuments(this.#version, attributes, arrays))
      await this.#json(file, document)
  }

  #json(file: string, document: unknown) {
    return writeFileAtomic(join(this.#folder, file), `${JSON.stringify(document, undefined, 2)}\n`)
  }

  /** Writes the chunk that ends before step `end`; steps beyond it hold the fill value. */
  async #flush({ variable, step, chunks, buffer }: Growing, end: number): Promise<void> {
    const index = Math.floor((end - 1) / chunks[0])
    const perStep = step.reduce((a, b) => a * b, 1)
    const used = end - index * chunks[0]
    if (variable.dtype.startsWith('float')) (buffer as Float32Array).fill(Number.NaN, used * perStep)
    await this.#writeChunks(variable, buffer, [chunks[0], ...step], chunks, [index])
  }

  /** Cuts `values` of `shape` into chunks; `first` replaces the leading chunk coordinates. */
  async #writeChunks(
    variable: VariableLayout,
    values: NumericArray,
    shape: readonly number[],
    chunks: readonly number[],
    first: readonly number[],
  ) {
    const folder = join(this.#folder, variable.name)
    const counts = shape.map((n, axis) => Math.ceil(n / chunks[axis]))
    const total = counts.reduce((a, b) => a * b, 1)
    const strides = rowMajor(shape)
    for (let i = 0; i < total; i++) {
      let rest = i
      const at = counts.map(() => 0)
      for (let axis = counts.length - 1; axis >= 0; axis--) {
        at[axis] = rest % counts[axis]
        rest = Math.floor(rest / counts[axis])
      }
      const origin = at.map((c, axis) => c * chunks[axis])
      const count = origin.map((o, axis) => Math.min(chunks[axis], shape[axis] - o))
      const whole = empty(
        variable,
        chunks.reduce((a, b) => a * b, 1),
      )
      copyBlock(
        values,
        origin.reduce((s, o, axis) => s + o * strides[axis], 0),
        strides,
        whole,
        0,
        rowMajor(chunks),
        count,
      )
      const path = join(
        folder,
        chunkKey(
          this.#version,
          at.map((c, axis) => first[axis] ?? c),
        ),
      )
      if (this.#stopped) throw new DataError(`writing of ${this.#folder} was stopped`)
      const writing = this.#write(path, whole, variable.name)
      this.#writing.add(writing)
      await writing.finally(() => this.#writing.delete(writing))
    }
  }

  async #write(path: string, values: NumericArray, name: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    const bytes = await encodeChunk(values, this.#compressor(name))
    // A chunk that is there is being extended: it must never be seen half-written.
    if (existsSync(path)) await writeFileAtomic(path, bytes)
    else await writeFile(path, bytes)
  }

  /** Writes no further chunk and waits for those on their way. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.allSettled([...this.#writing])
  }
  #stopped = false
  readonly #writing = new Set<Promise<void>>()
}

function empty(variable: VariableLayout, size: number): NumericArray {
  const values = allocate(variable.dtype, size)
  if (variable.dtype.startsWith('float')) (values as Float32Array).fill(Number.NaN)
  return values
}

function set(target: NumericArray, source: NumericArray, at: number) {
  ;(target as Float32Array).set(source as Float32Array, at)
}
