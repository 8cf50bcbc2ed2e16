import { attention, type Tensor } from '../../tensor/index.ts'
import { shapeError, show } from '../../tensor/shape.ts'
import type { Parameters } from '../parameters.ts'
import { dense } from './dense.ts'
import { scaledRmsNorm } from './norm.ts'

/** Heads and shapes of `attention`. */
export interface AttentionOptions {
  heads: number
  /** Normalise queries and keys of every head (Henry et al. 2020): keeps large models from diverging. */
  qkNorm?: boolean
}

/** Multi-head self-attention (Vaswani et al. 2017, section 3.2.2): [batch, tokens, width] -> the same. */
export function selfAttention(p: Parameters, x: Tensor, options: AttentionOptions): Tensor {
  return crossAttention(p, x, x, options)
}

/** Multi-head attention of x [batch, tokens, width] to context [batch, m, c] -> [batch, tokens, width]. */
export function crossAttention(p: Parameters, x: Tensor, context: Tensor, options: AttentionOptions): Tensor {
  if (x.rank !== 3 || context.rank !== 3 || x.shape[0] !== context.shape[0])
    throw shapeError('attention', `tokens ${show(x.shape)} and context ${show(context.shape)} do not fit`)
  const { q, k, v } = projections(p, x, context, options)
  const split = (t: Tensor) => {
    const [batch, tokens, width] = t.shape
    return t.reshape(batch, tokens, options.heads, width / options.heads).transpose(0, 2, 1, 3)
  }
  const y = attention(...normalised(p, split(q), split(k), options), split(v))
  return dense(p.scope('out'), y.transpose(0, 2, 1, 3).reshape(...x.shape), x.shape[2])
}

/**
 * Queries, keys and values, each [batch, tokens, width]. Three products instead of one three times as wide: cutting
 * the wide result apart and joining its gradient again moves more memory than the products save.
 */
export function projections(p: Parameters, x: Tensor, context: Tensor, { heads }: AttentionOptions) {
  const width = x.shape.at(-1) as number
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw shapeError('attention', `width ${width} does not divide into ${heads} heads`)
  return {
    q: dense(p.scope('query'), x, width),
    k: dense(p.scope('key'), context, width),
    v: dense(p.scope('value'), context, width),
  }
}

/** Queries and keys [.., width of a head], normalised if wanted. */
export function normalised(
  p: Parameters,
  q: Tensor,
  k: Tensor,
  { qkNorm = false }: AttentionOptions,
): [Tensor, Tensor] {
  return qkNorm ? [scaledRmsNorm(p.scope('queryNorm'), q), scaledRmsNorm(p.scope('keyNorm'), k)] : [q, k]
}
