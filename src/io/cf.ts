import { FormatError } from '../base/errors.ts'
import { fromFloat16 } from '../base/float16.ts'
import type { NumericArray } from './dataset.ts'
import { isNumericDtype } from './numeric.ts'

/** How stored values become values. */
export interface Decoding {
  /** The type of the decoded values; 'string' where they are no numbers. */
  readonly dtype: string
  /** Whether the values are packed (scale_factor or add_offset). */
  readonly packed: boolean
  /** Decodes, in place where the type stays. */
  apply(data: NumericArray): NumericArray
}

/**
 * The CF decoding of a variable (CF 1.8, sections 2.5.1 and 8.1): values equal to `_FillValue`, `missing_value` or
 * one of `fills` become NaN, then value * scale_factor + add_offset, computed in double precision. `_Unsigned` is
 * obeyed. Packed values of up to 16 bits come out as float32, wider ones as float64; integers become floats only
 * where they have a fill value. `valid_range` is not applied (nor does xarray), as files give it in either unit.
 * @throws FormatError for packing attributes that are no numbers.
 */
export function cfDecoding(
  storedDtype: string,
  attributes: Readonly<Record<string, unknown>>,
  fills: readonly (number | bigint | undefined)[] = [],
): Decoding {
  const half = storedDtype === 'float16'
  const stored = storedDtype === 'bool' ? 'uint8' : half ? 'float32' : storedDtype
  if (!isNumericDtype(stored)) return { dtype: 'string', packed: false, apply: (data) => data }
  const scale = number(attributes, 'scale_factor') ?? 1
  const offset = number(attributes, 'add_offset') ?? 0
  const packed = scale !== 1 || offset !== 0
  const unsigned = String(attributes._Unsigned).toLowerCase() === 'true' && stored.startsWith('int')
  const isFloat = stored.startsWith('float')
  const missing = new Set<number>()
  for (const value of [
    ...listed(attributes._FillValue, isFloat),
    ...listed(attributes.missing_value, isFloat),
    ...fills,
  ])
    if (value !== undefined && !Number.isNaN(Number(value)))
      missing.add(
        stored === 'float32' ? Math.fround(Number(value)) : asStored(Number(value), unsigned, stored),
      )
  const narrow = /^(u?int(8|16)|float32)$/.test(stored)
  const dtype =
    packed || (missing.size > 0 && !isFloat)
      ? narrow
        ? 'float32'
        : 'float64'
      : unsigned
        ? `u${stored}`
        : stored
  return {
    dtype,
    packed,
    apply(data) {
      const plain: NumericArray = half ? fromFloat16(data as Uint16Array) : unsigned ? asUnsigned(data) : data
      if (!packed && missing.size === 0) return plain
      const sameType =
        (dtype === 'float32' && plain instanceof Float32Array) ||
        (dtype === 'float64' && plain instanceof Float64Array)
      const result = sameType
        ? plain
        : dtype === 'float32'
          ? new Float32Array(plain.length)
          : new Float64Array(plain.length)
      const [first = Number.NaN, ...others] = missing
      for (let i = 0; i < plain.length; i++) {
        const value = Number(plain[i])
        const gone = value === first || (others.length > 0 && others.includes(value))
        result[i] = gone ? Number.NaN : value * scale + offset
      }
      return result
    },
  }
}

function number(attributes: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const given = attributes[name]
  if (given === undefined || given === null) return undefined
  const single = isList(given) ? (given.length === 1 ? given[0] : undefined) : given
  const value = typeof single === 'string' && single.trim() !== '' ? Number(single) : single
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new FormatError(`${name} is ${String(given).slice(0, 50)}, not a number`)
  return value
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

/** Fill values of an attribute: a number, a list, a number as text, or xarray's base64 of a little-endian double. */
function listed(value: unknown, isFloat: boolean): (number | bigint)[] {
  if (isList(value)) return Array.from(value).flatMap((v) => listed(v, isFloat))
  if (typeof value === 'number' || typeof value === 'bigint') return [value]
  if (typeof value !== 'string' || value.trim() === '') return []
  if (isFloat && /^[A-Za-z0-9+/]{11}=$/.test(value)) {
    const bytes = Buffer.from(value, 'base64')
    return [bytes.readDoubleLE(0)]
  }
  const parsed = Number(value)
  return Number.isNaN(parsed) ? [] : [parsed]
}

/** `_FillValue = -1` of an unsigned byte means 255. */
function asStored(value: number, unsigned: boolean, stored: string): number {
  return unsigned && value < 0 ? value + 2 ** Number(stored.slice(3)) : value
}

function asUnsigned(data: NumericArray): NumericArray {
  const { buffer, byteOffset, length } = data
  if (data instanceof Int8Array) return new Uint8Array(buffer, byteOffset, length)
  if (data instanceof Int16Array) return new Uint16Array(buffer, byteOffset, length)
  if (data instanceof Int32Array) return new Uint32Array(buffer, byteOffset, length)
  return new BigUint64Array(buffer, byteOffset, length)
}
