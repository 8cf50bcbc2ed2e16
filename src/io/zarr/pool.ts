import type { Worker } from 'node:worker_threads'
import { AlignDaError, DataError, FormatError } from '../../base/errors.ts'
import { startWorker } from '../../base/worker.ts'
import type { NumericArray } from '../dataset.ts'
import type { HttpOptions } from '../http.ts'
import type { Chunk } from './chunks.ts'
import type { ArrayInfo } from './metadata.ts'

/** An array as a worker opens it. */
export interface ChunkSource {
  readonly location: string
  readonly http: HttpOptions
  readonly info: ArrayInfo
  readonly strict: boolean
}

/** Where a block of a chunk goes in an array in shared memory: `count` values of a row-major array with `strides`. */
export interface Placement {
  readonly data: NumericArray
  /** First value of the block, in the chunk's axes. */
  readonly from: readonly number[]
  readonly to: number
  readonly strides: readonly number[]
  readonly count: readonly number[]
}

export type Request =
  | { readonly kind: 'open'; readonly array: number; readonly source: ChunkSource }
  | {
      readonly kind: 'load'
      readonly id: number
      readonly array: number
      readonly coordinates: readonly number[]
      readonly into?: Placement
    }

export type Answer =
  | { readonly id: number; readonly chunk: Chunk | undefined }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } }

interface Seat {
  readonly worker: Worker
  readonly opened: Set<number>
  readonly waiting: Map<
    number,
    { resolve: (chunk: Chunk | undefined) => void; reject: (error: Error) => void }
  >
}

/** Threads that fetch and decode chunks. They start when first needed and do not keep the process alive. */
class DecodePool {
  readonly #seats: Seat[] = []
  #next = 0

  load(
    threads: number,
    array: number,
    source: ChunkSource,
    coordinates: readonly number[],
    into?: Placement,
  ): Promise<Chunk | undefined> {
    const seat = this.#seat(threads)
    if (!seat.opened.has(array)) {
      seat.opened.add(array)
      seat.worker.postMessage({ kind: 'open', array, source } satisfies Request)
    }
    const id = this.#next++
    return new Promise((resolve, reject) => {
      if (seat.waiting.size === 0) seat.worker.ref()
      seat.waiting.set(id, { resolve, reject })
      seat.worker.postMessage({ kind: 'load', id, array, coordinates, into } satisfies Request)
    })
  }

  #seat(threads: number): Seat {
    const idle = this.#seats.slice(0, threads).sort((a, b) => a.waiting.size - b.waiting.size)[0]
    if (idle && (idle.waiting.size === 0 || this.#seats.length >= threads)) return idle
    const worker = startWorker(new URL('./decode-worker.ts', import.meta.url), { stderr: true })
    const seat: Seat = { worker, opened: new Set(), waiting: new Map() }
    worker.unref()
    worker.on('message', (answer: Answer) => {
      const asked = seat.waiting.get(answer.id)
      seat.waiting.delete(answer.id)
      if (seat.waiting.size === 0) worker.unref()
      if ('chunk' in answer) asked?.resolve(answer.chunk)
      else asked?.reject(revive(answer.error))
    })
    const lost = (error?: Error) => {
      const at = this.#seats.indexOf(seat)
      if (at >= 0) this.#seats.splice(at, 1)
      for (const { reject } of seat.waiting.values())
        reject(
          new FormatError(`a decoding thread ended: ${error?.message ?? 'out of memory?'}`, { cause: error }),
        )
      seat.waiting.clear()
    }
    worker.on('error', lost)
    worker.on('exit', () => lost())
    this.#seats.push(seat)
    return seat
  }
}

function revive({ name, message }: { name: string; message: string }): Error {
  if (name === 'FormatError') return new FormatError(message)
  if (name === 'DataError') return new DataError(message)
  return new AlignDaError(message)
}

const pool = new DecodePool()
let arrays = 0

export interface PooledReader {
  load(coordinates: readonly number[]): Promise<Chunk>
  /** Decodes a chunk straight into its place in shared memory. */
  place(coordinates: readonly number[], into: Placement): Promise<void>
}

/** A reader of `source`'s chunks on `threads` threads of the process's pool. */
export function pooledChunks(source: ChunkSource, threads: number): PooledReader {
  const array = arrays++
  return {
    load: async (coordinates) => (await pool.load(threads, array, source, coordinates))!,
    place: async (coordinates, into) => void (await pool.load(threads, array, source, coordinates, into)),
  }
}
