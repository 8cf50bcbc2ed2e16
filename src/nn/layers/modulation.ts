import { layerNorm, silu, type Tensor } from '../../tensor/index.ts'
import { zeros } from '../initialisers.ts'
import type { Parameters } from '../parameters.ts'
import { dense } from './dense.ts'

/**
 * `count` vectors [batch, 1, width] computed from the conditioning cond [batch, c], all zero at first: the shifts,
 * scales and gates of adaLN-zero (Peebles & Xie 2023, section 3.2).
 */
export function modulation(p: Parameters, cond: Tensor, width: number, count: number): Tensor[] {
  const all = dense(p, silu(cond), count * width, { init: zeros })
  return Array.from({ length: count }, (_, i) =>
    all.slice(null, [i * width, (i + 1) * width]).reshape(cond.shape[0], 1, width),
  )
}

/** Layer normalisation whose shift and scale - 1 come from the conditioning: x [batch, tokens, width]. */
export function modulatedNorm(x: Tensor, shift: Tensor, scale: Tensor): Tensor {
  return layerNorm(x).mul(scale.add(1)).add(shift)
}
