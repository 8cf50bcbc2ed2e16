import { arange, constant, gather, type Tensor, where } from '../../tensor/index.ts'

/** Element `k` (int64) of a vector, as a scalar. */
export function select(values: Tensor, k: Tensor): Tensor {
  return gather(values, k.reshape(1)).reshape()
}

export interface Resampled {
  /** The chosen particles of something kept for each, [K, ..]. */
  take(x: Tensor): Tensor
  /** What is left of the log weights, [K]: zeros where particles were resampled. */
  readonly logWeights: Tensor
}

/**
 * Systematic resampling as part of a program: particle i of K takes the place of the first whose cumulative weight
 * exceeds (i + u) / K, for one uniform u. Kitagawa (1996); Douc, Cappé & Moulines (2005), arXiv:cs/0507025. Left as
 * they are while the effective sample size 1 / Σ w² is at least `threshold` K; always resampled for threshold 1.
 */
export function systematic(logWeights: Tensor, u: Tensor, threshold: number): Resampled {
  const [K] = logWeights.shape
  const { dtype } = logWeights
  const weights = logWeights.softmax()
  const sums = constant(
    Float64Array.from({ length: K * K }, (_, p) => Number(p % K <= Math.floor(p / K))),
    { shape: [K, K], dtype },
  )
  const cumulative = sums.matmul(weights.reshape(K, 1)).reshape(1, K)
  const own = arange(K, dtype)
  const positions = own.add(u).div(K).reshape(K, 1)
  // How many cumulative weights lie at or below: rounding must not lead past the last particle.
  const chosen = cumulative
    .lessEqual(positions)
    .cast(dtype)
    .sum([1])
    .minimum(K - 1)
  const effective = weights.sumSquare().reciprocal()
  const due = threshold >= 1 ? constant(true, { dtype: 'bool' }) : effective.less(threshold * K)
  const index = where(due, chosen, own).cast('int64')
  const shifted = logWeights.sub(logWeights.max())
  return { take: (x) => gather(x, index), logWeights: where(due, shifted.mul(0), shifted) }
}
