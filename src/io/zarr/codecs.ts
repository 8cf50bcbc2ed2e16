import { gunzipSync, inflateSync } from 'node:zlib'
import Blosc from 'numcodecs/blosc'
import LZ4 from 'numcodecs/lz4'
import { registry } from 'zarrita'
import { FormatError } from '../../base/errors.ts'
import { bloscHeader, bloscInto, isPlainBlosc } from '../compression/blosc.ts'
import { startZstd, zstdInto } from '../compression/zstd.ts'
import { crc32c } from './checksum.ts'

type Entry = Awaited<ReturnType<NonNullable<ReturnType<typeof registry.get>>>>
type ChunkMeta = Parameters<Entry['fromConfig']>[1]

/** The most a chunk of unknown decoded size (strings) may decode to. */
const unknownLimit = 256 * 2 ** 20

/** The bytes a chunk decodes to, from its shape and type, with room for checksums below a compressor. */
function limitOf(meta: ChunkMeta): number {
  const bits = /(\d+)$/.exec(meta.dataType)?.[1]
  const itemSize =
    meta.dataType === 'bool' ? 1 : bits && !meta.dataType.startsWith('v2:') ? Number(bits) / 8 : 0
  return itemSize ? meta.shape.reduce((a, b) => a * b, itemSize) + 64 : unknownLimit
}

function tooLarge(says: number, limit: number): never {
  throw new FormatError(`it says it decodes to ${says} bytes, but the chunk has ${limit - 64}`)
}

function uint32(data: Uint8Array, at: number): number {
  if (data.length < at + 4) throw new FormatError(`it is cut short: ${data.length} bytes`)
  return new DataView(data.buffer, data.byteOffset).getUint32(at, true)
}

/** Decoded size of a zstd frame (RFC 8878, 3.1.1.1), or undefined where its header does not say. */
export function zstdContentSize(data: Uint8Array): number | undefined {
  if (uint32(data, 0) !== 0xfd2fb528) throw new FormatError('it is no zstd frame')
  const descriptor = data[4]
  const single = (descriptor >> 5) & 1
  const width = [single, 2, 4, 8][descriptor >> 6]
  if (!width) return undefined
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]
  if (data.length < at + width) throw new FormatError(`it is cut short: ${data.length} bytes`)
  let size = width === 2 ? 256 : 0
  for (let i = 0; i < width; i++) size += data[at + i] * 2 ** (8 * i)
  return size
}

function decoder(decode: (data: Uint8Array, limit: number) => Promise<Uint8Array> | Uint8Array) {
  const entry = {
    kind: 'bytes_to_bytes' as const,
    fromConfig: (_config: unknown, meta: ChunkMeta) => ({
      kind: 'bytes_to_bytes' as const,
      encode: (): never => {
        throw new Error('chunks are encoded elsewhere')
      },
      decode: (data: Uint8Array) => decode(data, limitOf(meta)),
    }),
  }
  return async () => entry as Entry
}

const blosc = Blosc.fromConfig({ id: 'blosc' })
const lz4 = LZ4.fromConfig({ id: 'lz4' })

const decoders: Record<string, ReturnType<typeof decoder>> = {
  blosc: decoder(async (data, limit) => {
    const header = bloscHeader(data)
    if (header.bytes > limit) tooLarge(header.bytes, limit)
    if (!isPlainBlosc(header)) return blosc.decode(data)
    const out = new Uint8Array(header.bytes)
    await startZstd()
    bloscInto(data, header, out)
    return out
  }),
  lz4: decoder((data, limit) => {
    const decoded = uint32(data, 0)
    if (decoded > limit) tooLarge(decoded, limit)
    return lz4.decode(data)
  }),
  zstd: decoder(async (data, limit) => {
    const decoded = zstdContentSize(data)
    if (decoded === undefined) throw new FormatError('its zstd frame does not give its decoded size')
    if (decoded > limit) tooLarge(decoded, limit)
    const out = new Uint8Array(decoded)
    await startZstd()
    zstdInto(data, out)
    return out
  }),
  gzip: decoder((data, limit) => gunzipSync(data, { maxOutputLength: limit })),
  zlib: decoder((data, limit) => inflateSync(data, { maxOutputLength: limit })),
  crc32c: decoder((data) => {
    const body = data.subarray(0, Math.max(0, data.length - 4))
    if (crc32c(body) !== uint32(data, body.length)) throw new FormatError('its CRC-32C checksum does not fit')
    return body
  }),
}

/**
 * Puts decoders into zarrita's registry that check sizes before they allocate and verify checksums: a damaged
 * chunk ends in an error and not in gigabytes.
 */
export function registerCodecs(): void {
  for (const [name, entry] of Object.entries(decoders)) {
    registry.set(name, name === 'crc32c' ? sized(entry) : entry)
    if (name !== 'crc32c') registry.set(`numcodecs.${name}`, entry)
  }
}

/** The shard index needs to know that a checksum adds four bytes. */
function sized(entry: ReturnType<typeof decoder>): ReturnType<typeof decoder> {
  return async () => {
    const plain = await entry()
    const fromConfig: Entry['fromConfig'] = (config, meta) => ({
      ...plain.fromConfig(config, meta),
      computeEncodedSize: (size: number) => size + 4,
    })
    return { ...plain, fromConfig }
  }
}
