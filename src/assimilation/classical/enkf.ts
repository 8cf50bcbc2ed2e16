import { centre, type Ensemble, ensemble } from './ensemble.ts'
import { inflateUpdated } from './finish.ts'
import {
  addToDiagonal,
  cholesky,
  gram,
  solveLower,
  solveLowerTransposed,
  timesInto,
  timesTransposed,
  transposedTimes,
} from './linalg.ts'
import { checkProblem, type EnsembleProblem, type EnsembleSettings } from './problem.ts'

/**
 * The stochastic ensemble Kalman filter: every member is drawn towards its own perturbed observations,
 * x_i + K (y + e_i - H(x_i)), with K from the ensemble; the perturbations are centred.
 * Burgers, van Leeuwen and Evensen (1998), "Analysis scheme in the ensemble Kalman filter",
 * doi:10.1175/1520-0493(1998)126<1719:ASITEK>2.0.CO;2. Works in the smaller of ensemble and observation space.
 * Without observations the analysis is the background.
 */
export function enkf(problem: EnsembleProblem, settings: EnsembleSettings = {}): Ensemble {
  checkProblem(problem)
  const { background, observed, y, R, random } = problem
  const N = background.members
  const n = background.size
  const m = y.length
  if (m === 0) return ensemble(N, n, background.data.slice())
  const { X } = centre(background)
  const { X: Y } = centre(observed)
  // Everything whitened: Y L⁻ᵀ and the innovations D L⁻ᵀ, [N, m].
  const e = ensemble(N, m, random.child('perturbations').normal(new Float64Array(N * m)))
  const { X: centred } = centre(e)
  const Yw = new Float64Array(N * m)
  const Dw = new Float64Array(N * m)
  for (let i = 0; i < N; i++) {
    const row = (a: Float64Array) => a.subarray(i * m, (i + 1) * m)
    Yw.set(R.whiten(row(Y)), i * m)
    const Hx = row(observed.data)
    const noise = R.colour(row(centred))
    Dw.set(R.whiten(y.map((v, j) => v + noise[j] - Hx[j])), i * m)
  }
  const out = background.data.slice()
  if (N <= m) {
    // K D = Xᵀ (Y Yᵀ + (N - 1) I)⁻¹ Y D: one [N, N] system.
    const C = cholesky(addToDiagonal(gram(Yw, N, m), N, N - 1), N, 'the ensemble covariance')
    const YD = timesTransposed(Dw, Yw, N, N, m) // [member, weight]
    for (let i = 0; i < N; i++) solveInPlace(C, N, YD.subarray(i * N, (i + 1) * N))
    timesInto(out, YD, X, N, N, n)
  } else {
    // K D = XᵀY (Yᵀ Y + (N - 1) I)⁻¹ D: one [m, m] system.
    const S = addToDiagonal(transposedTimes(Yw, Yw, m, m, N), m, N - 1)
    const C = cholesky(S, m, 'the innovation covariance')
    for (let i = 0; i < N; i++) solveInPlace(C, m, Dw.subarray(i * m, (i + 1) * m))
    timesInto(out, Dw, transposedTimes(Yw, X, m, n, N), N, m, n)
  }
  return inflateUpdated(ensemble(N, n, out), settings, random)
}

function solveInPlace(L: Float64Array, n: number, b: Float64Array): void {
  solveLowerTransposed(L, n, solveLower(L, n, b))
}
