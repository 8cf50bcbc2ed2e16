import { FormatError } from '../../base/errors.ts'
import { bloscHeader, bloscInto, isPlainBlosc } from '../compression/blosc.ts'
import { startZstd } from '../compression/zstd.ts'
import type { NumericArray } from '../dataset.ts'
import { copyBlock, rowMajor } from '../selection.ts'
import type { ByteStore } from '../store.ts'
import { typed } from './chunks.ts'
import type { ArrayInfo } from './metadata.ts'
import type { Placement } from './pool.ts'

/** Puts a block of a chunk where it belongs; false where the general reader has to. */
export type DirectReader = (coordinates: readonly number[], into: Placement) => Promise<boolean>

interface Named {
  readonly name?: string
  readonly id?: string
  readonly configuration?: { readonly endian?: string; readonly separator?: string }
}

/**
 * A reader of arrays in the form most weather data have (Blosc alone, little-endian, row-major, no shards) that
 * decodes straight into the array read; undefined for other arrays. Absent chunks, and what Blosc holds in other
 * codecs than zstd, are left to the general reader.
 */
export async function openDirect(store: ByteStore, info: ArrayInfo): Promise<DirectReader | undefined> {
  const key = plainKey(info)
  if (!key) return undefined
  await startZstd()
  const strides = rowMajor(info.chunks)
  const size = info.chunks.reduce((a, b) => a * b, 1)
  let scratch: NumericArray | undefined
  let usable = true
  return async (coordinates, into) => {
    if (!usable) return false
    const data = store.getNow ? store.getNow(key(coordinates)) : await store.get(key(coordinates))
    if (!data) return false
    try {
      const header = bloscHeader(data)
      usable = isPlainBlosc(header)
      if (!usable) return false
      const { data: target } = into
      const bytes = size * target.BYTES_PER_ELEMENT
      if (header.bytes !== bytes) throw new FormatError(`it holds ${header.bytes} bytes instead of ${bytes}`)
      const whole = info.chunks.every(
        (n, axis) => into.count[axis] === n && into.strides[axis] === strides[axis],
      )
      if (whole) {
        const at = target.byteOffset + into.to * target.BYTES_PER_ELEMENT
        bloscInto(data, header, new Uint8Array(target.buffer, at, bytes))
        return true
      }
      scratch ??= new (target.constructor as new (length: number) => NumericArray)(size)
      bloscInto(data, header, new Uint8Array(scratch.buffer))
      const from = into.from.reduce((sum, f, axis) => sum + f * strides[axis], 0)
      copyBlock(scratch, from, strides, target, into.to, into.strides, into.count)
      return true
    } catch (error) {
      throw typed(`${store.location}/${info.name}, chunk ${coordinates.join('.')}`, error)
    }
  }
}

/** How chunks are called, if they are plain Blosc. */
function plainKey({ name, readable }: ArrayInfo): ((coordinates: readonly number[]) => string) | undefined {
  const { document, version } = readable
  const folder = name ? `${name}/` : ''
  if (version === 2) {
    const compressor = document.compressor as Named | null
    const filters = document.filters as unknown[] | null | undefined
    if (compressor?.id !== 'blosc' || filters?.length || document.order !== 'C') return undefined
    if (String(document.dtype).startsWith('>')) return undefined
    const separator = document.dimension_separator === '/' ? '/' : '.'
    return (coordinates) => folder + (coordinates.join(separator) || '0')
  }
  const [bytes, compressor, ...more] = document.codecs as Named[]
  if (bytes?.name !== 'bytes' || bytes.configuration?.endian === 'big') return undefined
  if (compressor?.name !== 'blosc' || more.length) return undefined
  const keys = document.chunk_key_encoding as Named | undefined
  if (keys?.name !== 'default' || (keys.configuration?.separator ?? '/') !== '/') return undefined
  return (coordinates) => `${folder}${['c', ...coordinates].join('/')}`
}
