import { concat, constant, silu, type Tensor } from '../../tensor/index.ts'
import { shapeError, show } from '../../tensor/shape.ts'
import { truncatedNormal } from '../initialisers.ts'
import type { Parameters } from '../parameters.ts'
import { dense } from './dense.ts'

/**
 * Cosines and sines of t at `width / 2` geometric frequencies from 1 down to about 1 / longest (Vaswani et al. 2017,
 * section 3.5, with the halves side by side as in DDPM): t [batch] -> [batch, width]. Times in [0, 1] are usually
 * multiplied by 1000 first.
 */
export function timeEmbedding(t: Tensor, width: number, longest = 10_000): Tensor {
  if (t.rank !== 1 || width % 2)
    throw shapeError(
      'timeEmbedding',
      `takes times [batch] and an even width, not ${show(t.shape)} and ${width}`,
    )
  const half = width / 2
  const frequencies = Float64Array.from({ length: half }, (_, i) => longest ** (-i / half))
  const angle = t.reshape(-1, 1).mul(constant(frequencies, { shape: [1, half], dtype: t.dtype }))
  return concat([angle.cos(), angle.sin()], 1)
}

/** The conditioning vector of a time: its embedding through two dense layers, [batch] -> [batch, width]. */
export function timeConditioning(p: Parameters, t: Tensor, width: number): Tensor {
  const init = truncatedNormal(0.02)
  const hidden = silu(dense(p.scope('up'), timeEmbedding(t, width), width, { init }))
  return dense(p.scope('down'), hidden, width, { init })
}
