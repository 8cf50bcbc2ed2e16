import { ConfigError } from '../../base/errors.ts'
import { type Guidance, guidanceBy, scoreGuide } from './guidance.ts'

/**
 * The Gaussian likelihood of score-based data assimilation (Rozet & Louppe 2023, arXiv:2306.10574, eq. 17):
 * p(y | z_t) = N(y; H(z_0), R + γ (σ/μ)² I), R by its diagonal. γ stands for the covariance of the observed z_0 at
 * large noise; the paper takes 1e-2.
 */
export function sda({ gamma = 1e-2 }: { gamma?: number } = {}): Guidance {
  if (!(gamma >= 0)) throw new ConfigError(`SDA with gamma ${gamma}: it must not be negative`)
  return guidanceBy('sda', false, (observed) =>
    scoreGuide(observed, ({ departure: e }, { mu, sigma }) => {
      // One number a sample, [batch, 1].
      const ratio = sigma.div(mu).square().mul(gamma).reshape(mu.shape[0], 1)
      return e.div(observed.precision.mul(ratio).add(1))
    }),
  )
}
