import { ShapeError } from '../../base/errors.ts'
import { cholesky, solveLower, solveLowerTransposed, timesTransposed } from './linalg.ts'
import type { ObservationErrors } from './observationErrors.ts'
import { checkObservations } from './problem.ts'

/** x_b [n], B [n, n], H [m, n], y [m]: matrices row by row. */
export interface LinearProblem {
  readonly xb: Float64Array
  readonly B: Float64Array
  readonly H: Float64Array
  readonly y: Float64Array
  readonly R: ObservationErrors
}

/** The analysis of a linear problem and its error covariance. */
export interface LinearAnalysis {
  /** x_a = x_b + K (y - H x_b), [n]. */
  readonly xa: Float64Array
  /** A = (I - K H) B, [n, n]. */
  readonly A: Float64Array
  /** tr(H K): how many of the m observations were learned from. */
  readonly degreesOfFreedom: number
  /** dᵀ (H B Hᵀ + R)⁻¹ d of the innovation d, whose expectation is m when B and R are right. */
  readonly chiSquare: number
}

/**
 * The best linear unbiased estimate K = B Hᵀ (H B Hᵀ + R)⁻¹ in observation space: optimal interpolation when x_b and
 * B are climatological. Gandin (1963); Daley (1991), "Atmospheric Data Analysis", chapter 4. For states and
 * observations few enough for dense matrices. Throws ShapeError and DataError for what does not fit.
 */
export function optimalInterpolation({ xb, B, H, y, R }: LinearProblem): LinearAnalysis {
  const n = xb.length
  const m = y.length
  if (B.length !== n * n || H.length !== m * n)
    throw new ShapeError(`x_b of ${n} and y of ${m} do not fit B of ${B.length} and H of ${H.length} numbers`)
  checkObservations(y, R, m)
  // Whitened observations: S = L⁻¹ H (rows), so that L⁻¹ (H B Hᵀ + R) L⁻ᵀ = S B Sᵀ + I.
  const S = new Float64Array(m * n)
  for (let j = 0; j < n; j++) {
    const column = R.whiten(Float64Array.from({ length: m }, (_, i) => H[i * n + j]))
    for (let i = 0; i < m; i++) S[i * n + j] = column[i]
  }
  const SB = timesTransposed(S, B, m, n, n)
  const total = timesTransposed(SB, S, m, m, n)
  for (let i = 0; i < m; i++) total[i * m + i] += 1
  const C = cholesky(total, m, 'H B Hᵀ + R')
  const Hxb = timesTransposed(H, xb, m, 1, n)
  const e = solveLower(C, m, R.whiten(y.map((v, i) => v - Hxb[i])))
  const chiSquare = e.reduce((sum, v) => sum + v * v, 0)
  const weights = solveLowerTransposed(C, m, e)
  const xa = xb.slice()
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) xa[j] += weights[i] * SB[i * n + j]
  // A = B - Gᵀ G with G = C⁻¹ S B
  const G = new Float64Array(m * n)
  const A = B.slice()
  for (let j = 0; j < n; j++) {
    const column = solveLower(
      C,
      m,
      Float64Array.from({ length: m }, (_, i) => SB[i * n + j]),
    )
    for (let i = 0; i < m; i++) G[i * n + j] = column[i]
  }
  for (let k = 0; k < m; k++)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) A[i * n + j] -= G[k * n + i] * G[k * n + j]
  // tr(S B Sᵀ (S B Sᵀ + I)⁻¹) = m - tr((S B Sᵀ + I)⁻¹)
  let trace = 0
  for (let i = 0; i < m; i++) {
    const unit = new Float64Array(m)
    unit[i] = 1
    trace += solveLower(C, m, unit).reduce((sum, v) => sum + v * v, 0)
  }
  return { xa, A, degreesOfFreedom: m - trace, chiSquare }
}
