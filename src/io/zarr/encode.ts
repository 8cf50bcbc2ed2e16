import { gzipSync } from 'node:zlib'
import Blosc from 'numcodecs/blosc'
import Zstd from 'numcodecs/zstd'
import { DataError } from '../../base/errors.ts'
import type { NumericArray } from '../dataset.ts'
import type { Compressor } from './documents.ts'

/** Little-endian bytes of `values`, compressed. */
export async function encodeChunk(
  values: NumericArray,
  compressor: Compressor | undefined,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  if (!compressor) return bytes.slice()
  if (compressor.id === 'blosc') return Blosc.fromConfig({ ...compressor, id: 'blosc' }).encode(bytes)
  if (compressor.id === 'zstd') return Zstd.fromConfig({ ...compressor, id: 'zstd' }).encode(bytes)
  if (compressor.id === 'gzip') return gzipSync(bytes, { level: Number(compressor.level ?? 5) })
  throw new DataError(`chunks are not written with the codec '${compressor.id}', only blosc, zstd and gzip`)
}
