import { ShapeError } from '../base/errors.ts'
import type { Weights } from '../nn/index.ts'

/**
 * Rewarded soups (Ramé et al. 2023, arXiv:2306.04488): θ = θ_ref + Σ_i w_i (θ_i - θ_ref), from networks aligned with
 * one reward each to one that follows all of them as the weights say, without training.
 * @throws ShapeError for networks of other parameters than the reference's, and another number of shares
 */
export function mixedWeights(
  reference: Weights,
  aligned: readonly Weights[],
  shares: readonly number[],
): Weights {
  if (aligned.length !== shares.length)
    throw new ShapeError(`${shares.length} shares for ${aligned.length} aligned networks`)
  return new Map(
    Array.from(reference, ([name, tensor]) => {
      const base = tensor.data as Float32Array
      const out = Float64Array.from(base)
      aligned.forEach((weights, i) => {
        const own = weights.get(name)?.data as Float32Array | undefined
        if (own?.length !== base.length)
          throw new ShapeError(`aligned network ${i} has no parameter ${name} of ${base.length} numbers`)
        for (let k = 0; k < out.length; k++) out[k] += shares[i] * (own[k] - base[k])
      })
      return [name, { ...tensor, data: Float32Array.from(out) }] as const
    }),
  )
}
