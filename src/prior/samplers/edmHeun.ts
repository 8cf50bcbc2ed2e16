import { ConfigError } from '../../base/errors.ts'
import { logSnr, timeOf } from '../schedule.ts'
import { type Spacing, startScale, timeGrid } from '../timeGrid.ts'
import { loop, type Sampler } from './sampler.ts'

/** Settings of `edmHeun`. */
export interface EdmHeunOptions {
  steps?: number
  spacing?: Spacing
  /** S_churn of the paper: how much noise is renewed, over all steps. 0 is deterministic. */
  churn?: number
  /** Range of sigma / mu in which noise is renewed. */
  churnFrom?: number
  churnTo?: number
  /** S_noise of the paper: standard deviation of the renewed noise. */
  noiseScale?: number
}

/**
 * The sampler of EDM (Karras et al. 2022, algorithm 2) in x = z / mu and s = sigma / mu, where dx/ds = eps: noise is
 * renewed from s up to s^ = (1 + gamma) s with gamma = min(churn / steps, sqrt(2) - 1), then Heun's step goes from s^
 * to s'. Two network calls a step, each a turn of the loop: the first (half = 0) takes Euler's step from the renewed
 * x, the second (half = 1) goes again from there with the mean of both slopes.
 */
export function edmHeun({
  steps = 10,
  spacing = 'karras',
  churn = 0,
  churnFrom = 0.05,
  churnTo = 50,
  noiseScale = 1.003,
}: EdmHeunOptions = {}): Sampler {
  if (!(churn >= 0)) throw new ConfigError(`EDM sampler with churn ${churn}: it must not be negative`)
  const noises = churn > 0 ? steps : 0
  return {
    name: 'edm-heun',
    calls: 2 * steps,
    noises,
    build(denoiser, start, noise, hooks = {}) {
      const { schedule } = denoiser
      const times = timeGrid(schedule, steps, spacing)
      const s = (t: number) => schedule.sigma(t) / schedule.mu(t)
      const rows = times.slice(1).flatMap((to, row) => {
        const now = s(times[row])
        const renews = row > 0 && now >= churnFrom && now <= churnTo
        const gamma = renews ? Math.min(churn / steps, Math.SQRT2 - 1) : 0
        const from = gamma > 0 ? timeOf(schedule, -Math.log(now * (1 + gamma))) : times[row]
        const raised = Math.exp(-logSnr(schedule, from))
        const fresh = noiseScale * Math.sqrt(Math.max(0, raised ** 2 - now ** 2))
        const step = s(to) - raised
        return [
          { t: from, mu: schedule.mu(from), half: 0, step, fresh, row },
          { t: to, mu: schedule.mu(to), half: 1, step, fresh: 0, row },
        ]
      })
      const x = start.mul(startScale(schedule, times[0]) / schedule.mu(times[0]))
      const [end] = loop(
        denoiser,
        rows,
        [x, x, x],
        noise,
        hooks,
        ([carry, base, slope], { t, mu, half, step, fresh, row }, call, draw) => {
          const raised = noises ? carry.add(draw(row).mul(fresh)) : carry
          const { z_t, epsilon } = call(raised.mul(mu), t)
          const first = half.mul(-1).add(1)
          const from = z_t.div(mu).mul(first).add(base.mul(half))
          const mean = epsilon.add(slope.sub(epsilon).mul(half.mul(0.5)))
          return [from.add(mean.mul(step)), from, epsilon]
        },
      )
      return end.mul(schedule.mu(times[steps]))
    },
  }
}
