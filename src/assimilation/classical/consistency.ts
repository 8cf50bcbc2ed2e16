import type { Stream } from '../../random/stream.ts'
import { centre } from './ensemble.ts'
import { ensembleTransform } from './etkf.ts'
import { dot } from './linalg.ts'
import type { ObservationErrors } from './observationErrors.ts'
import { checkProblem, type EnsembleProblem } from './problem.ts'

/** How an ensemble fits the observations before they are used. */
export interface EnsembleConsistency {
  readonly observations: number
  /**
   * dᵀ (H B Hᵀ + R)⁻¹ d of the mean's innovation d: twice the cost at its minimum, expected to be the number of
   * observations when B and R are right (Bennett 1992; Ménard et al. 2000).
   */
  readonly chiSquare: number
  /** tr(H K), the degrees of freedom for signal (Rodgers 2000; Cardinali et al. 2004, doi:10.1256/qj.03.205). */
  readonly degreesOfFreedom: number
}

/** Consistency of an ensemble's global analysis, without localisation. Throws as the ensemble methods do. */
export function ensembleConsistency(problem: EnsembleProblem): EnsembleConsistency {
  checkProblem(problem)
  const { observed, y, R } = problem
  const { members: N, size: m } = observed
  const { mean: Hx, X: Y } = centre(observed)
  const Yw = new Float64Array(N * m)
  for (let i = 0; i < N; i++) Yw.set(R.whiten(Y.subarray(i * m, (i + 1) * m)), i * m)
  const d = R.whiten(y.map((v, j) => v - Hx[j]))
  const { w, degreesOfFreedom } = ensembleTransform(Yw, d, N)
  // Woodbury: (Yᵀ Y/(N - 1) + I)⁻¹ d = d - Yᵀ w
  let explained = 0
  for (let i = 0; i < N; i++) explained += w[i] * dot(Yw.subarray(i * m, (i + 1) * m), d)
  return { observations: m, chiSquare: dot(d, d) - explained, degreesOfFreedom }
}

/**
 * tr(H K) of any analysis by its answer to perturbed observations, the mean of (L⁻¹ dy)ᵀ L⁻¹ (H x_a(y + dy) -
 * H x_a(y)) over `samples` draws dy ~ N(0, R). Desroziers and Ivanov (2001), doi:10.1002/qj.49712757417.
 * `analyse` gives H(x_a), [m], for observations y.
 */
export async function degreesOfFreedomByPerturbation(
  analyse: (y: Float64Array) => Promise<Float64Array>,
  y: Float64Array,
  R: ObservationErrors,
  { samples = 1, random }: { samples?: number; random: Stream },
): Promise<number> {
  const Hxa = await analyse(y)
  let sum = 0
  for (let s = 0; s < samples; s++) {
    const e = random.child(s).normal(new Float64Array(y.length))
    const dy = R.colour(e)
    const answer = await analyse(y.map((v, i) => v + dy[i]))
    sum += dot(e, R.whiten(answer.map((v, i) => v - Hxa[i])))
  }
  return sum / samples
}
