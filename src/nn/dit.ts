import type { Tensor } from '../tensor/index.ts'
import { zeros } from './initialisers.ts'
import { crossAttention, selfAttention } from './layers/attention.ts'
import { dense } from './layers/dense.ts'
import type { Dropout } from './layers/dropout.ts'
import { type Activation, mlp } from './layers/mlp.ts'
import { modulatedNorm, modulation } from './layers/modulation.ts'
import { learnedPosition } from './layers/position.ts'
import { timeConditioning } from './layers/timeEmbedding.ts'
import type { Parameters } from './parameters.ts'

/** Size of one block of a diffusion transformer. */
export interface DitBlockOptions {
  heads: number
  /** Width of the hidden layer of the MLP in units of the tokens' width. */
  mlp?: number
  activation?: Activation
  qkNorm?: boolean
  /** Drops whole residual branches of samples while training; `place` names the block in it. */
  dropout?: { masks: Dropout; place: string }
}

/**
 * A transformer block of a diffusion model with adaLN-zero (Peebles & Xie 2023, section 3.2 and figure 3): x
 * [batch, tokens, width] attends to itself, then to context [batch, m, c] if there is one, then goes through an MLP.
 * cond [batch, d] shifts and scales each branch's input and gates its output; at first all gates are 0 and the block
 * is the identity.
 */
export function ditBlock(
  p: Parameters,
  x: Tensor,
  cond: Tensor,
  context: Tensor | undefined,
  { mlp: ratio = 4, activation, dropout, ...attention }: DitBlockOptions,
): Tensor {
  const width = x.shape[2]
  const branches: [string, (p: Parameters, x: Tensor) => Tensor][] = [
    ['attention', (q, y) => selfAttention(q, y, attention)],
    ...(context
      ? [['cross', (q, y) => crossAttention(q, y, context, attention)] as [string, typeof mlpBranch]]
      : []),
    ['mlp', mlpBranch],
  ]
  function mlpBranch(q: Parameters, y: Tensor): Tensor {
    return mlp(q, y, { hidden: ratio * width, activation })
  }
  const vectors = modulation(p.scope('modulation'), cond, width, 3 * branches.length)
  return branches.reduce((sum, [name, branch], i) => {
    const [shift, scale, gate] = vectors.slice(3 * i, 3 * i + 3)
    const y = branch(p.scope(name), modulatedNorm(sum, shift, scale))
    const kept = dropout ? dropout.masks.apply(`${dropout.place}.${name}`, gate, 'sample') : gate
    return sum.add(y.mul(kept))
  }, x)
}

/** Size of a diffusion transformer. */
export interface DitOptions extends Omit<DitBlockOptions, 'dropout'> {
  /** Width of the tokens inside. */
  width: number
  blocks: number
  /** Numbers of an output token; those of an input token by default. */
  out?: number
  /** Place of each token, [tokens, width]: fixed ones from gridPosition or sphericalPosition; learned by default. */
  position?: Tensor
  /** What else conditions every block, [batch, c]: added to the embedding of the time. */
  vector?: Tensor
  dropout?: Dropout
}

/**
 * A denoiser of tokens: x [batch, tokens, c] at times t [batch] (multiplied by 1000 if they run from 0 to 1), given
 * context [batch, m, d] if there is one -> [batch, tokens, out], 0 at first. Where the context has a token for each
 * token of x, both share their positions.
 */
export function dit(
  p: Parameters,
  x: Tensor,
  t: Tensor,
  context: Tensor | undefined,
  { width, blocks, out = x.shape[2], position, vector, dropout, ...block }: DitOptions,
): Tensor {
  const tokens = x.shape[1]
  const place = position ?? learnedPosition(p, tokens, width)
  const time = timeConditioning(p.scope('time'), t, width)
  const cond = vector ? time.add(dense(p.scope('vector'), vector, width)) : time
  let given: Tensor | undefined
  if (context) {
    const embedded = dense(p.scope('context'), context, width)
    const own =
      context.shape[1] === tokens ? place : learnedPosition(p.scope('context'), context.shape[1], width)
    given = embedded.add(own)
  }
  let h = dense(p.scope('embed'), x, width).add(place)
  for (let i = 0; i < blocks; i++)
    h = ditBlock(p.scope(`block${i}`), h, cond, given, {
      ...block,
      ...(dropout && { dropout: { masks: dropout, place: `block${i}` } }),
    })
  const [shift, scale] = modulation(p.scope('final'), cond, width, 2)
  return dense(p.scope('out'), modulatedNorm(h, shift, scale), out, { init: zeros })
}
