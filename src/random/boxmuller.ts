/**
 * Pairs of standard normals from pairs of uniforms: Box and Muller, "A note on the generation of random normal
 * deviates", Annals of Mathematical Statistics 29 (1958).
 *
 * The language leaves the last bits of Math.log, Math.sin and Math.cos to the engine, and V8 itself has changed
 * its sine (from the fdlibm port to that of glibc, a choice made when Node is built). So the three are evaluated
 * here with the polynomials of fdlibm (Sun Microsystems 1993; e_log.c, k_sin.c, k_cos.c) from + - * / and
 * Math.sqrt alone, which IEEE 754 rounds the same everywhere: a stream has the same bits in every engine.
 * With the uniform in its integer form the exponent comes from Math.clz32 and the reduction of the angle is exact.
 */

const LN2_HIGH = 6.931471803691238e-1
const LN2_LOW = 1.9082149292705877e-10
const SQRT2 = Math.SQRT2
/** Word to radians: 2 pi / 2^32. */
const TURN = Math.PI * 2 ** -31
/** SCALE[clz32(w)] brings w into [1, 2): 2^(clz - 31). */
const SCALE = Float64Array.from({ length: 33 }, (_, clz) => 2 ** (clz - 31))
const COS = Float64Array.of(1, 0, -1, 0)
const SIN = Float64Array.of(0, 1, 0, -1)

/**
 * Natural logarithm of y / 2^32 for 0 < y < 2^32 whose integer part is the 32-bit word w, within one unit in the
 * last place (e_log.c).
 */
export function logUnit(w: number, y: number): number {
  const clz = Math.clz32(w)
  let k = -1 - clz
  let m = y * SCALE[clz]
  if (m < 1) {
    // Only when w is 0: one draw in 2^32 of the double-precision kind.
    for (; m < 1; k--) m *= 2
  }
  if (m > SQRT2) {
    m *= 0.5
    k++
  }
  const f = m - 1
  const s = f / (2 + f)
  const z = s * s
  const v = z * z
  const even = v * (3.999999999940942e-1 + v * (2.2222198432149784e-1 + v * 1.5313837699209373e-1))
  const odd =
    z *
    (6.666666666666735e-1 +
      v * (2.857142874366239e-1 + v * (1.818357216161805e-1 + v * 1.4798198605116586e-1)))
  const half = 0.5 * f * f
  return k * LN2_HIGH - (half - (s * (half + (even + odd)) + k * LN2_LOW) - f)
}

/** Sine for |t| <= pi/4 (k_sin.c). */
export function sinKernel(t: number): number {
  const z = t * t
  const r =
    8.33333333332249e-3 +
    z * (-1.984126982985795e-4 + z * 2.7557313707070068e-6) +
    z * (z * z) * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)
  return t + z * t * (-1.6666666666666632e-1 + z * r)
}

/** Cosine for |t| <= pi/4 (k_cos.c). */
export function cosKernel(t: number): number {
  const z = t * t
  const zz = z * z
  const r =
    z * (4.16666666666666e-2 + z * (-1.388888888887411e-3 + z * 2.480158728947673e-5)) +
    zz * zz * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11))
  const half = 0.5 * z
  const w = 1 - half
  return w + (1 - w - half + z * r)
}

/**
 * Single precision: two normals from two words, four from a block of four; writes 4 * blocks values from `at`.
 * The radius comes from the uniform (word + 1/2) / 2^32, so no value is beyond 6.77 in size.
 */
export function normals32(words: Uint32Array, blocks: number, out: Float32Array, at: number): void {
  for (let i = 0; i < 4 * blocks; i += 2) {
    const w = words[i]
    const radius = Math.sqrt(-2 * logUnit(w, w + 0.5))
    const angle = words[i + 1]
    // The nearest quarter turn, and the signed remainder of at most an eighth.
    const quarter = (angle + 0x20000000) >>> 30
    const t = ((angle - (quarter << 30)) | 0) * TURN
    const c = radius * cosKernel(t)
    const s = radius * sinKernel(t)
    out[at + i] = c * COS[quarter] - s * SIN[quarter]
    out[at + i + 1] = s * COS[quarter] + c * SIN[quarter]
  }
}

/**
 * Double precision: two normals from a block of four words; writes 2 * blocks values from `at`. Uniforms have 52
 * bits: (n + 1/2) / 2^52 for the radius, so no value is beyond 8.58 in size, and n / 2^52 for the angle.
 */
export function normals64(words: Uint32Array, blocks: number, out: Float64Array, at: number): void {
  for (let b = 0; b < blocks; b++) {
    const w = words[4 * b]
    const radius = Math.sqrt(-2 * logUnit(w, w + (words[4 * b + 1] >>> 12) * 2 ** -20 + 2 ** -21))
    const angle = words[4 * b + 2]
    const quarter = (angle + 0x20000000) >>> 30
    const t = (((angle - (quarter << 30)) | 0) + (words[4 * b + 3] >>> 12) * 2 ** -20) * TURN
    const c = radius * cosKernel(t)
    const s = radius * sinKernel(t)
    out[at + 2 * b] = c * COS[quarter] - s * SIN[quarter]
    out[at + 2 * b + 1] = s * COS[quarter] + c * SIN[quarter]
  }
}
