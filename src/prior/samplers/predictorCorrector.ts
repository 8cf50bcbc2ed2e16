import { ConfigError } from '../../base/errors.ts'
import { type Spacing, startScale, timeGrid } from '../timeGrid.ts'
import { loop, meanSquare, type Sampler } from './sampler.ts'

/** Settings of `predictorCorrector`. */
export interface PredictorCorrectorOptions {
  steps?: number
  /** Langevin corrections after each step. */
  corrections?: number
  /** Size of a correction relative to the squared noise. */
  tau?: number
  spacing?: Spacing
}

/**
 * The sampler of the Align-DA paper, as in SDA (Rozet & Louppe 2023, algorithm 4): per step the predictor
 *   r = mu' / mu;  z <- r z + (sigma' - r sigma) eps(z, t)
 * and then `corrections` Langevin steps at the new time
 *   d = tau / mean(eps^2);  z <- z - (d eps + sqrt(2 d) n) sigma'.
 * Both have the form z <- a z + (b - d c) eps - sqrt(2 d) c n, of which the loop does one a turn.
 */
export function predictorCorrector({
  steps = 128,
  corrections = 2,
  tau = 0.5,
  spacing = 'time',
}: PredictorCorrectorOptions = {}): Sampler {
  if (!Number.isInteger(corrections) || corrections < 0)
    throw new ConfigError(`${corrections} Langevin corrections: it must be a whole number of at least 0`)
  if (!(tau > 0)) throw new ConfigError(`Langevin corrections with tau ${tau}: it must be positive`)
  const noises = steps * corrections
  return {
    name: 'predictor-corrector',
    calls: steps * (1 + corrections),
    noises,
    build(denoiser, start, noise, hooks = {}) {
      const { schedule } = denoiser
      const times = timeGrid(schedule, steps, spacing)
      const rows = times.slice(1).flatMap((to, k) => {
        const from = times[k]
        const r = schedule.mu(to) / schedule.mu(from)
        const predict = { t: from, a: r, b: schedule.sigma(to) - r * schedule.sigma(from), c: 0, row: 0 }
        const correct = (i: number) => ({
          ...{ t: to, a: 1, b: 0, c: schedule.sigma(to) },
          row: k * corrections + i,
        })
        return [predict, ...Array.from({ length: corrections }, (_, i) => correct(i))]
      })
      const [z] = loop(
        denoiser,
        rows,
        [start.mul(startScale(schedule, times[0]))],
        noise,
        hooks,
        ([carry], { t, a, b, c, row }, call, draw) => {
          const { z_t, epsilon } = call(carry, t)
          if (noises === 0) return [z_t.mul(a).add(epsilon.mul(b))]
          const d = meanSquare(epsilon).reciprocal().mul(tau)
          const moved = z_t.mul(a).add(epsilon.mul(b.sub(d.mul(c))))
          return [moved.sub(draw(row).mul(d.mul(2).sqrt().mul(c)))]
        },
      )
      return z
    },
  }
}
