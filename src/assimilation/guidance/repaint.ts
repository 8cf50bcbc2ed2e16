import { DataError } from '../../base/errors.ts'
import { levelFor, type NoiseSchedule } from '../../prior/index.ts'
import { gather, input, type Tensor } from '../../tensor/index.ts'
import type { Guidance } from './guidance.ts'

/**
 * RePaint (Lugmayr et al. 2022, arXiv:2201.09865, eq. 8) in a latent space, as Align-DA has it: before each network
 * call the observed part of the decoded z_t is replaced by that of the decoded z_obs,t ~ N(μ E(x_obs), σ²), and the
 * whole is encoded again. Here x_obs is the background with the observed values put in: nothing that was not observed
 * is used. Knows neither observation errors nor correlations beyond the encoder's, so it is no posterior sampler.
 */
export function repaint({ schedule }: { schedule: NoiseSchedule }): Guidance {
  return {
    name: 'repaint',
    exact: false,
    plan(sampler, { batch, shape, gridded }) {
      if (!gridded)
        throw new DataError('Repaint needs observations of elements of the state itself, one of each at most')
      return {
        sampler,
        steer(given) {
          const { values, mask, decode, encode } = gridded(given)
          const u_b = given.target.encode(given.background, given.background)
          const keep = mask.mul(-1).add(1)
          const merge = (seen: Tensor, rest: Tensor) => seen.mul(mask).add(rest.mul(keep))
          const u_obs = encode(merge(values, decode(u_b)))
          const noise = input('repaint-noise', [sampler.calls, batch, ...shape], u_b.dtype)
          return {
            constrain(z_t, t, turn) {
              const { mu, sigma } = levelFor(schedule, t, z_t)
              const fresh = gather(noise, turn).reshape(...z_t.shape)
              const noisy = u_obs.mul(mu).add(fresh.mul(sigma))
              return encode(merge(decode(noisy), decode(z_t)))
            },
          }
        },
        randoms: [{ name: 'repaint-noise', kind: 'normal', rows: sampler.calls, shape }],
      }
    },
  }
}
