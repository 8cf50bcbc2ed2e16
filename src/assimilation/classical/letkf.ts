import { ConfigError, ShapeError } from '../../base/errors.ts'
import { centre, type Ensemble, ensemble } from './ensemble.ts'
import { ensembleTransform } from './etkf.ts'
import { checkFactor } from './inflation.ts'
import { identity } from './linalg.ts'
import type { Localisation } from './localisation.ts'
import { checkProblem, type EnsembleProblem, type EnsembleSettings } from './problem.ts'
import { meanPreservingRotation } from './rotation.ts'

export interface LetkfSettings extends EnsembleSettings {
  readonly localisation: Localisation
  /** Do local analyses `from` up to but not including `to` alone; the rest keeps the background. */
  readonly groups?: { readonly from: number; readonly to: number }
}

/**
 * The local ensemble transform Kalman filter: an analysis for every group of state elements, from the observations
 * near it, with the inverse of R tapered by distance, D^½ R⁻¹ D^½. Hunt, Kostelich and Szunyogh (2007),
 * doi:10.1016/j.physd.2006.11.008. Groups are independent: any split of them over workers gives the same numbers,
 * each worker's result being right for its groups. A group without observations keeps the background (rotated with
 * all others where rotation is on); with no observation at all the analysis is the background.
 * Throws ConfigError for groups that do not exist, ShapeError for a localisation of another state.
 */
export function letkf(problem: EnsembleProblem, settings: LetkfSettings): Ensemble {
  checkProblem(problem)
  const { background, observed, y, R, random } = problem
  const { localisation, inflation = 1, rotation = false } = settings
  const { from, to } = settings.groups ?? { from: 0, to: localisation.groups }
  checkFactor(inflation)
  if (!(from >= 0 && from <= to && to <= localisation.groups))
    throw new ConfigError(`local analyses ${from} to ${to} of ${localisation.groups} do not exist`)
  const { members: N, size } = background
  const analysis = ensemble(N, size, background.data.slice())
  if (y.length === 0) return analysis
  const { mean, X } = centre(background)
  const { mean: Hx, X: Y } = centre(observed)
  const d = y.map((v, j) => v - Hx[j])
  const rotate = rotation ? meanPreservingRotation(N, random.child('rotation')) : undefined

  for (let group = from; group < to; group++) {
    const elements = localisation.elements(group)
    const { indices, weights } = localisation.nearby(group)
    if (!indices.length && !rotate) continue
    let W = rotate ?? identity(N)
    if (indices.length) {
      const k = indices.length
      const local = R.select(indices)
      const roots = Float64Array.from(weights, Math.sqrt)
      const t = new Float64Array(k)
      const tapered = (a: Float64Array, start: number) => {
        for (let j = 0; j < k; j++) t[j] = roots[j] * a[start + indices[j]]
        return local.whiten(t)
      }
      const Yw = new Float64Array(N * k)
      for (let i = 0; i < N; i++) Yw.set(tapered(Y, i * y.length), i * k)
      const { w, T } = ensembleTransform(Yw, tapered(d, 0), N)
      W = weightsOf(w, T, inflation, rotate)
    }
    update(analysis.data, W, X, mean, elements, N, size)
  }
  return analysis
}

/** w_j + inflation (Λ T)_ij, [N, N]. */
function weightsOf(w: Float64Array, T: Float64Array, inflation: number, rotate?: Float64Array) {
  const N = w.length
  const W = new Float64Array(N * N)
  for (let i = 0; i < N; i++)
    for (let j = 0; j < N; j++) {
      let t = T[i * N + j]
      if (rotate) {
        t = 0
        for (let k = 0; k < N; k++) t += rotate[i * N + k] * T[k * N + j]
      }
      W[i * N + j] = w[j] + inflation * t
    }
  return W
}

/** Members i at `elements`: the mean plus the anomalies weighted by row i of W. */
function update(
  out: Float64Array,
  W: Float64Array,
  X: Float64Array,
  mean: Float64Array,
  elements: ArrayLike<number>,
  N: number,
  size: number,
): void {
  const anomalies = new Float64Array(N)
  for (let e = 0; e < elements.length; e++) {
    const at = elements[e]
    if (!(at >= 0 && at < size))
      throw new ShapeError(`the localisation updates element ${at} of a state of ${size}`)
    // Members of one element lie a state apart: they are fetched once.
    for (let j = 0; j < N; j++) anomalies[j] = X[j * size + at]
    for (let i = 0; i < N; i++) {
      let sum = mean[at]
      for (let j = 0; j < N; j++) sum += W[i * N + j] * anomalies[j]
      out[i * size + at] = sum
    }
  }
}
