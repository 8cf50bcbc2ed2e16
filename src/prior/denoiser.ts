import type { Tensor } from '../tensor/index.ts'
import type { Level, NoiseSchedule } from './schedule.ts'

/** Two views of one statement about z_t = mu z_0 + sigma eps: the expected noise and the expected clean latent. */
export interface Prediction {
  readonly epsilon: Tensor
  /** Tweedie's E[z_0 | z_t] = (z_t - sigma epsilon) / mu. */
  readonly z0: Tensor
}

/**
 * A diffusion prior p(z), or p(z | z_b) with its condition already bound. Build one prediction per point of a
 * program and use both of its views: each call adds the network once.
 */
export interface Denoiser {
  readonly schedule: NoiseSchedule
  /** z_t [batch, ..] at times t [batch] -> epsilon and z0 of the shape of z_t. */
  predict(z_t: Tensor, t: Tensor): Prediction
}

/** mu and sigma at t [batch], each [batch, 1, ..] to go with z. */
export function levelFor(schedule: NoiseSchedule, t: Tensor, z: Tensor): Level {
  return schedule.at(t.reshape(t.shape[0], ...new Array<number>(z.rank - 1).fill(1)))
}

/** Tweedie's formula from the noise. */
export function fromEpsilon(z_t: Tensor, epsilon: Tensor, { mu, sigma }: Level): Prediction {
  return { epsilon, z0: z_t.sub(epsilon.mul(sigma)).div(mu) }
}

/** The noise that goes with a clean latent. */
export function fromZ0(z_t: Tensor, z0: Tensor, { mu, sigma }: Level): Prediction {
  return { epsilon: z_t.sub(z0.mul(mu)).div(sigma), z0 }
}

/**
 * Both from the velocity v = mu eps - sigma z_0 (Salimans & Ho 2022, section 4), exact for any mu and sigma:
 * z_0 = (mu z_t - sigma v) / s^2 and eps = (sigma z_t + mu v) / s^2 with s^2 = mu^2 + sigma^2. v = 0 is the best
 * answer for latents N(0, I).
 */
export function fromVelocity(z_t: Tensor, v: Tensor, { mu, sigma }: Level): Prediction {
  const inverse = mu.square().add(sigma.square()).reciprocal()
  const [m, s] = [mu.mul(inverse), sigma.mul(inverse)]
  return { epsilon: z_t.mul(s).add(v.mul(m)), z0: z_t.mul(m).sub(v.mul(s)) }
}

/**
 * Changes what a denoiser says while a sampler runs: the place where observations come in. It returns either view;
 * the other follows. It may differentiate through the prediction (grad or vjp of z0 with respect to z_t).
 */
export type Guide = (
  z_t: Tensor,
  t: Tensor,
  prediction: Prediction,
  level: Level,
) => { readonly epsilon: Tensor } | { readonly z0: Tensor }

/** The denoiser with every prediction passed through `guide`; a denoiser like any other. */
export function guided(denoiser: Denoiser, guide: Guide): Denoiser {
  const { schedule } = denoiser
  return {
    schedule,
    predict(z_t, t) {
      const level = levelFor(schedule, t, z_t)
      const changed = guide(z_t, t, denoiser.predict(z_t, t), level)
      return 'epsilon' in changed ? fromEpsilon(z_t, changed.epsilon, level) : fromZ0(z_t, changed.z0, level)
    },
  }
}
