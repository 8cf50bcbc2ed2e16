import { inverse, Matrix } from 'ml-matrix'
import { stream } from '../../../random/stream.ts'
import { toMatrix } from '../linalg.ts'
import { blockErrors, independentErrors, type ObservationErrors } from '../observationErrors.ts'

/** A random linear-Gaussian problem and its posterior in closed form, for tests. */
export interface GaussianProblem {
  readonly n: number
  readonly m: number
  readonly xb: Float64Array
  readonly B: Float64Array
  readonly H: Float64Array
  readonly y: Float64Array
  readonly R: ObservationErrors
  readonly Rfull: Matrix
}

/** Errors of observations: independent, or the first half of them correlated with one another. */
export function gaussianProblem(seed: number, n: number, m: number, correlated: boolean): GaussianProblem {
  const random = stream(seed, 'problem')
  const normal = (name: string, size: number) => random.child(name).normal(new Float64Array(size))
  const covariance = (name: string, size: number) => {
    const A = toMatrix(normal(name, size * size), size, size)
    return A.mmul(A.transpose()).add(Matrix.eye(size).mul(0.3))
  }
  const half = correlated ? m >> 1 : 0
  const Rfull = Matrix.diag([...random.child('R').uniform(new Float64Array(m))].map((u) => 0.2 + 2 * u))
  if (half) Rfull.setSubMatrix(covariance('block', half), 0, 0)
  const block = Array.from({ length: half }, (_, i) => i)
  const R = half
    ? blockErrors(m, [
        ...Array.from({ length: m - half }, (_, i) => ({
          indices: [half + i],
          covariance: Float64Array.of(Rfull.get(half + i, half + i)),
        })),
        {
          indices: block,
          covariance: Float64Array.from(Rfull.subMatrix(0, half - 1, 0, half - 1).to1DArray()),
        },
      ])
    : independentErrors(Rfull.diagonal())
  return {
    n,
    m,
    xb: normal('xb', n),
    B: Float64Array.from(covariance('B', n).to1DArray()),
    H: normal('H', m * n),
    y: normal('y', m).map((v) => 3 * v),
    R,
    Rfull,
  }
}

/** The Kalman analysis by the textbook gain, with explicit inverses. */
export function kalman(xb: Float64Array, B: Float64Array, { H, y, Rfull, n, m }: GaussianProblem) {
  const Bm = toMatrix(B, n, n)
  const Hm = toMatrix(H, m, n)
  const innovation = Matrix.columnVector([...y]).sub(Hm.mmul(Matrix.columnVector([...xb])))
  const S = inverse(Hm.mmul(Bm).mmul(Hm.transpose()).add(Rfull))
  const K = Bm.mmul(Hm.transpose()).mmul(S)
  const xa = Matrix.columnVector([...xb]).add(K.mmul(innovation))
  const A = Matrix.eye(n).sub(K.mmul(Hm)).mmul(Bm)
  return {
    xa: Float64Array.from(xa.to1DArray()),
    A: Float64Array.from(A.to1DArray()),
    chiSquare: innovation.transpose().mmul(S).mmul(innovation).get(0, 0),
    degreesOfFreedom: Hm.mmul(K).trace(),
  }
}

/** The largest absolute difference over the largest absolute value of `expected` (or 1). */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN
  let largest = 0
  let scale = 1
  for (let i = 0; i < actual.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i] - expected[i]))
    scale = Math.max(scale, Math.abs(expected[i]))
    if (Number.isNaN(actual[i])) return Number.NaN
  }
  return largest / scale
}
