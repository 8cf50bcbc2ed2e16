import type { Guide, Level, Sampler, SamplerHooks, Steering } from '../../prior/index.ts'
import { type Tensor, vjp } from '../../tensor/index.ts'
import type { LinearObserved, Observed } from './observed.ts'

/** What a guidance is given when its program is built. */
export interface Setting {
  /** Members computed together, and the shape of a latent. */
  readonly batch: number
  readonly shape: readonly number[]
  /** Number of observations m. */
  readonly size: number
  /** The observations, from the change of variables and the background of the program. */
  observe(given: Steering): Observed
  /** Observed elements of the state, where the observations are such: what Repaint needs. */
  gridded?(given: Steering): Gridded
}

/** Observations that are grid points themselves, for guidance that replaces them. */
export interface Gridded {
  /** Observed values [1, n] and 1 where there is one, else 0. */
  readonly values: Tensor
  readonly mask: Tensor
  /** u -> states [batch, n] and back. */
  decode(u: Tensor): Tensor
  encode(x: Tensor): Tensor
}

/** Random numbers that a method takes besides those of the sampler, an input of its own. */
export interface RandomInput {
  readonly name: string
  readonly kind: 'normal' | 'uniform'
  /** The input is [rows, batch, ..shape], or [rows, ..shape] when the members share it. */
  readonly rows: number
  readonly shape: readonly number[]
  readonly shared?: boolean
}

/** A method made ready for a program: the sampler to use, what steers it, and its own random inputs. */
export interface Plan {
  readonly sampler: Sampler
  readonly steer?: (given: Steering) => { guide?: Guide } & SamplerHooks
  readonly randoms?: readonly RandomInput[]
}

/** A way to bring observations into the sampling of a prior. */
export interface Guidance {
  readonly name: string
  /** Whether it samples the posterior of a linear-Gaussian world when its covariance is the prior's. */
  readonly exact: boolean
  /** The members of a case interact, so all of them are computed together and none has a mirrored partner. */
  readonly together?: boolean
  /** Uses no observation: the prior as it is. */
  readonly unconditional?: boolean
  /** What a program is made of that samples `sampler` so guided. */
  plan(sampler: Sampler, setting: Setting): Plan
}

/** A guidance that changes the denoiser's word at each call and leaves the sampler alone. */
export function guidanceBy(name: string, exact: boolean, guide: (observed: Observed) => Guide): Guidance {
  return {
    name,
    exact,
    plan: (sampler, setting) => ({ sampler, steer: (given) => ({ guide: guide(setting.observe(given)) }) }),
  }
}

/**
 * The guides that add a likelihood score: ∇ log p(y | z_t) = (∂z_0/∂z_t)ᵀ Jᵀ w, with weights w [batch, m] that tell them
 * apart. By Tweedie's formula E[z_0 | z_t, y] = z_0 + (σ²/μ) ∇ log p(y | z_t).
 */
export function scoreGuide(
  observed: Observed,
  weights: (
    at: LinearObserved,
    level: Level,
    /** (σ²/μ) (∂z_0/∂z_t)ᵀ x, which for the exact denoiser is Cov(z_0 | z_t) x. */
    covariance: (x: Tensor) => Tensor,
  ) => Tensor,
): Guide {
  return (z_t, _t, { z0 }, level) => {
    const scale = level.sigma.square().div(level.mu)
    const covariance = (x: Tensor) => vjp([z0], [z_t], [x])[0].mul(scale)
    const at = observed.linearise(z0)
    return { z0: z0.add(covariance(at.adjoint(weights(at, level, covariance)))) }
  }
}
