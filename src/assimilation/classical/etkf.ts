import { centre, combine, type Ensemble, ensemble } from './ensemble.ts'
import { inflateUpdated } from './finish.ts'
import { addToDiagonal, eigenSymmetric, gram, spectral } from './linalg.ts'
import { checkProblem, type EnsembleProblem, type EnsembleSettings } from './problem.ts'

/** What a square-root analysis does in the space of the ensemble. */
export interface Transform {
  /** Weights of the background anomalies in the mean increment, [N]. */
  readonly w: Float64Array
  /** Symmetric square root that turns background into analysis anomalies, [N, N]; its rows sum to 1. */
  readonly T: Float64Array
  /** tr(H K), the degrees of freedom for signal. */
  readonly degreesOfFreedom: number
}

/**
 * The ensemble transform of whitened observation anomalies Y [N, m] and innovation d [m], both times L⁻¹:
 * Pw = (Y Yᵀ + (N - 1) I)⁻¹, w = Pw Y d, T = (N - 1)^½ Pw^½. Hunt, Kostelich and Szunyogh (2007), "Efficient data
 * assimilation for spatiotemporal chaos", doi:10.1016/j.physd.2006.11.008, eqs. 20-24.
 */
export function ensembleTransform(Y: Float64Array, d: Float64Array, N: number): Transform {
  const m = d.length
  const C = addToDiagonal(gram(Y, N, m), N, N - 1)
  const { values, vectors } = eigenSymmetric(C, N)
  // Y Yᵀ has no negative eigenvalue: what rounding puts below N - 1 belongs there.
  for (let i = 0; i < N; i++) values[i] = Math.max(values[i], N - 1)
  const T = spectral(values, vectors, (value) => Math.sqrt((N - 1) / value))
  // Pw Y d in the basis of the eigenvectors, where Pw is diagonal.
  const z = new Float64Array(N)
  for (let i = 0; i < N; i++) {
    let Yd = 0
    for (let k = 0; k < m; k++) Yd += Y[i * m + k] * d[k]
    for (let k = 0; k < N; k++) z[k] += vectors[i * N + k] * Yd
  }
  const w = new Float64Array(N)
  for (let i = 0; i < N; i++) for (let k = 0; k < N; k++) w[i] += (vectors[i * N + k] * z[k]) / values[k]
  return { w, T, degreesOfFreedom: values.reduce((sum, value) => sum + (value - (N - 1)) / value, 0) }
}

/**
 * The ensemble transform Kalman filter (square-root EnKF, symmetric form): the Kalman analysis exactly, in the space
 * of the ensemble. Bishop, Etherton and Majumdar (2001), `doi:10.1175/1520-0493(2001)129<0420:ASWTET>2.0.CO;2`;
 * rotation after Sakov and Oke (2008). Without observations the analysis is the background.
 */
export function etkf(problem: EnsembleProblem, settings: EnsembleSettings = {}): Ensemble {
  checkProblem(problem)
  const { background, observed, y, R, random } = problem
  const { members: N, size } = background
  const m = y.length
  if (m === 0) return ensemble(N, size, background.data.slice())
  const { mean, X } = centre(background)
  const { mean: Hx, X: Y } = centre(observed)
  const Yw = new Float64Array(N * m)
  for (let i = 0; i < N; i++) Yw.set(R.whiten(Y.subarray(i * m, (i + 1) * m)), i * m)
  const { w, T } = ensembleTransform(Yw, R.whiten(y.map((v, j) => v - Hx[j])), N)
  const W = T.map((t, p) => t + w[p % N])
  return inflateUpdated(combine(mean, W, X, N), settings, random)
}
