import {
  dense,
  initialisers,
  learnedPosition,
  mlp,
  type Parameters,
  patchify,
  scaledLayerNorm,
  selfAttention,
  unpatchify,
  windowAttention,
} from '../nn/index.ts'
import type { Tensor } from '../tensor/index.ts'
import type { LatentSize } from './config.ts'

/** The grid the autoencoder works on and its number of channels. */
export interface StateShape {
  readonly channels: number
  readonly lat: number
  readonly lon: number
}

/** Shape of a latent: [channel, rows, columns]. */
export function latentShape(
  { lat, lon }: StateShape,
  { patch, channels }: LatentSize,
): [number, number, number] {
  return [channels, lat / patch[0], lon / patch[1]]
}

/** Mean and log-variance of q(z | x), each [batch, channel, rows, columns]. */
export interface Posterior {
  readonly mean: Tensor
  readonly logVariance: Tensor
}

/**
 * Encoder of a variational autoencoder (Kingma & Welling 2014): normalised states x [batch, channel, lat, lon] ->
 * q(z | x). A linear map of each patch, with weights of its own for every row of patches (the atmosphere's
 * covariances change with latitude), plus a transformer's correction that is zero at first: started from principal
 * components, training only has to find what they miss. The variance is one number a latent channel.
 */
export function encode(p: Parameters, x: Tensor, size: LatentSize): Posterior {
  const [batch, , lat, lon] = x.shape
  const [rows, columns] = [lat / size.patch[0], lon / size.patch[1]]
  const tokens = patchify(x, size.patch)
  const linear = rowLinear(p.scope('linear'), tokens, rows, size.channels)
  const correction =
    size.blocks === 0
      ? undefined
      : transform(p.scope('encoder'), tokens, [rows, columns], size.channels, size)
  const z = correction ? linear.add(correction) : linear
  const mean = z.reshape(batch, rows, columns, size.channels).transpose(0, 3, 1, 2)
  const logVariance = p.get('logVariance', [size.channels, 1, 1], initialisers.constant(-9), { decay: false })
  return { mean, logVariance: logVariance.expand(...mean.shape) }
}

/** Decoder: z [batch, channel, rows, columns] -> normalised states [batch, channel, lat, lon]. */
export function decode(
  p: Parameters,
  z: Tensor,
  { channels, lat, lon }: StateShape,
  size: LatentSize,
): Tensor {
  const [batch, d, rows, columns] = z.shape
  const tokens = z.transpose(0, 2, 3, 1).reshape(batch, rows * columns, d)
  const numbers = channels * size.patch[0] * size.patch[1]
  const linear = rowLinear(p.scope('inverse'), tokens, rows, numbers)
  const correction =
    size.blocks === 0 ? undefined : transform(p.scope('decoder'), tokens, [rows, columns], numbers, size)
  return unpatchify(correction ? linear.add(correction) : linear, size.patch, [lat, lon])
}

/** Tokens [batch, rows * columns, k] times a matrix for each row, plus an offset for each row. */
function rowLinear(p: Parameters, tokens: Tensor, rows: number, out: number): Tensor {
  const [batch, count, k] = tokens.shape
  const columns = count / rows
  const weight = p.get('weight', [rows, k, out], initialisers.truncatedNormal(k ** -0.5), { decay: false })
  const bias = p.get('bias', [rows, 1, out], initialisers.zeros, { decay: false })
  const byRow = tokens
    .reshape(batch, rows, columns, k)
    .transpose(1, 0, 2, 3)
    .reshape(rows, batch * columns, k)
  return byRow
    .matmul(weight)
    .add(bias)
    .reshape(rows, batch, columns, out)
    .transpose(1, 0, 2, 3)
    .reshape(batch, count, out)
}

/** A pre-norm transformer over the tokens of a map; all but every fourth block attend within windows. */
function transform(
  p: Parameters,
  tokens: Tensor,
  grid: [number, number],
  out: number,
  { width, blocks, heads, window }: LatentSize,
): Tensor {
  let h = dense(p.scope('embed'), tokens, width).add(learnedPosition(p, tokens.shape[1], width))
  for (let i = 0; i < blocks; i++) {
    const q = p.scope(`block${i}`)
    const y = scaledLayerNorm(q.scope('norm1'), h)
    const everything = i % 4 === Math.min(3, blocks - 1)
    h = h.add(
      everything
        ? selfAttention(q.scope('attention'), y, { heads })
        : windowAttention(q.scope('attention'), y, {
            grid,
            window,
            heads,
            shift: i % 2 ? [window[0] / 2, window[1] / 2] : [0, 0],
          }),
    )
    h = h.add(mlp(q.scope('mlp'), scaledLayerNorm(q.scope('norm2'), h)))
  }
  return dense(p.scope('out'), h, out, { init: initialisers.zeros })
}

/** z = mean + exp(logVariance / 2) noise: a sample of q(z | x) that gradients pass through. */
export function reparameterise({ mean, logVariance }: Posterior, noise: Tensor): Tensor {
  return mean.add(logVariance.mul(0.5).exp().mul(noise))
}

/** KL divergence of q(z | x) from N(0, 1), mean over all numbers: (mu^2 + var - 1 - log var) / 2. */
export function klDivergence({ mean, logVariance }: Posterior): Tensor {
  return mean.square().add(logVariance.exp()).sub(1).sub(logVariance).mul(0.5).mean()
}
