import type { Tensor } from '../graph.ts'
import { sameShape, shapeError, show } from '../shape.ts'
import { applyComposite, composite } from './composite.ts'
import { combine } from './elementwise.ts'
import { matmul } from './matmul.ts'
import { softmax } from './normalise.ts'

/** The weights softmax(q k^T / sqrt(d)), [.., queries, keys]. The scale goes on q, the smaller array. */
export function attentionWeights(q: Tensor, k: Tensor): Tensor {
  const scaled = combine('mul', q, 1 / Math.sqrt(q.shape.at(-1) as number))
  return softmax(matmul(scaled, k, { transB: true }))
}

export const attentionPrimitive = composite('attention', ([q, k, v]) => [matmul(attentionWeights(q, k), v)])

/**
 * Scaled dot-product attention (Vaswani et al. 2017, eq. 1): q [.., m, d], k [.., n, d], v [.., n, e] -> [.., m, e],
 * with equal leading axes.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const lead = q.shape.slice(0, -2)
  if (
    q.rank < 3 ||
    !sameShape(lead, k.shape.slice(0, -2)) ||
    !sameShape(k.shape.slice(0, -1), v.shape.slice(0, -1)) ||
    q.shape.at(-1) !== k.shape.at(-1)
  )
    throw shapeError(
      'attention',
      `queries ${show(q.shape)}, keys ${show(k.shape)}, values ${show(v.shape)} do not fit`,
    )
  const shape = [...q.shape.slice(0, -1), v.shape.at(-1) as number]
  return applyComposite(attentionPrimitive, [q, k, v], [{ shape, dtype: q.dtype }])[0]
}
