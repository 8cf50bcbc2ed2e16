import { parentPort } from 'node:worker_threads'
import { copyBlock } from '../selection.ts'
import { openStore } from '../store.ts'
import { type ChunkReader, openChunks } from './chunks.ts'
import { type DirectReader, openDirect } from './direct.ts'
import type { Answer, Request } from './pool.ts'

const port = parentPort
if (!port) throw new Error('decode-worker runs in a worker thread')
const arrays = new Map<number, { read: Promise<ChunkReader>; direct: Promise<DirectReader | undefined> }>()

port.on('message', async (request: Request) => {
  if (request.kind === 'open') {
    const { location, http, info, strict } = request.source
    const store = openStore(location, http)
    const opening = { read: openChunks(store, info, strict), direct: openDirect(store, info) }
    for (const each of Object.values(opening)) each.catch(() => {})
    arrays.set(request.array, opening)
    return
  }
  const { id } = request
  try {
    const { read, direct } = arrays.get(request.array)!
    const { into, coordinates } = request
    if (into && (await (await direct)?.(coordinates, into))) {
      port.postMessage({ id, chunk: undefined } satisfies Answer)
      return
    }
    const chunk = await (await read)(coordinates)
    if (into) {
      const at = into.from.reduce((sum, f, axis) => sum + f * chunk.strides[axis], 0)
      copyBlock(chunk.data, at, chunk.strides, into.data, into.to, into.strides, into.count)
      port.postMessage({ id, chunk: undefined } satisfies Answer)
      return
    }
    const whole = chunk.data.byteLength === chunk.data.buffer.byteLength
    const data = whole ? chunk.data : chunk.data.slice()
    const answer: Answer = { id, chunk: { data, strides: chunk.strides } }
    port.postMessage(answer, [data.buffer as ArrayBuffer])
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
    port.postMessage({ id, error: { name, message } } satisfies Answer)
  }
})
