import { jvp, type Tensor, vjp } from '../../tensor/index.ts'
import type { Likelihood } from './likelihood.ts'

/** Departures about a point: e(u + du) = departure - J du, to first order. */
export interface LinearObserved {
  /** e(u), [batch, m]. */
  readonly departure: Tensor
  /** J du: [batch, ..] -> [batch, m]. */
  tangent(du: Tensor): Tensor
  /** Jᵀ w: [batch, m] -> [batch, ..]. */
  adjoint(w: Tensor): Tensor
}

/** The observations as seen from what is diffused, u: through the change of variables, the decoder and H. */
export interface Observed {
  readonly size: number
  /** The diagonal of R⁻¹, [1, m]. */
  readonly precision: Tensor
  /** e(u) = L⁻¹ (y - H(D(u))), [batch, m]. */
  departure(u: Tensor): Tensor
  linearise(u: Tensor): LinearObserved
}

/** Exact: every linearisation is about the point asked for. `decode` goes from u [batch, ..] to normalised states. */
export function observed(likelihood: Likelihood, decode: (u: Tensor) => Tensor): Observed {
  const departure = (u: Tensor) => likelihood.departure(decode(u))
  return {
    size: likelihood.size,
    precision: likelihood.precision,
    departure,
    linearise(u) {
      const e = departure(u)
      return {
        departure: e,
        tangent: (du) => jvp([e], [u], [du])[0].mul(-1),
        adjoint: (w) => vjp([e], [u], [w])[0].mul(-1),
      }
    },
  }
}

/**
 * The tangent-linear at `about` [batch, ..] in place of decoder and H everywhere: what depends on `about` alone is
 * computed once and not in every turn of a loop. Exact where both are linear.
 */
export function observedAbout(
  likelihood: Likelihood,
  decode: (u: Tensor) => Tensor,
  about: Tensor,
): Observed {
  const { departure: e, tangent, adjoint } = observed(likelihood, decode).linearise(about)
  const departure = (u: Tensor) => e.sub(tangent(u.sub(about)))
  return {
    size: likelihood.size,
    precision: likelihood.precision,
    departure,
    linearise: (u) => ({ departure: departure(u), tangent, adjoint }),
  }
}
