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
import type { Localisation } from './localisation.ts'
import { checkProblem, type EnsembleProblem, type EnsembleSettings } from './problem.ts'

export interface EnkfSettings extends EnsembleSettings {
  /** Local analyses, as in the LETKF: each from the observations near it, the inverse of R tapered by distance. */
  readonly localisation?: Localisation
}

/**
 * The stochastic ensemble Kalman filter: every member is drawn towards its own perturbed observations,
 * x_i + K (y + e_i - H(x_i)), with K from the ensemble; the perturbations are centred.
 * Burgers, van Leeuwen and Evensen (1998), "Analysis scheme in the ensemble Kalman filter",
 * `doi:10.1175/1520-0493(1998)126<1719:ASITEK>2.0.CO;2`. Works in the smaller of ensemble and observation space; local
 * analyses (Ott et al. 2004; Hunt et al. 2007) in that of the ensemble, with the same perturbations everywhere.
 * Without observations the analysis is the background.
 */
export function enkf(problem: EnsembleProblem, settings: EnkfSettings = {}): Ensemble {
  checkProblem(problem)
  const { background, observed, y, R, random } = problem
  const N = background.members
  const n = background.size
  const m = y.length
  if (m === 0) return ensemble(N, n, background.data.slice())
  const { X: Y } = centre(observed)
  const e = ensemble(N, m, random.child('perturbations').normal(new Float64Array(N * m)))
  const { X: centred } = centre(e)
  if (settings.localisation)
    return inflateUpdated(localAnalyses(problem, settings.localisation, Y, centred), settings, random)
  const { X } = centre(background)
  // Everything whitened: Y L⁻ᵀ and the innovations D L⁻ᵀ, [N, m].
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
  if (N <= m) timesInto(out, ensembleWeights(Yw, Dw, N, m), X, N, N, n)
  else {
    // K D = XᵀY (Yᵀ Y + (N - 1) I)⁻¹ D: one [m, m] system.
    const S = addToDiagonal(transposedTimes(Yw, Yw, m, m, N), m, N - 1)
    const C = cholesky(S, m, 'the innovation covariance')
    for (let i = 0; i < N; i++) solveInPlace(C, m, Dw.subarray(i * m, (i + 1) * m))
    timesInto(out, Dw, transposedTimes(Yw, X, m, n, N), N, m, n)
  }
  return inflateUpdated(ensemble(N, n, out), settings, random)
}

/** K D = Xᵀ (Y Yᵀ + (N - 1) I)⁻¹ Y D: the weights of X for each member, [member, weight], by one [N, N] system. */
function ensembleWeights(Yw: Float64Array, Dw: Float64Array, N: number, m: number): Float64Array {
  const C = cholesky(addToDiagonal(gram(Yw, N, m), N, N - 1), N, 'the ensemble covariance')
  const YD = timesTransposed(Dw, Yw, N, N, m)
  for (let i = 0; i < N; i++) solveInPlace(C, N, YD.subarray(i * N, (i + 1) * N))
  return YD
}

/** Where R is tapered to D^-½ R D^-½, a perturbation drawn from it is a standard normal one once it is whitened. */
function localAnalyses(
  { background, observed, y, R }: EnsembleProblem,
  localisation: Localisation,
  Y: Float64Array,
  perturbations: Float64Array,
): Ensemble {
  const { members: N, size: n } = background
  const m = y.length
  const { X } = centre(background)
  const out = background.data.slice()
  const anomalies = new Float64Array(N)
  for (let group = 0; group < localisation.groups; group++) {
    const { indices, weights } = localisation.nearby(group)
    const k = indices.length
    if (k === 0) continue
    const local = R.select(indices)
    const Yw = new Float64Array(N * k)
    const Dw = new Float64Array(N * k)
    const roots = Float64Array.from(weights, Math.sqrt)
    const t = new Float64Array(k)
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < k; j++) t[j] = roots[j] * Y[i * m + indices[j]]
      Yw.set(local.whiten(t), i * k)
      for (let j = 0; j < k; j++) t[j] = roots[j] * (y[indices[j]] - observed.data[i * m + indices[j]])
      const d = local.whiten(t)
      for (let j = 0; j < k; j++) Dw[i * k + j] = d[j] + perturbations[i * m + indices[j]]
    }
    const W = ensembleWeights(Yw, Dw, N, k)
    const elements = localisation.elements(group)
    for (let c = 0; c < elements.length; c++) {
      // Members of one element lie a state apart: they are fetched once.
      for (let j = 0; j < N; j++) anomalies[j] = X[j * n + elements[c]]
      for (let i = 0; i < N; i++) {
        let sum = 0
        for (let j = 0; j < N; j++) sum += W[i * N + j] * anomalies[j]
        out[i * n + elements[c]] += sum
      }
    }
  }
  return ensemble(N, n, out)
}

function solveInPlace(L: Float64Array, n: number, b: Float64Array): void {
  solveLowerTransposed(L, n, solveLower(L, n, b))
}
