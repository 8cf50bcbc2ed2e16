import type { Worker } from 'node:worker_threads'
import { FormatError } from '../../base/errors.ts'
import { startWorker } from '../../base/worker.ts'
import type { NumericArray } from '../dataset.ts'

export interface Hdf5Variable {
  readonly name: string
  readonly path: string
  readonly shape: readonly number[]
  readonly chunks?: readonly number[]
  readonly dimensions: readonly string[]
  readonly dtype: string
  readonly attributes: Record<string, unknown>
}

export interface Hdf5Description {
  readonly attributes: Record<string, unknown>
  readonly dimensions: readonly (readonly [string, number])[]
  readonly variables: readonly Hdf5Variable[]
}

type Work =
  | { readonly kind: 'describe'; readonly path: string }
  | { readonly kind: 'close'; readonly path: string }
  | {
      readonly kind: 'read'
      readonly path: string
      readonly variable: string
      readonly start: readonly number[]
      readonly count: readonly number[]
    }

export type Hdf5Request = Work & { readonly id: number }

export type Hdf5Answer =
  | { readonly id: number; readonly value: Hdf5Description | NumericArray | undefined }
  | { readonly id: number; readonly error: string }

/** Milliseconds one request may take; a piece of 32 MiB takes well under a second, a busy machine far longer. */
const patience = 180_000

interface Waiting {
  readonly path: string
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The process's HDF5 thread. When it aborts or hangs it is replaced, and what it was asked for fails. */
let worker: Worker | undefined
const waiting = new Map<number, Waiting>()
let next = 0

/** Damaged files may leave damage in the C library's memory: the thread is replaced after this many. */
const maxFailures = 20
let failures = 0

async function ask(work: Work, limit = patience): Promise<unknown> {
  const thread = running()
  const id = next++
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve, reject) => {
      if (waiting.size === 0) thread.ref()
      waiting.set(id, { path: work.path, resolve, reject })
      timer = setTimeout(() => lose(thread, `it is not read within ${limit / 1000} s`), limit)
      thread.postMessage({ ...work, id } as Hdf5Request)
    })
  } finally {
    clearTimeout(timer)
    waiting.delete(id)
    if (waiting.size === 0) {
      thread.unref()
      if (failures >= maxFailures) lose(thread, 'replaced')
    }
  }
}

function running(): Worker {
  if (worker) return worker
  // The C library reports on stderr what we report as an error.
  const thread = startWorker(new URL('./hdf5-worker.ts', import.meta.url), { stderr: true, stdout: true })
  thread.unref()
  thread.on('message', (answer: Hdf5Answer) => {
    const asked = waiting.get(answer.id)
    if ('error' in answer) {
      failures++
      asked?.reject(damaged(asked.path, answer.error))
    } else asked?.resolve(answer.value)
  })
  thread.on('error', (error) => lose(thread, error.message))
  thread.on('exit', () => lose(thread, 'the HDF5 library gave up'))
  worker = thread
  return thread
}

function lose(thread: Worker, reason: string) {
  if (worker !== thread) return
  worker = undefined
  failures = 0
  for (const { path, reject } of waiting.values()) reject(damaged(path, reason))
  waiting.clear()
  void thread.terminate()
}

function damaged(path: string, reason: string): FormatError {
  return new FormatError(`${path} is damaged or no NetCDF-4: ${reason.split('\n')[0].slice(0, 300)}`)
}

/** What an HDF5 file holds, by path on this machine. */
export async function describeHdf5(path: string): Promise<Hdf5Description> {
  return (await ask({ kind: 'describe', path })) as Hdf5Description
}

/** Stored values of a block of one variable. */
export async function readHdf5(
  path: string,
  variable: string,
  start: readonly number[],
  count: readonly number[],
): Promise<NumericArray> {
  return (await ask({ kind: 'read', path, variable, start, count })) as NumericArray
}

export async function closeHdf5(path: string): Promise<void> {
  await ask({ kind: 'close', path })
}
