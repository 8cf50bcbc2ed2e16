import type { Tensor } from '../../tensor/index.ts'
import { conjugateGradient, dualConjugateGradient } from './conjugateGradient.ts'
import { type Covariance, denoisedCovariance, isotropic } from './covariance.ts'
import { type Guidance, guidanceBy } from './guidance.ts'
import type { Observed } from './observed.ts'

/** Settings of `latentMap`. */
export interface LatentMapOptions {
  /** Of the prior. */
  covariance?: Covariance
  /** Conjugate-gradient iterations of a Gauss-Newton step. */
  iterations?: number
  /** Gauss-Newton steps: 1 where decoder and H are almost linear. */
  outerLoops?: number
}

/**
 * The most likely z_0 given z_t and y at each step: the minimum of
 *   (z_0 - ẑ_0)ᵀ V⁻¹ (z_0 - ẑ_0) + |e(z_0)|²,  V = σ² C (μ² C + σ² I)⁻¹,
 * in place of ẑ_0 = E[z_0 | z_t]: a variational analysis whose background is the denoiser's word and whose background
 * errors are what is left of the prior's at this noise. The hard data consistency of ReSample (Song et al. 2024,
 * arXiv:2307.08123) and the latent analyses of LO-SDA, with weights from theory. No derivative of the network is
 * needed. Samples the posterior of a Gaussian prior of covariance C, where mode and mean are one.
 */
export function latentMap({
  covariance = isotropic(),
  iterations = 5,
  outerLoops = 1,
}: LatentMapOptions = {}): Guidance {
  return guidanceBy('latent-map', true, (observed) => (_z_t, _t, { z0 }, level) => ({
    z0: gaussNewton(observed, z0, denoisedCovariance(covariance, level), { iterations, outerLoops }),
  }))
}

/**
 * The minimum of (u - u_b)ᵀ V⁻¹ (u - u_b) + |e(u) + η|² by Gauss-Newton steps, each solved in observation space:
 *   u = u_b + V Jᵀ w,  (I + J V Jᵀ) w = e(u_i) + η + J (u_i - u_b).
 * `perturbation` η [batch, m] stands for perturbed observations. `monotone` takes conjugate gradients along which the cost
 * falls from one iteration to the next, for observations of which many see the same.
 */
export function gaussNewton(
  observed: Observed,
  u_b: Tensor,
  V: (x: Tensor) => Tensor,
  options: { iterations: number; outerLoops?: number; perturbation?: Tensor; monotone?: boolean },
): Tensor {
  const { iterations, outerLoops = 1, perturbation, monotone = false } = options
  let u = u_b
  for (let k = 0; k < outerLoops; k++) {
    const { departure, tangent, adjoint } = observed.linearise(u)
    const e = perturbation ? departure.add(perturbation) : departure
    const d = k === 0 ? e : e.add(tangent(u.sub(u_b)))
    const K = (x: Tensor) => tangent(V(adjoint(x)))
    const w = monotone
      ? dualConjugateGradient(K, d, iterations)
      : conjugateGradient((x) => x.add(K(x)), d, iterations)
    u = u_b.add(V(adjoint(w)))
  }
  return u
}
