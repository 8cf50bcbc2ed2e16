import { parentPort } from 'node:worker_threads'
import * as ort from 'onnxruntime-node'
import type { DType, TypedArray } from '../dtype.ts'
import type { HostTensor, Reply, Request, SessionSettings, Tensors } from './messages.ts'

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

async function answer(request: Request): Promise<number | Tensors | undefined> {
  switch (request.kind) {
    case 'load':
      return load(request)
    case 'run':
      return run(sessions.get(request.session) as Loaded, request.feeds)
    case 'release': {
      const loaded = sessions.get(request.session)
      sessions.delete(request.session)
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
}: Extract<Request, { kind: 'load' }>): Promise<number> {
  const onGpu = device !== 'cpu'
  // State stays where it is computed; everything else is wanted on the host. Tensors on a GPU cannot be read one by
  // one in Node, so each output is told its place beforehand.
  const updated = Object.keys(settings.updates ?? {})
  const places: Record<string, 'gpu-buffer' | 'cpu'> = {}
  if (device === 'webgpu') {
    const probe = await ort.InferenceSession.create(onnx, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'disabled',
    })
    for (const name of probe.outputNames) places[name] = updated.includes(name) ? 'gpu-buffer' : 'cpu'
    await probe.release()
  }
  const session = await ort.InferenceSession.create(onnx, {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    ...(device === 'webgpu' && { preferredOutputLocation: places }),
    ...(settings.profile && { enableProfiling: true, profileFilePrefix: settings.profile }),
  })
  sessions.set(next, { session, settings, inputs, spare: new Map(), onGpu })
  return next++
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
      if (loaded.onGpu) before.dispose()
      else spare.set(output, before)
    }
  const out: Tensors = {}
  for (const [name, t] of Object.entries(results))
    if (!(name in (settings.updates ?? {}))) out[name] = toHost(t as ort.Tensor)
  return out
}

/** Entries of a store on the host. On a GPU they come back through a program that copies its inputs to the CPU. */
async function take(store: Map<string, ort.Tensor>, wanted: readonly string[] | undefined): Promise<Tensors> {
  const names = wanted ?? [...store.keys()]
  const out: Tensors = {}
  for (const name of names) {
    const t = store.get(name)
    if (!t) throw new Error(`the store has no '${name}'`)
    if (t.location !== 'cpu')
      throw new Error(`'${name}' lies on the GPU; read it through a program that returns it`)
    out[name] = toHost(t, true)
  }
  return out
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

parentPort?.on('message', async ({ id, request }: { id: number; request: Request }) => {
  try {
    const value = await answer(request)
    const buffers =
      value && typeof value === 'object'
        ? [...new Set(Object.values(value).map((t) => t.data.buffer as ArrayBuffer))]
        : []
    parentPort?.postMessage({ id, value } satisfies Reply, buffers)
  } catch (error) {
    parentPort?.postMessage({
      id,
      error: error instanceof Error ? error.message : String(error),
    } satisfies Reply)
  }
})
