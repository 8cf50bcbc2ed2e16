import { FormatError } from '../base/errors.ts'
import type { NumericArray } from './dataset.ts'

const constructors = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const

interface Constructor {
  readonly BYTES_PER_ELEMENT: number
  new (of: number | SharedArrayBuffer): NumericArray
}

export type NumericDtype = keyof typeof constructors

export function isNumericDtype(dtype: string): dtype is NumericDtype {
  return dtype in constructors
}

/** Zeros of a type ('int8' ... 'float64'), in memory that worker threads share where `shared` is set. */
export function allocate(dtype: NumericDtype, length: number, shared = false): NumericArray {
  const kind: Constructor = constructors[dtype]
  try {
    return shared ? new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT)) : new kind(length)
  } catch {
    throw new FormatError(`${length} values of ${dtype} do not fit into memory`)
  }
}

/** 'float32' for a Float32Array, and so on. */
export function dtypeOf(data: NumericArray): NumericDtype {
  const found = Object.entries(constructors).find(([, kind]) => data instanceof kind)
  if (!found) throw new TypeError('not a numeric array')
  return found[0] as NumericDtype
}

/** Copies as doubles; 64-bit integers beyond 2^53 lose digits. */
export function toFloat64(data: NumericArray): Float64Array {
  if (data instanceof Float64Array) return data
  const result = new Float64Array(data.length)
  for (let i = 0; i < data.length; i++) result[i] = Number(data[i])
  return result
}
