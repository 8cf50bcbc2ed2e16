import { conjugateGradient } from './conjugateGradient.ts'
import { type Covariance, denoisedCovariance, isotropic } from './covariance.ts'
import { type Guidance, guidanceBy, scoreGuide } from './guidance.ts'

/** Settings of `pigdm`. */
export interface PigdmOptions {
  /** Of the prior; the identity gives the paper's r_t² = σ² / (σ² + μ²). */
  covariance?: Covariance
  /** Conjugate-gradient iterations in observation space. */
  iterations?: number
}

/**
 * Pseudoinverse-guided diffusion (ΠGDM; Song et al. 2023, "Pseudoinverse-guided diffusion models for inverse
 * problems", eq. 7), with the decoder's Jacobian J and in units of the observation errors:
 *   ∇ log p(y | z_t) = (∂z_0/∂z_t)ᵀ Jᵀ (J V Jᵀ + I)⁻¹ e,  V = r_t² I,
 * or V = σ² C (μ² C + σ² I)⁻¹ for a prior of covariance C, of which theirs is the case C = I. Samples the posterior of a
 * Gaussian prior of that covariance.
 */
export function pigdm({ covariance = isotropic(), iterations = 5 }: PigdmOptions = {}): Guidance {
  return guidanceBy('pigdm', true, (observed) =>
    scoreGuide(observed, ({ departure, tangent, adjoint }, level) => {
      const V = denoisedCovariance(covariance, level)
      return conjugateGradient((w) => w.add(tangent(V(adjoint(w)))), departure, iterations)
    }),
  )
}
