import { parentPort } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import type { Signature } from '../compile.ts'
import type { DType, TypedArray } from '../dtype.ts'
import type { Tensor } from '../graph.ts'
import { writeModel } from '../onnx/model.ts'
import { input } from '../ops/source.ts'
import type { HostTensor, Opened, Reply, Request, SessionSettings, Tensors } from './messages.ts'

// ONNX Runtime blocks the thread it runs on; it has this one to itself, so that progress, HTTP and Ctrl-C stay alive
// on the main thread.

interface Loaded {
  session: ort.InferenceSession
  settings: SessionSettings
  inputs: readonly string[]
  /** On the CPU, the second buffer of every updated entry: written by this run, swapped with the entry after it. */
  spare: Map<string, ort.Tensor>
  onGpu: boolean
}

const sessions = new Map<number, Loaded>()
const stores = new Map<number, Map<string, ort.Tensor>>()
let next = 1

async function answer(request: Request): Promise<number | Tensors | Opened | undefined> {
  switch (request.kind) {
    case 'load':
      return load(request)
    case 'open':
      return open(request)
    case 'run':
      return run(sessions.get(request.session) as Loaded, request.feeds)
    case 'release': {
      const loaded = sessions.get(request.session)
      sessions.delete(request.session)
      if (loaded) await bringHome(loaded)
      await loaded?.session.release()
      return undefined
    }
    case 'createStore':
      stores.set(next, new Map())
      return next++
    case 'put': {
      const store = stores.get(request.store) as Map<string, ort.Tensor>
      for (const [name, t] of Object.entries(request.tensors)) {
        store.get(name)?.dispose()
        store.set(name, toOrt(t))
      }
      return undefined
    }
    case 'take':
      return take(stores.get(request.store) as Map<string, ort.Tensor>, request.names)
    case 'releaseStore':
      for (const t of stores.get(request.store)?.values() ?? []) t.dispose()
      stores.delete(request.store)
      return undefined
  }
}

async function load({
  onnx,
  device,
  threads,
  settings,
  inputs,
  outputs,
}: Extract<Request, { kind: 'load' }>): Promise<number> {
  const onGpu = device !== 'cpu'
  // State stays where it is computed; everything else is wanted on the host. Tensors on a GPU cannot be read one by
  // one in Node, so each output is told its place beforehand.
  const updated = Object.keys(settings.updates ?? {})
  const places: Record<string, 'gpu-buffer' | 'cpu'> = {}
  for (const name of outputs) places[name] = updated.includes(name) ? 'gpu-buffer' : 'cpu'
  const session = await ort.InferenceSession.create(onnx, {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    graphOptimizationLevel: 'all',
    // One block planned for the whole run keeps every intermediate result's place: a training step of the denoiser in
    // bench/tensor.ts then takes 1980 MB instead of 1330, and is no faster.
    enableMemPattern: false,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    ...(device === 'webgpu' && { preferredOutputLocation: places }),
    ...(settings.profile && { enableProfiling: true, profileFilePrefix: settings.profile }),
  })
  sessions.set(next, { session, settings, inputs, spare: new Map(), onGpu })
  return next++
}

/** A model file of any origin, with the data files beside it. */
async function open({ path, device, threads }: Extract<Request, { kind: 'open' }>): Promise<Opened> {
  const session = await ort.InferenceSession.create(path, {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    graphOptimizationLevel: 'all',
    // One block planned for the whole run keeps every intermediate result's place: a training step of the denoiser in
    // bench/tensor.ts then takes 1980 MB instead of 1330, and is no faster.
    enableMemPattern: false,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    ...(device === 'webgpu' && { preferredOutputLocation: 'cpu' as const }),
  })
  const signatures = (list: readonly ort.InferenceSession.ValueMetadata[]) =>
    list.map((m): Signature => {
      if (!m.isTensor) throw new Error(`'${m.name}' is not a tensor`)
      // A scalar has no shape here; a named axis has any size.
      const shape = (m.shape ?? []).map((n) => (typeof n === 'number' && n >= 0 ? n : -1))
      return { name: m.name, shape, dtype: m.type as DType }
    })
  const inputs = signatures(session.inputMetadata)
  const outputs = signatures(session.outputMetadata)
  const names = inputs.map((i) => i.name)
  sessions.set(next, { session, settings: {}, inputs: names, spare: new Map(), onGpu: device !== 'cpu' })
  return { session: next++, inputs, outputs }
}

async function run(loaded: Loaded, given: Tensors): Promise<Tensors> {
  const { session, settings, inputs, spare } = loaded
  const store =
    settings.store === undefined ? undefined : (stores.get(settings.store) as Map<string, ort.Tensor>)
  const feeds: Record<string, ort.Tensor> = {}
  for (const name of inputs) {
    const host = given[name]
    const tensor = host ? toOrt(host) : store?.get(name)
    if (!tensor) throw new Error(`input '${name}' was neither fed nor is it in the store`)
    feeds[name] = tensor
  }
  const updates = Object.entries(settings.updates ?? {})
  const fetches: Record<string, ort.Tensor | null> = {}
  for (const name of session.outputNames) fetches[name] = null
  if (!loaded.onGpu && store)
    for (const [output, entry] of updates) {
      const current = store.get(entry) as ort.Tensor
      // ONNX Runtime writes state straight into the second buffer; nothing is allocated or copied.
      if (!spare.has(output)) spare.set(output, blank(current))
      fetches[output] = spare.get(output) as ort.Tensor
    }
  const results = await session.run(feeds, fetches as Record<string, ort.Tensor>)
  if (store)
    for (const [output, entry] of updates) {
      const before = store.get(entry) as ort.Tensor
      store.set(entry, results[output] as ort.Tensor)
      if (loaded.onGpu) madeBy.set(results[output] as ort.Tensor, loaded)
      if (loaded.onGpu) before.dispose()
      else spare.set(output, before)
    }
  const out: Tensors = {}
  for (const [name, t] of Object.entries(results))
    if (!(name in (settings.updates ?? {}))) out[name] = toHost(t as ort.Tensor)
  return out
}

/** Entries of a store on the host. */
async function take(store: Map<string, ort.Tensor>, wanted: readonly string[] | undefined): Promise<Tensors> {
  const names = wanted ?? [...store.keys()]
  const out: Tensors = {}
  const away: [string, ort.Tensor][] = []
  for (const name of names) {
    const t = store.get(name) as ort.Tensor
    if (t.location === 'cpu') out[name] = toHost(t, true)
    else away.push([name, t])
  }
  return away.length ? { ...out, ...(await download(away)) } : out
}

/** The session whose output a tensor on a GPU is. */
const madeBy = new WeakMap<ort.Tensor, Loaded>()

/** Memory on a GPU goes with the session that it was allocated by: what stores still hold of it moves to the CPU. */
async function bringHome(loaded: Loaded) {
  for (const store of stores.values()) {
    const away = [...store].filter(([, t]) => madeBy.get(t) === loaded)
    if (away.length === 0) continue
    const home = await download(away)
    for (const [name, t] of away) {
      store.set(name, toOrt(home[name]))
      t.dispose()
    }
  }
}

/** A session that gives back its inputs, on the CPU. */
function gpuSession(outputs: Readonly<Record<string, Tensor>>): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(writeModel(outputs, Object.values(outputs)), {
    executionProviders: ['webgpu', 'cpu'],
    logSeverityLevel: 3,
    preferredOutputLocation: 'cpu',
  })
}

/**
 * Tensors on a GPU cannot be read one by one in Node (`getData` brings the process down); they come back as the
 * outputs, located on the CPU, of a program that returns its inputs.
 */
async function download(tensors: readonly [string, ort.Tensor][]): Promise<Tensors> {
  const session = await gpuSession(
    Object.fromEntries(tensors.map(([, t], i) => [`out${i}`, input(`in${i}`, t.dims, t.type as DType)])),
  )
  try {
    const feeds: Record<string, ort.Tensor> = {}
    for (const [i, [, t]] of tensors.entries()) feeds[`in${i}`] = t
    const results = await session.run(feeds)
    return Object.fromEntries(
      tensors.map(([name], i) => [name, toHost(results[`out${i}`] as ort.Tensor, true)]),
    )
  } finally {
    await session.release()
  }
}

function toOrt({ dtype, shape, data }: HostTensor): ort.Tensor {
  return new ort.Tensor(dtype as 'float32', data as Float32Array, shape)
}

function blank(like: ort.Tensor): ort.Tensor {
  const data = like.data as Float32Array
  return new ort.Tensor(
    like.type as 'float32',
    new (data.constructor as Float32ArrayConstructor)(data.length),
    like.dims,
  )
}

function toHost(t: ort.Tensor, copy = false): HostTensor {
  const data = t.data as TypedArray
  return { dtype: t.type as DType, shape: t.dims, data: copy ? (data.slice() as TypedArray) : data }
}

// One request after the other: a step of training must find the state that the step before it left.
let queue = Promise.resolve()
parentPort?.on('message', (message: { id: number; request: Request }) => {
  queue = queue.then(() => handle(message))
})

async function handle({ id, request }: { id: number; request: Request }) {
  try {
    const value = await answer(request)
    const buffers =
      request.kind === 'run' || request.kind === 'take'
        ? [...new Set(Object.values(value as Tensors).map((t) => t.data.buffer as ArrayBuffer))]
        : []
    parentPort?.postMessage({ id, value } satisfies Reply, buffers)
  } catch (error) {
    parentPort?.postMessage({
      id,
      error: error instanceof Error ? error.message : String(error),
    } satisfies Reply)
  }
}
