/** Element types. float64 is for checking on the CPU; float16 and bfloat16 for devices that have them. */
export type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'bool'

/** Host storage of a dtype: float16 and bfloat16 as their bit patterns, bool as bytes 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const

/** The typed array that holds `dtype` on the host. */
export function arrayOf(dtype: DType): (typeof arrays)[DType] {
  return arrays[dtype]
}

export function bytesPerElement(dtype: DType): number {
  return arrays[dtype].BYTES_PER_ELEMENT
}

/** Whether values of `dtype` can carry a derivative. */
export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16'
}
