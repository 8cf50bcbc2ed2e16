import { ConfigError } from '../../base/errors.ts'
import { centre, type Ensemble, ensemble, spread } from './ensemble.ts'

/** Multiplies the anomalies of every element by `factor`; the mean stays (Anderson and Anderson 1999). */
export function inflate(e: Ensemble, factor: number): Ensemble {
  checkFactor(factor)
  const { mean, X } = centre(e)
  return ensemble(
    e.members,
    e.size,
    X.map((x, p) => mean[p % e.size] + factor * x),
  )
}

/**
 * Relaxation to prior spread: the analysis spread s_a of every element becomes (1 - alpha) s_a + alpha s_b.
 * Whitaker and Hamill (2012), "Evaluating methods to account for system errors in ensemble data assimilation",
 * doi:10.1175/MWR-D-11-00276.1, eq. 2. An element without analysis spread is left alone.
 */
export function relaxToPriorSpread(analysis: Ensemble, background: Ensemble, alpha: number): Ensemble {
  if (!(alpha >= 0 && alpha <= 1)) throw new ConfigError(`relaxation is between 0 and 1, not ${alpha}`)
  const sa = spread(analysis)
  const sb = spread(background)
  const factor = sa.map((s, j) => (s > 0 ? 1 + (alpha * (sb[j] - s)) / s : 1))
  const { mean, X } = centre(analysis)
  const { members, size } = analysis
  return ensemble(
    members,
    size,
    X.map((x, p) => mean[p % size] + factor[p % size] * x),
  )
}

/** Throws ConfigError unless the inflation factor is a positive number. */
export function checkFactor(factor: number): void {
  if (!(factor > 0 && Number.isFinite(factor)))
    throw new ConfigError(`inflation is a factor above 0 (1 for none), not ${factor}`)
}
