import { ConfigError } from '../../base/errors.ts'
import { type Guidance, guidanceBy, scoreGuide } from './guidance.ts'

/** Settings of `dps`. */
export interface DpsOptions {
  /** Strength. */
  zeta?: number
  /** `norm` divides by |e|, as the authors do; `raw` does not, and 1/2 is then the likelihood of z_0 itself. */
  scale?: 'raw' | 'norm'
}

/**
 * Diffusion posterior sampling (Chung et al. 2023, arXiv:2209.14687, eq. 15-16), as a score:
 *   raw:  -ζ ∇ |e(z_0(z_t))|²      norm:  -ζ ∇ |e(z_0(z_t))|
 * with e in units of the observation errors. z_0's own uncertainty is left out, so even in a linear-Gaussian world
 * what it samples is not the posterior.
 */
export function dps({ zeta = 1, scale = 'norm' }: DpsOptions = {}): Guidance {
  if (!(zeta > 0)) throw new ConfigError(`DPS with strength ${zeta}: it must be positive`)
  return guidanceBy(`dps-${scale}`, false, (observed) =>
    scoreGuide(observed, ({ departure: e }) =>
      scale === 'raw' ? e.mul(2 * zeta) : e.mul(zeta).div(e.sumSquare([1], { keep: true }).add(1e-12).sqrt()),
    ),
  )
}
