import { DataError, ShapeError } from '../../base/errors.ts'
import type { ErrorCovariance } from '../../observation/error-covariance.ts'
import type { ObservationOperator } from '../../observation/operator.ts'
import type { Tensor } from '../../tensor/index.ts'

/**
 * What the observations say of a state, as part of a program: p(y | x) = exp(-|e(x)|² / 2) with the departures in
 * units of their errors, e(x) = L⁻¹ (y - H(x)) and R = L Lᵀ. In these units the error covariance is the identity.
 */
export interface Likelihood {
  /** Number of observations m. */
  readonly size: number
  /** Normalised states [batch, ..] -> e(x) [batch, m]. */
  departure(x: Tensor): Tensor
  /** The diagonal of R⁻¹, [1, m]: 0 where nothing is observed. */
  readonly precision: Tensor
}

/**
 * Observations y [m] (a tensor, so that it can be an input) by an operator and its errors.
 * @throws ShapeError when they are of different number
 * @throws DataError without observations
 */
export function operatorLikelihood(
  operator: ObservationOperator,
  R: ErrorCovariance,
  y: Tensor,
  precision: Tensor,
): Likelihood {
  const m = operator.outputs
  if (m === 0) throw new DataError('there is no usable observation; the analysis is the prior')
  if (R.size !== m || y.size !== m || precision.size !== m)
    throw new ShapeError(
      `${y.size} observations, ${R.size} errors and ${precision.size} weights: ${operator}`,
    )
  return {
    size: m,
    departure: (x) => R.whitenTensor(operator.innovationTensor(y.reshape(1, m), operator.forward(x))),
    precision: precision.reshape(1, m),
  }
}

/**
 * Observations of elements of the state itself with independent errors: `values` and `precision` (1 / variance, 0
 * where there is none) are as large as a state, [n], so that one program serves every such network.
 */
export function griddedLikelihood(values: Tensor, precision: Tensor): Likelihood {
  const n = values.size
  if (precision.size !== n) throw new ShapeError(`${n} values and ${precision.size} weights`)
  const [y, weight] = [values.reshape(1, n), precision.reshape(1, n)]
  const inverse = weight.sqrt()
  return {
    size: n,
    departure(x) {
      if (x.size % n !== 0)
        throw new ShapeError(`states [${x.shape.join(', ')}] do not fit a grid of ${n} values`)
      return y.sub(x.reshape(x.size / n, n)).mul(inverse)
    },
    precision: weight,
  }
}
