/**
 * The two 16-bit floating-point formats as bit patterns: IEEE 754 binary16 (5 exponent bits, 10 of fraction) and
 * bfloat16 (8 and 7: the upper half of a float32). Encoding rounds to nearest, ties to even, straight from double
 * precision, so nothing is rounded twice; what is too large becomes an infinity, every NaN the quiet NaN.
 */

/** The binary16 bit pattern nearest to `x`. */
export function float16Bits(x: number): number {
  return roundedBits(x, 10, -14)
}

/** The value of a binary16 bit pattern. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Infinity
  return sign * (1024 + fraction) * POWERS[exponent]
}

/** The bfloat16 bit pattern nearest to `x`. */
export function bfloat16Bits(x: number): number {
  return roundedBits(x, 7, -126)
}

/** The value of a bfloat16 bit pattern. */
export function bfloat16Value(bits: number): number {
  word[0] = bits << 16
  return single[0]
}

/** binary16 patterns of all values. */
export function toFloat16(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = float16Bits(values[i])
  return out
}

/** Values of all binary16 patterns; exact. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length)
  for (let i = 0; i < out.length; i++) out[i] = float16Value(bits[i])
  return out
}

/** bfloat16 patterns of all values. */
export function toBfloat16(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length)
  for (let i = 0; i < out.length; i++) out[i] = bfloat16Bits(values[i])
  return out
}

/** Values of all bfloat16 patterns; exact. */
export function fromBfloat16(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length)
  for (let i = 0; i < out.length; i++) out[i] = bits[i] << 16
  return new Float32Array(out.buffer)
}

/** 2^(exponent - 25) for the biased exponents of binary16. */
const POWERS = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (exponent - 25))
const single = new Float32Array(1)
const word = new Uint32Array(single.buffer)
const double = new Float64Array(1)
const upper = new Uint32Array(double.buffer)

/**
 * Pattern of a format with `fraction` bits of fraction and normal numbers from 2^least. In units of the last place
 * |x| is a number below 2^53 that 2^52 added and taken away rounds to an integer, ties to even; the carry into the
 * next exponent is right by itself, because patterns count upwards with the values.
 */
function roundedBits(x: number, fraction: number, least: number): number {
  // Normal exponents least .. 1 - least have the fields 1 .. 2 - 2 least; infinity has the next.
  const infinity = (3 - 2 * least) << fraction
  if (Number.isNaN(x)) return infinity | (1 << (fraction - 1))
  double[0] = x
  const sign = (upper[1] >>> 16) & 0x8000
  const exponent = Math.max(((upper[1] >>> 20) & 0x7ff) - 1023, least)
  if (exponent > 1 - least) return sign | infinity
  const units = Math.abs(x) * 2 ** (fraction - exponent)
  const rounded = units + 2 ** 52 - 2 ** 52
  return sign | (rounded + (exponent - least) * 2 ** fraction)
}
