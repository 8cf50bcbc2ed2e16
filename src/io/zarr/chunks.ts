import * as zarr from 'zarrita'
import { AlignDaError, DataError, FormatError } from '../../base/errors.ts'
import type { NumericArray } from '../dataset.ts'
import type { ByteStore } from '../store.ts'
import { registerCodecs } from './codecs.ts'
import type { ArrayInfo } from './metadata.ts'

registerCodecs()

/** A decoded chunk: stored values, with strides because Fortran order and transposition are only relabelled. */
export interface Chunk {
  readonly data: NumericArray
  readonly strides: readonly number[]
}

export type ChunkReader = (coordinates: readonly number[]) => Promise<Chunk>

/**
 * A reader of the chunks of one array, whole, on this thread. With `strict` an absent chunk is a DataError,
 * otherwise it holds the fill value (inner chunks that a shard lists as empty always do).
 */
export async function openChunks(store: ByteStore, info: ArrayInfo, strict: boolean): Promise<ChunkReader> {
  const { name, version, document } = info.readable
  const where = name ? `${store.location}/${name}` : store.location
  const metadataKey = `${name ? `/${name}` : ''}/${version === 2 ? '.zarray' : 'zarr.json'}`
  const metadata = new TextEncoder().encode(JSON.stringify(document))
  const absent = (key: string) => {
    if (!strict) return undefined
    throw new DataError(
      `${store.location}${key} is missing: ${name} has a hole there. Read it with missingChunks: 'fill' to take the fill value`,
    )
  }
  const reading = {
    async get(key: string) {
      if (key === metadataKey) return metadata
      return (await store.get(key.slice(1))) ?? absent(key)
    },
    async getRange(key: string, range: { offset: number; length: number } | { suffixLength: number }) {
      if ('length' in range && !(range.length > 0)) return new Uint8Array(0)
      return (await store.get(key.slice(1), range)) ?? absent(key)
    },
  }
  const size = info.chunks.reduce((a, b) => a * b, 1)
  const location = zarr.root(reading).resolve(name)
  let array: zarr.Array<zarr.DataType>
  try {
    array =
      version === 2
        ? await zarr.open.v2(location, { kind: 'array', attrs: false })
        : await zarr.open.v3(location, { kind: 'array' })
  } catch (error) {
    throw typed(where, error)
  }
  return async (coordinates) => {
    try {
      const chunk = await array.getChunk([...coordinates])
      const data = numeric(chunk.data)
      if (!data) throw new DataError('its values are no numbers')
      if (data.length !== size) throw new FormatError(`it holds ${data.length} values instead of ${size}`)
      return { data, strides: chunk.stride }
    } catch (error) {
      throw typed(`${where}, chunk ${coordinates.join('.')}`, error)
    }
  }
}

function numeric(data: unknown): NumericArray | undefined {
  if (data instanceof zarr.BoolArray) return new Uint8Array(data.buffer, data.byteOffset, data.length)
  return ArrayBuffer.isView(data) && !(data instanceof DataView) ? (data as NumericArray) : undefined
}

/** zarrita's and the codecs' errors, as ours; those of the store pass. */
export function typed(where: string, error: unknown): AlignDaError {
  const cause = error instanceof zarr.CodecPipelineError ? error.cause : error
  if (cause instanceof AlignDaError && !(cause instanceof FormatError) && cause.message.includes('/'))
    return cause
  const codec = error instanceof zarr.CodecPipelineError ? ` (codec ${error.codec})` : ''
  const message = cause instanceof Error ? cause.message : String(cause)
  const Kind = cause instanceof DataError ? DataError : FormatError
  return new Kind(`${where} is damaged or not readable: ${message}${codec}`, { cause: error })
}
