import { ConfigError } from '../../base/errors.ts'
import { levelFor } from '../../prior/denoiser.ts'
import { loop, type Sampler } from '../../prior/samplers/sampler.ts'
import { type Spacing, startScale, timeGrid } from '../../prior/timeGrid.ts'
import { constant, input, type Tensor } from '../../tensor/index.ts'
import { type Covariance, denoisedCovariance, isotropic } from './covariance.ts'
import type { Guidance } from './guidance.ts'
import { gaussNewton } from './latentMap.ts'
import type { Observed } from './observed.ts'
import { select, systematic } from './resampling.ts'

/** Settings of `particles`. */
export interface ParticleOptions {
  /** Noise levels, one network call each. */
  steps?: number
  spacing?: Spacing
  /** Propose by the latent MAP (twisted), or by the prior alone (bootstrap). */
  twisted?: boolean
  /** Of the prior; for the proposal. */
  covariance?: Covariance
  iterations?: number
  /** Resample when the effective sample size falls below this share of the particles. */
  threshold?: number
}

/**
 * Particles steered through the noise levels: a sequential Monte Carlo sampler with the potentials
 *   G_t = N(y; H(z_0(z_t)), R + r_t² I),  r_t² = σ² / (μ² + σ²),
 * and the likelihood itself at the end, whose ratios weigh the particles (Feynman-Kac; Singhal et al. 2025,
 * arXiv:2501.06848). Twisted proposals and their weights: Wu et al. 2023, "Practical and asymptotically exact
 * conditional sampling in diffusion models", arXiv:2306.17775, eq. 11-12. The transitions are DDIM's with eta = 1.
 * Systematic resampling (Douc, Cappé & Moulines 2005). The members of an analysis are the particles, so they are
 * computed together; right as their number grows, whatever the potentials, but in many dimensions few particles
 * survive. Brings its own sampler.
 */
export function particles({
  steps = 20,
  spacing = 'logSnr',
  twisted = true,
  covariance = isotropic(),
  iterations = 5,
  threshold = 0.5,
}: ParticleOptions = {}): Guidance {
  if (!(threshold > 0 && threshold <= 1))
    throw new ConfigError(`particles resampled below a share of ${threshold}: it lies in (0, 1]`)
  return {
    name: twisted ? 'particles-twisted' : 'particles',
    exact: true,
    together: true,
    plan(_, { batch, observe }) {
      let observed: Observed | undefined
      const sampler: Sampler = {
        name: 'particles',
        calls: steps,
        noises: steps,
        build(denoiser, start, noise, hooks = {}) {
          const seen = observed as Observed
          const { schedule } = denoiser
          const { dtype } = start
          const times = timeGrid(schedule, steps, spacing)
          const uniforms = input('resampling', [steps + 1], dtype)
          const rows = times.slice(1).map((to, row) => {
            const [mu, sigma] = [schedule.mu(to), schedule.sigma(to)]
            const [mu0, sigma0] = [schedule.mu(times[row]), schedule.sigma(times[row])]
            const fresh = sigma * Math.sqrt(Math.max(0, 1 - ((mu0 * sigma) / (mu * sigma0)) ** 2))
            const kept = Math.sqrt(sigma ** 2 - fresh ** 2)
            // How much a change of z_0 moves the next mean, epsilon following it.
            return { t: times[row], mu, kept, fresh, pull: mu - (kept * mu0) / sigma0, row }
          })
          const axes = start.shape.map((_, i) => i).slice(1)
          const initial = start.mul(startScale(schedule, times[0]))
          const nothing = initial.sum(axes).mul(0)
          const [z, weights, potential] = loop(
            denoiser,
            rows,
            [initial, nothing, nothing],
            noise,
            hooks,
            ([carry, logWeights, before], { t, mu, kept, fresh, pull, row }, call, draw) => {
              const { z_t, z0, epsilon } = call(carry, t)
              const level = levelFor(schedule, t.reshape(1).expand(batch), z_t)
              const now = logPotential(seen, z0, rest(level.mu, level.sigma))
              const u = select(uniforms, row.cast('int64'))
              const chosen = systematic(logWeights.add(now).sub(before), u, threshold)
              const of = chosen.take
              const mean = of(z0.mul(mu).add(epsilon.mul(kept)))
              const n = draw(row).mul(fresh)
              if (!twisted) return [mean.add(n), chosen.logWeights, of(now)]
              const V = denoisedCovariance(covariance, level)
              const shift = of(gaussNewton(seen, z0, V, { iterations }).sub(z0)).mul(pull)
              // log N(z'; mean, fresh²) - log N(z'; mean + shift, fresh²) at z' = mean + shift + n
              const ratio = shift.square().add(shift.mul(n).mul(2)).sum(axes).div(fresh.square().mul(-2))
              return [mean.add(shift).add(n), chosen.logWeights.add(ratio), of(now)]
            },
          )
          const end = z.div(schedule.mu(times[steps]))
          const likelihood = logPotential(seen, end)
          const last = select(uniforms, constant(steps, { dtype: 'int64' }))
          return systematic(weights.add(likelihood).sub(potential), last, 1).take(end)
        },
      }
      return {
        sampler,
        steer(given) {
          observed = observe(given)
          return {}
        },
        randoms: [{ name: 'resampling', kind: 'uniform', rows: steps + 1, shape: [], shared: true }],
      }
    },
  }
}

/** r_t² = σ² / (μ² + σ²), [batch, 1]. */
function rest(mu: Tensor, sigma: Tensor): Tensor {
  const noise = sigma.square()
  return noise.div(mu.square().add(noise)).reshape(mu.shape[0], 1)
}

/** log N(y; H(z_0), R + r² I) up to a constant, [batch]; R by its diagonal where r² is given. */
function logPotential(observed: Observed, z0: Tensor, variance?: Tensor): Tensor {
  const e = observed.departure(z0)
  if (!variance) return e.sumSquare([1]).mul(-0.5)
  const widened = observed.precision.mul(variance).add(1)
  return e.square().div(widened).add(widened.log()).sum([1]).mul(-0.5)
}
