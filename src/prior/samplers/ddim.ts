import { ConfigError } from '../../base/errors.ts'
import { type Spacing, startScale, timeGrid } from '../timeGrid.ts'
import { loop, type Sampler } from './sampler.ts'

/** Settings of `ddim`. */
export interface DdimOptions {
  steps?: number
  /** 0: deterministic; 1: as noisy as DDPM's ancestral sampling. */
  eta?: number
  spacing?: Spacing
}

/**
 * DDIM (Song, Meng & Ermon 2021, eq. 12 and 16), for any mu and sigma:
 *   z' = mu' z0 + sqrt(sigma'^2 - s^2) eps + s n,  s = eta sigma' sqrt(1 - (mu sigma' / (mu' sigma))^2).
 */
export function ddim({ steps = 50, eta = 0, spacing = 'logSnr' }: DdimOptions = {}): Sampler {
  if (!(eta >= 0 && eta <= 1)) throw new ConfigError(`DDIM with eta ${eta}: it lies between 0 and 1`)
  const noises = eta > 0 ? steps : 0
  return {
    name: 'ddim',
    calls: steps,
    noises,
    build(denoiser, start, noise, hooks = {}) {
      const { schedule } = denoiser
      const times = timeGrid(schedule, steps, spacing)
      const rows = times.slice(1).map((to, row) => {
        const [mu, sigma] = [schedule.mu(to), schedule.sigma(to)]
        const ratio = (schedule.mu(times[row]) * sigma) / (mu * schedule.sigma(times[row]))
        const fresh = eta * sigma * Math.sqrt(Math.max(0, 1 - ratio ** 2))
        return { t: times[row], mu, kept: Math.sqrt(sigma ** 2 - fresh ** 2), fresh, row }
      })
      const [z] = loop(
        denoiser,
        rows,
        [start.mul(startScale(schedule, times[0]))],
        noise,
        hooks,
        ([carry], { t, mu, kept, fresh, row }, call, draw) => {
          const { z0, epsilon } = call(carry, t)
          const next = z0.mul(mu).add(epsilon.mul(kept))
          return [noises ? next.add(draw(row).mul(fresh)) : next]
        },
      )
      return z
    },
  }
}
