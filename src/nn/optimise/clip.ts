import { constant, type Tensor } from '../../tensor/index.ts'

/** The Euclidean norm of all gradients together, a scalar. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  return gradients
    .map((g) => g.sumSquare())
    .reduce((a, b) => a.add(b))
    .sqrt()
}

/** What gradients are multiplied by so that their global norm is at most `limit` (Pascanu et al. 2013, algorithm 1). */
export function clipFactor(norm: Tensor, limit: number): Tensor {
  // A quotient, so that below the limit the factor is exactly 1.
  return constant(limit, { dtype: norm.dtype }).div(norm.maximum(limit))
}
