import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { AlignDaError, didYouMean, FormatError, ShapeError } from '../../base/errors.ts'
import { startWorker } from '../../base/worker.ts'
import type { Program, Signature, Signatures } from '../compile.ts'
import { arrayOf, type TypedArray } from '../dtype.ts'
import { sameShape, show, sizeOf } from '../shape.ts'
import { chooseDevice, type Device } from './device.ts'
import type { HostTensor, Opened, Reply, Request, SessionSettings, Tensors } from './messages.ts'

/** Values by name: typed arrays in row-major order, or host tensors whose shape is then checked too. */
export type Feeds = Readonly<Record<string, TypedArray | HostTensor>>

/** Device and threads of a runtime. */
export interface RuntimeOptions {
  /** cpu, webgpu or cuda; by default what ALIGN_DA_DEVICE says, else cpu. */
  device?: string
  /** Threads of one operation on the CPU; by default one a core. */
  threads?: number
}

/** How a program is prepared to run. */
export interface LoadOptions {
  /** Tensors on the device that the program takes inputs from when they are not fed. */
  store?: Store
  /** Outputs that replace entries of the store instead of being returned: output name -> entry name. */
  updates?: Readonly<Record<string, string>>
  /** Prefix of the file ONNX Runtime writes a profile to when the program is released. */
  profile?: string
}

/**
 * A device and the thread that computes on it. Close it when done, to have its memory back; a process that ends
 * otherwise is not held up by it.
 */
export class Runtime {
  readonly device: Device
  readonly threads: number
  private readonly worker: Worker
  private readonly waiting = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: Error) => void }
  >()
  private nextId = 0
  /** Requests that the thread has not answered, also those nobody waits for any more. */
  private unanswered = 0
  private whenIdle: (() => void) | undefined
  private failure: Error | undefined

  /** @throws ConfigError for an unknown device */
  constructor({ device, threads = availableParallelism() }: RuntimeOptions = {}) {
    this.device = chooseDevice(device)
    this.threads = threads
    this.worker = startWorker(new URL('./session-worker.ts', import.meta.url))
    this.worker.on('message', ({ id, value, error }: Reply) => {
      const call = this.waiting.get(id)
      this.waiting.delete(id)
      if (--this.unanswered === 0) this.whenIdle?.()
      if (this.waiting.size === 0) this.worker.unref()
      if (error === undefined) call?.resolve(value as never)
      else call?.reject(new AlignDaError(`${this.device}: ${error}`))
    })
    this.worker.on('error', (error) => this.fail(`the compute thread failed: ${error.message}`))
    this.worker.on('exit', () => {
      this.fail('the compute thread has ended')
      this.unanswered = 0
      this.whenIdle?.()
    })
    this.worker.unref()
  }

  /**
   * Prepares a program to run.
   * @throws AlignDaError when the device is missing or refuses the program
   */
  async load(program: Program, { store, updates, profile }: LoadOptions = {}): Promise<Executable> {
    if (updates) checkUpdates(program, store, updates)
    const session = await this.call<number>({
      kind: 'load',
      onnx: program.onnx,
      device: this.device,
      threads: this.threads,
      inputs: program.inputs.map((i) => i.name),
      outputs: program.outputs.map((o) => o.name),
      settings: {
        ...(store && { store: store.id }),
        ...(updates && { updates }),
        ...(profile && { profile }),
      } satisfies SessionSettings,
    }).catch((error: Error) => {
      const missing = /Could not find an implementation for (\w+)\(/.exec(error.message)?.[1]
      if (!missing) throw error
      throw new AlignDaError(
        `${this.device}: no kernel for ${missing} of '${program.name}' in the dtype it gets; float32 has all`,
      )
    })
    return new Executable(this, program, session, store)
  }

  /**
   * Opens an ONNX file of any origin, with the data files beside it. Its inputs and outputs are what the file says;
   * an axis of any size has the size -1, and what is fed there is a host tensor, which has a shape of its own.
   * @throws FormatError when there is no such file or it is no model that the device runs
   */
  async loadFile(path: string): Promise<Executable> {
    const { session, inputs, outputs } = await this.call<Opened>({
      kind: 'open',
      path,
      device: this.device,
      threads: this.threads,
    }).catch((error: Error) => {
      if (this.failure) throw error
      throw new FormatError(`'${path}' cannot be opened as an ONNX model: ${error.message}`)
    })
    return new Executable(this, { name: path, inputs, unused: [], outputs }, session)
  }

  /** Loads, runs once and releases: for what is computed a single time. */
  async evaluate(program: Program, feeds: Feeds = {}): Promise<Tensors> {
    const executable = await this.load(program)
    try {
      return await executable.run(feeds)
    } finally {
      await executable.release()
    }
  }

  /** An empty set of tensors on the device. */
  async createStore(): Promise<Store> {
    return new Store(this, await this.call<number>({ kind: 'createStore' }))
  }

  /** Calls that wait fail at once; the thread ends when its runs do, because ONNX Runtime aborts when it is cut short. */
  async close(): Promise<void> {
    this.fail('the runtime is closed')
    if (this.unanswered > 0)
      await new Promise<void>((resolve) => {
        const before = this.whenIdle
        this.whenIdle = () => {
          before?.()
          resolve()
        }
      })
    await this.worker.terminate()
  }

  /** From here on, and for those who wait, every call fails. */
  private fail(reason: string) {
    this.failure ??= new AlignDaError(reason)
    for (const { reject } of this.waiting.values()) reject(this.failure)
    this.waiting.clear()
  }

  /** @internal For Executable and Store. */
  call<T>(request: Request, transfer: ArrayBuffer[] = []): Promise<T> {
    if (this.failure) return Promise.reject(this.failure)
    const id = this.nextId++
    this.unanswered++
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: never) => void, reject })
      this.worker.ref()
      this.worker.postMessage({ id, request }, transfer)
    })
  }

  async [Symbol.asyncDispose]() {
    await this.close()
  }
}

/** A program on a device. */
export class Executable {
  readonly program: Signatures
  private readonly runtime: Runtime
  private readonly session: number
  private readonly store: Store | undefined

  constructor(runtime: Runtime, program: Signatures, session: number, store?: Store) {
    this.runtime = runtime
    this.program = program
    this.session = session
    this.store = store
  }

  /**
   * Runs the program once.
   * @throws ShapeError for a missing or unknown feed, a wrong shape or dtype
   */
  async run(feeds: Feeds = {}): Promise<Tensors> {
    const { inputs, unused, name } = this.program
    const known = [...inputs, ...unused]
    for (const label of Object.keys(feeds))
      if (!known.some((i) => i.name === label))
        throw new ShapeError(
          `'${name}' has no input '${label}'${didYouMean(
            label,
            known.map((i) => i.name),
          )}`,
        )
    const ready: Tensors = {}
    const transfer: ArrayBuffer[] = []
    for (const wanted of inputs) {
      const value = feeds[wanted.name]
      if (value === undefined) {
        const held = this.store?.signature(wanted.name)
        if (held && (held.dtype !== wanted.dtype || !sameShape(held.shape, wanted.shape)))
          throw new ShapeError(
            `'${name}' needs '${wanted.name}': ${wanted.dtype} ${show(wanted.shape)}; the store has ${held.dtype} ${show(held.shape)}`,
          )
        if (held) continue
        throw new ShapeError(`'${name}' needs '${wanted.name}': ${wanted.dtype} ${show(wanted.shape)}`)
      }
      ready[wanted.name] = own(name, wanted, value, transfer)
    }
    return this.runtime.call<Tensors>({ kind: 'run', session: this.session, feeds: ready }, transfer)
  }

  async release(): Promise<void> {
    await this.runtime.call({ kind: 'release', session: this.session })
  }
}

/** Named tensors that stay on the device: weights and the state of an optimiser. */
export class Store {
  readonly id: number
  private readonly runtime: Runtime
  private readonly signatures = new Map<string, Signature>()

  constructor(runtime: Runtime, id: number) {
    this.runtime = runtime
    this.id = id
  }

  has(name: string): boolean {
    return this.signatures.has(name)
  }

  /** Shape and dtype of an entry. */
  signature(name: string): Signature | undefined {
    return this.signatures.get(name)
  }

  get names(): string[] {
    return [...this.signatures.keys()]
  }

  /**
   * Sets entries; the arrays are copied. An entry keeps its shape and dtype, which programs loaded with it rely on.
   * @throws ShapeError when values do not fill their shape or an entry would change
   */
  async put(tensors: Readonly<Record<string, HostTensor>>): Promise<void> {
    const transfer: ArrayBuffer[] = []
    const ready: Tensors = {}
    for (const [name, t] of Object.entries(tensors)) {
      const held = this.signatures.get(name)
      if (held && (held.dtype !== t.dtype || !sameShape(held.shape, t.shape)))
        throw new ShapeError(
          `the store holds '${name}' as ${held.dtype} ${show(held.shape)}, not ${t.dtype} ${show(t.shape)}`,
        )
      ready[name] = own('store', { name, shape: t.shape, dtype: t.dtype }, t, transfer)
      this.signatures.set(name, { name, shape: t.shape, dtype: t.dtype })
    }
    await this.runtime.call({ kind: 'put', store: this.id, tensors: ready }, transfer)
  }

  /**
   * Copies of entries, all of them by default.
   * @throws ShapeError for a name that is not there
   */
  async take(names?: readonly string[]): Promise<Tensors> {
    for (const name of names ?? [])
      if (!this.has(name)) throw new ShapeError(`the store has no '${name}'${didYouMean(name, this.names)}`)
    return this.runtime.call<Tensors>({ kind: 'take', store: this.id, names })
  }

  async release(): Promise<void> {
    await this.runtime.call({ kind: 'releaseStore', store: this.id })
  }
}

/** Every update has an output and an entry of the same shape and dtype to go to, of its own. */
function checkUpdates(program: Program, store: Store | undefined, updates: Readonly<Record<string, string>>) {
  const taken = new Set<string>()
  for (const [output, entry] of Object.entries(updates)) {
    const fail = (problem: string) => {
      throw new ShapeError(`update of '${entry}' by '${output}' of '${program.name}': ${problem}`)
    }
    const made = program.outputs.find((o) => o.name === output)
    const names = program.outputs.map((o) => o.name)
    if (!made) return fail(`there is no output '${output}'${didYouMean(output, names)}`)
    if (!store) return fail('load was given no store')
    const held = store.signature(entry)
    if (!held) return fail(`the store has no '${entry}'${didYouMean(entry, store.names)}; put it there first`)
    if (held.dtype !== made.dtype || !sameShape(held.shape, made.shape))
      return fail(
        `the entry is ${held.dtype} ${show(held.shape)}, the output ${made.dtype} ${show(made.shape)}`,
      )
    if (taken.has(entry)) return fail('another output replaces that entry too')
    taken.add(entry)
  }
}

/** A checked copy of a feed that the compute thread may keep. */
function own(
  program: string,
  wanted: Signature,
  value: TypedArray | HostTensor,
  transfer: ArrayBuffer[],
): HostTensor {
  const { name, shape, dtype } = wanted
  const bare = ArrayBuffer.isView(value)
  const data = bare ? value : value.data
  const open = shape.includes(-1)
  const actual = bare ? shape : value.shape
  const fits = actual.length === shape.length && shape.every((n, i) => n === -1 || n === actual[i])
  const size = sizeOf(actual)
  const problem =
    !(data instanceof arrayOf(dtype)) || (!bare && value.dtype !== dtype)
      ? `is ${bare ? data.constructor.name : `${value.dtype} in a ${data.constructor.name}`}`
      : !fits
        ? `has shape ${show(actual)}`
        : bare && open
          ? 'is a bare array, without a shape'
          : data.length !== size
            ? `has ${data.length} values`
            : undefined
  if (problem)
    throw new ShapeError(
      `'${program}' input '${name}' ${problem}; it takes ${dtype} ${show(shape)}${open ? ' (-1: any size)' : ` (${size} values)`}`,
    )
  const copy = data.slice() as TypedArray
  transfer.push(copy.buffer as ArrayBuffer)
  return { dtype, shape: [...actual], data: copy }
}
