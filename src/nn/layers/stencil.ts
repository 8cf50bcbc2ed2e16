import { concat, layerNorm, roll, shift, type Tensor } from '../../tensor/index.ts'
import { zeros } from '../initialisers.ts'
import type { Parameters } from '../parameters.ts'
import { dense } from './dense.ts'
import { type Activation, activations } from './mlp.ts'

/** Settings of `stencil`. */
export interface StencilOptions {
  /** Width of the hidden layer. */
  hidden: number
  activation?: Activation
}

/**
 * A residual layer in which every point of a map x [batch, lat, lon, c] sees itself and its four neighbours:
 * x + W2 f(W1 (centre, west, east, north, south)), on the layer-normalised map. Zonally periodic; beyond the poles
 * are zeros. It is the five-point stencil of a finite-difference scheme with learned, non-linear coefficients, and
 * the cheapest way there is to let neighbouring tokens exchange what the next few hours of weather need.
 */
export function stencil(
  p: Parameters,
  x: Tensor,
  { hidden, activation = 'squaredRelu' }: StencilOptions,
): Tensor {
  const [batch, lat, lon, width] = x.shape
  const y = layerNorm(x)
  const around = concat([y, roll(y, 1, 2), roll(y, -1, 2), shift(y, 1, 1), shift(y, -1, 1)], 3)
  const flat = around.reshape(batch * lat * lon, 5 * width)
  const h = activations[activation](dense(p.scope('in'), flat, hidden))
  return x.add(dense(p.scope('out'), h, width, { init: zeros }).reshape(...x.shape))
}
