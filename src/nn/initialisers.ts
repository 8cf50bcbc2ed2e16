import type { Stream } from '../random/stream.ts'
import type { Shape } from '../tensor/index.ts'
import { shapeError, show, sizeOf } from '../tensor/shape.ts'

/** Initial values of a parameter of the given shape from a random stream of its own. */
export type Initialiser = (shape: Shape, random: Stream) => Float32Array

/** All 0. */
export const zeros: Initialiser = (shape) => new Float32Array(sizeOf(shape))

/** All of one value. */
export const constant =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value)

/** All 1. */
export const ones: Initialiser = constant(1)

/** Normal with a standard deviation. */
export const normal =
  (deviation: number): Initialiser =>
  (shape, random) =>
    random.normal(new Float32Array(sizeOf(shape))).map((v) => deviation * v)

/** Normal of standard deviation `deviation` before it is cut at two of them: what lies beyond is drawn again. */
export const truncatedNormal =
  (deviation = 0.02): Initialiser =>
  (shape, random) => {
    const out = random.normal(new Float32Array(sizeOf(shape)))
    const one = new Float32Array(1)
    for (let i = 0; i < out.length; i++)
      for (let again = 1; Math.abs(out[i]) > 2; again++) out[i] = random.child(again).normal(one, i)[0]
    return out.map((v) => deviation * v)
  }

/** Uniform with the variance 2 / (fan in + fan out) (Glorot & Bengio 2010, eq. 16), for [in, out] or [o, c, kh, kw]. */
export const xavier =
  (gain = 1): Initialiser =>
  (shape, random) => {
    const [fanIn, fanOut] = fans(shape)
    const bound = gain * Math.sqrt(6 / (fanIn + fanOut))
    return random.uniform(new Float32Array(sizeOf(shape))).map((u) => bound * (2 * u - 1))
  }

/** Normal with variance 2 / fan in (He et al. 2015, eq. 10), for layers that a rectifier follows. */
export const he: Initialiser = (shape, random) => normal(Math.sqrt(2 / fans(shape)[0]))(shape, random)

/** `gain` times a matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014). */
export const orthogonal =
  (gain = 1): Initialiser =>
  (shape, random) => {
    if (shape.length !== 2) throw shapeError('orthogonal', `initialises matrices, not ${show(shape)}`)
    const [rows, columns] = shape
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)]
    const basis = random.normal(new Float64Array(count * length))
    for (let i = 0; i < count; i++) {
      const v = basis.subarray(i * length, (i + 1) * length)
      // Twice is enough (Kahan & Parlett): the second pass removes what rounding left over.
      for (let pass = 0; pass < 2; pass++)
        for (let j = 0; j < i; j++) {
          const u = basis.subarray(j * length, (j + 1) * length)
          const along = v.reduce((s, x, k) => s + x * u[k], 0)
          for (let k = 0; k < length; k++) v[k] -= along * u[k]
        }
      const norm = Math.hypot(...v)
      for (let k = 0; k < length; k++) v[k] /= norm
    }
    const at = (r: number, c: number) => (rows <= columns ? basis[r * length + c] : basis[c * length + r])
    return Float32Array.from(
      { length: rows * columns },
      (_, i) => gain * at(Math.floor(i / columns), i % columns),
    )
  }

/** Numbers that one output sums over, and outputs that one input reaches. */
function fans(shape: Shape): [number, number] {
  if (shape.length === 2) return [shape[0], shape[1]]
  if (shape.length === 4) return [sizeOf(shape.slice(1)), shape[0] * shape[2] * shape[3]]
  throw shapeError('initialiser', `a parameter ${show(shape)} has no fan; matrices and kernels have`)
}
