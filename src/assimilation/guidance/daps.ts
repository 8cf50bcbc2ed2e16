import { levelFor } from '../../prior/denoiser.ts'
import { loop, type Sampler } from '../../prior/samplers/sampler.ts'
import { type Spacing, startScale, timeGrid } from '../../prior/timeGrid.ts'
import { gather, input } from '../../tensor/index.ts'
import { type Covariance, denoisedCovariance, isotropic } from './covariance.ts'
import type { Guidance } from './guidance.ts'
import { gaussNewton } from './latentMap.ts'
import type { Observed } from './observed.ts'

/** Settings of `daps`. */
export interface DapsOptions {
  /** Annealing steps, one network call each. */
  steps?: number
  spacing?: Spacing
  /** Of the prior. */
  covariance?: Covariance
  /** Conjugate-gradient iterations of a draw. */
  iterations?: number
}

/**
 * Decoupled annealing posterior sampling (Zhang et al. 2024, arXiv:2407.01521, algorithm 1): at each noise level draw
 * z_0 from p(z_0 | z_t) p(y | z_0), then add the noise of the next level afresh, z_t' = μ' z_0 + σ' n, so that errors of
 * one level do not stay. As in the paper p(z_0 | z_t) is Gaussian about the denoiser's word, with the covariance
 * V = σ² C (μ² C + σ² I)⁻¹ that the noise leaves. In place of the paper's hundred Langevin steps a draw is made by
 * perturbing both terms and minimising (Bardsley et al. 2014, doi:10.1137/140964023), which has no step size and is
 * exact for linear decoder and H. Brings its own sampler. Samples the posterior of a Gaussian prior of covariance C.
 */
export function daps({
  steps = 20,
  spacing = 'logSnr',
  covariance = isotropic(),
  iterations = 5,
}: DapsOptions = {}): Guidance {
  return {
    name: 'daps',
    exact: true,
    plan(_, { batch, size, observe }) {
      let observed: Observed | undefined
      const sampler: Sampler = {
        name: 'daps',
        calls: steps,
        noises: 2 * steps,
        build(denoiser, start, noise, hooks = {}) {
          const seen = observed as Observed
          const { schedule } = denoiser
          const times = timeGrid(schedule, steps, spacing)
          // The last draw is the sample: no noise is added to it.
          const rows = times.slice(1).map((to, row) => {
            const [mu, sigma] = row === steps - 1 ? [1, 0] : [schedule.mu(to), schedule.sigma(to)]
            return { t: times[row], mu, sigma, row, other: steps + row }
          })
          const eta = input('observation-noise', [steps, batch, seen.size], start.dtype)
          const [z] = loop(
            denoiser,
            rows,
            [start.mul(startScale(schedule, times[0]))],
            noise,
            hooks,
            ([carry], { t, mu, sigma, row, other }, call, draw) => {
              const { z_t, z0 } = call(carry, t)
              const level = levelFor(schedule, t.reshape(1).expand(batch), z_t)
              const drawn = z0.add(denoisedCovariance(covariance, level, 0.5)(draw(other)))
              const perturbation = gather(eta, row.cast('int64')).reshape(batch, seen.size)
              const V = denoisedCovariance(covariance, level)
              const u = gaussNewton(seen, drawn, V, { iterations, perturbation })
              return [u.mul(mu).add(draw(row).mul(sigma))]
            },
          )
          return z
        },
      }
      return {
        sampler,
        steer(given) {
          observed = observe(given)
          return {}
        },
        randoms: [{ name: 'observation-noise', kind: 'normal', rows: steps, shape: [size] }],
      }
    },
  }
}
