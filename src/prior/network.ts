import { ConfigError } from '../base/errors.ts'
import { type Dropout, dit, type Parameters, patchify, unpatchify } from '../nn/index.ts'
import { zeros } from '../nn/initialisers.ts'
import { concat, type Tensor } from '../tensor/index.ts'
import type { PriorConfig } from './config.ts'
import { type Denoiser, fromEpsilon, fromVelocity, levelFor } from './denoiser.ts'
import { type Level, schedules } from './schedule.ts'

/** The parameter g of `scatter`: logarithms of the scale of samples' scatter, [1, d, h, 1]. */
export const scatterName = 'scatter'

/** What the prior is conditioned on. */
export interface Condition {
  /** The background latent in units of the climate, [batch, d, h, w]. */
  readonly background: Tensor
  /** Sine and cosine of the time of year, [batch, 2]; where the configuration asks for the season. */
  readonly season?: Tensor
}

/**
 * The learned denoiser of latents [batch, d, h, w]: patches as tokens through a DiT (Peebles & Xie 2023), the
 * background by cross-attention, beside the noisy latent, or both. The network sees z_t / s and its output F, 0 at
 * first, stands for eps, or for v = s F, with s^2 = mu^2 + sigma^2 (this is EDM's preconditioning for data of
 * variance 1; s is 1 to six digits under the cosine schedule). With `scatter` F also has what Gaussian samples of
 * variance lambda instead of 1 call for, lambda = exp(2 g) learned by channel and row: E[v | z_t] =
 * mu sigma (1 - lambda) / (mu^2 lambda + sigma^2) z_t; of `mirrored` pairs, members 2k and 2k + 1, this is about their
 * mean, which stays the reference's.
 * @throws ConfigError for `scatter` with a network that predicts epsilon
 */
export function networkDenoiser(
  p: Parameters,
  config: PriorConfig,
  { background, season }: Condition,
  { dropout, mirrored = false }: { dropout?: Dropout; mirrored?: boolean } = {},
): Denoiser {
  const { prediction, conditioning, patch, width, blocks, heads, mlp, activation, qkNorm } = config
  const schedule = schedules[config.schedule]()
  const given = patchify(background, patch)
  return {
    schedule,
    predict(z_t, t) {
      const level = levelFor(schedule, t, z_t)
      const s = level.mu.square().add(level.sigma.square()).sqrt()
      const tokens = patchify(z_t.div(s), patch)
      const x = conditioning === 'cross' ? tokens : concat([tokens, given], 2)
      const context = conditioning === 'concat' ? undefined : given
      const out = dit(p, x, t.mul(1000), context, {
        ...{ width, blocks, heads, mlp, activation, qkNorm, dropout },
        out: tokens.shape[2],
        ...(config.season && season && { vector: season }),
      })
      const f = unpatchify(out, patch, [z_t.shape[2], z_t.shape[3]])
      if (prediction === 'epsilon') {
        if (config.scatter)
          throw new ConfigError(
            'the scale of the scatter belongs to priors that predict v; this one predicts epsilon',
          )
        return fromEpsilon(z_t, f, level)
      }
      const v = f.mul(s)
      const scattered = mirrored ? fromPartners(z_t) : z_t
      return fromVelocity(z_t, config.scatter ? v.add(scattered.mul(scatterGain(p, z_t, level))) : v, level)
    },
  }
}

/** What members 2k and 2k + 1 deviate from their mean, [batch, d, h, w]. */
function fromPartners(z: Tensor): Tensor {
  const pairs = z.reshape(z.shape[0] / 2, 2, ...z.shape.slice(1))
  return pairs.sub(pairs.mean([1], { keep: true })).reshape(...z.shape)
}

/** What v is of z_t by the scatter alone, [batch, d, h, 1]. */
function scatterGain(p: Parameters, z_t: Tensor, { mu, sigma }: Level): Tensor {
  const [, d, h] = z_t.shape
  const lambda = p.get(scatterName, [1, d, h, 1], zeros).mul(2).exp()
  const variance = lambda.mul(mu.square()).add(sigma.square())
  return lambda.mul(-1).add(1).mul(mu.mul(sigma)).div(variance)
}
