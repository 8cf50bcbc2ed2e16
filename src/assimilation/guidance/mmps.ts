import { conjugateGradient } from './conjugateGradient.ts'
import { type Guidance, guidanceBy, scoreGuide } from './guidance.ts'

/**
 * Moment-matching posterior sampling (Rozet et al. 2024, arXiv:2405.13712, eq. 16-20): as ΠGDM, with the denoiser's
 * own covariance of z_0, V = (σ²/μ) ∂z_0/∂z_t, in a few iterations of conjugate gradients. V is symmetric for the exact
 * denoiser, so its transpose, which reverse mode gives, stands for it. One backward pass through the network an
 * iteration, and one more. Samples the posterior of any Gaussian prior.
 */
export function mmps({ iterations = 1 }: { iterations?: number } = {}): Guidance {
  return guidanceBy('mmps', true, (observed) =>
    scoreGuide(observed, ({ departure, tangent, adjoint }, _level, V) =>
      conjugateGradient((w) => w.add(tangent(V(adjoint(w)))), departure, iterations),
    ),
  )
}
