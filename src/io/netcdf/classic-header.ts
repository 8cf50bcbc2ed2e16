import { FormatError } from '../../base/errors.ts'
import type { RandomAccess } from '../random-access.ts'

/** The header of a classic file (NetCDF Users Guide, appendix B "File Format Specifications": CDF-1, 2 and 5). */
export interface ClassicHeader {
  readonly version: 1 | 2 | 5
  /** Length of the record dimension. */
  readonly records: number
  readonly dimensions: readonly { readonly name: string; readonly length: number; readonly record: boolean }[]
  readonly attributes: Record<string, unknown>
  readonly variables: readonly ClassicVariable[]
  /** Bytes from one record to the next. */
  readonly recordSize: number
}

export interface ClassicVariable {
  readonly name: string
  readonly dimensions: readonly number[]
  readonly attributes: Record<string, unknown>
  readonly dtype: string
  readonly record: boolean
  /** Offset of its first value. */
  readonly begin: number
}

/** nc_type codes. */
export const classicTypes: Record<number, { dtype: string; bytes: number }> = {
  1: { dtype: 'int8', bytes: 1 },
  2: { dtype: 'char', bytes: 1 },
  3: { dtype: 'int16', bytes: 2 },
  4: { dtype: 'int32', bytes: 4 },
  5: { dtype: 'float32', bytes: 4 },
  6: { dtype: 'float64', bytes: 8 },
  7: { dtype: 'uint8', bytes: 1 },
  8: { dtype: 'uint16', bytes: 2 },
  9: { dtype: 'uint32', bytes: 4 },
  10: { dtype: 'int64', bytes: 8 },
  11: { dtype: 'uint64', bytes: 8 },
}

/** Headers are kilobytes; one above this is damage. */
const maxHeader = 64 * 2 ** 20

/** The header needs more bytes than were given. */
class Short extends Error {}

/**
 * Reads the header of a classic NetCDF file.
 * @throws FormatError where it is damaged or cut short.
 */
export async function readClassicHeader(file: RandomAccess): Promise<ClassicHeader> {
  for (let length = 65_536; ; length *= 4) {
    const bytes = await file.read(0, Math.min(length, file.size))
    try {
      return parse(bytes, file)
    } catch (error) {
      if (!(error instanceof Short)) throw error
      if (bytes.length === file.size || length >= maxHeader)
        throw new FormatError(`${file.location}: its NetCDF header is damaged or cut short`)
    }
  }
}

function parse(bytes: Uint8Array, file: RandomAccess): ClassicHeader {
  const damaged = (what: string): never => {
    throw new FormatError(`${file.location}: its NetCDF header is damaged (${what})`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 4
  const take = (n: number) => {
    if (!(n >= 0) || at + n > bytes.length) throw new Short()
    at += n
    return at - n
  }
  const version = bytes[3]
  if (version !== 1 && version !== 2 && version !== 5) return damaged(`version ${version}`)
  const uint32 = () => view.getUint32(take(4))
  const uint64 = () => Number(view.getBigUint64(take(8)))
  const count = version === 5 ? uint64 : uint32
  const padded = (n: number) => Math.ceil(n / 4) * 4
  const text = (n: number) => {
    const from = take(n)
    return new TextDecoder().decode(bytes.subarray(from, from + n))
  }
  const name = () => {
    const n = count()
    const value = text(n)
    take(padded(n) - n)
    return value
  }
  const list = <T>(wanted: number, what: string, read: () => T): T[] => {
    const tag = uint32()
    const length = count()
    if (tag !== wanted && (tag !== 0 || length !== 0)) damaged(`the list of ${what} has tag ${tag}`)
    const items: T[] = []
    for (let i = 0; i < length; i++) items.push(read())
    return items
  }
  const typeOf = (code: number) => classicTypes[code] ?? damaged(`type ${code}`)
  const attributes = () => {
    const all: Record<string, unknown> = {}
    list(12, 'attributes', () => {
      const key = name()
      const { dtype, bytes: width } = typeOf(uint32())
      const n = count()
      const from = take(padded(n * width))
      Object.defineProperty(all, key, {
        value: attribute(view, from, dtype, width, n),
        enumerable: true,
        configurable: true,
      })
    })
    return all
  }
  const streamed = version === 5 ? 2 ** 64 : 2 ** 32 - 1
  let records = count()
  const raw = list(10, 'dimensions', () => ({ name: name(), length: count() }))
  const dimensions = raw.map((d) => ({ ...d, record: d.length === 0 }))
  const globals = attributes()
  const variables = list(11, 'variables', (): ClassicVariable => {
    const key = name()
    const rank = count()
    if (rank > 1024) damaged(`${key} has ${rank} dimensions`)
    const ids = Array.from({ length: rank }, count)
    if (ids.some((id) => id >= dimensions.length)) damaged(`${key} uses a dimension that is not there`)
    const own = attributes()
    const { dtype } = typeOf(uint32())
    count() // vsize: wrong for variables above 4 GiB, so it is computed
    const begin = version === 1 ? uint32() : uint64()
    return {
      name: key,
      dimensions: ids,
      attributes: own,
      dtype,
      record: ids.length > 0 && dimensions[ids[0]].record,
      begin,
    }
  })
  const growing = variables.filter((v) => v.record)
  const sizes = growing.map((v) => bytesPerRecord(v, dimensions))
  // One record variable alone is not padded.
  const recordSize = growing.length === 1 ? sizes[0] : sizes.reduce((sum, n) => sum + padded(n), 0)
  if (records >= streamed) {
    const first = Math.min(...growing.map((v) => v.begin))
    records = recordSize > 0 ? Math.max(0, Math.floor((file.size - first) / recordSize)) : 0
  }
  // More records than the file has bytes cannot be.
  if (recordSize > 0 && records * recordSize > file.size) damaged(`${records} records in ${file.size} bytes`)
  const sized = dimensions.map((d) => (d.record ? { ...d, length: records } : d))
  return { version, records, dimensions: sized, attributes: globals, variables, recordSize }
}

function bytesPerRecord(variable: ClassicVariable, dimensions: readonly { length: number }[]): number {
  const width = Object.values(classicTypes).find((t) => t.dtype === variable.dtype)!.bytes
  return variable.dimensions.slice(1).reduce((n, id) => n * dimensions[id].length, width)
}

function attribute(view: DataView, from: number, dtype: string, width: number, count: number): unknown {
  if (dtype === 'char') {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + from, count)
    return new TextDecoder().decode(bytes).replace(/\0+$/, '')
  }
  const values = Array.from({ length: count }, (_, i) => element(view, from + i * width, dtype))
  return count === 1 ? values[0] : values
}

function element(view: DataView, at: number, dtype: string): number | bigint {
  if (dtype === 'int8') return view.getInt8(at)
  if (dtype === 'uint8') return view.getUint8(at)
  if (dtype === 'int16') return view.getInt16(at)
  if (dtype === 'uint16') return view.getUint16(at)
  if (dtype === 'int32') return view.getInt32(at)
  if (dtype === 'uint32') return view.getUint32(at)
  if (dtype === 'float32') return view.getFloat32(at)
  if (dtype === 'float64') return view.getFloat64(at)
  return dtype === 'int64' ? view.getBigInt64(at) : view.getBigUint64(at)
}
