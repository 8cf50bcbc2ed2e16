import { type Dropout, dit, type Parameters, patchify, unpatchify } from '../nn/index.ts'
import { concat, type Tensor } from '../tensor/index.ts'
import type { PriorConfig } from './config.ts'
import { type Denoiser, fromEpsilon, fromVelocity, levelFor } from './denoiser.ts'
import { schedules } from './schedule.ts'

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
 * variance 1; s is 1 to six digits under the cosine schedule).
 */
export function networkDenoiser(
  p: Parameters,
  config: PriorConfig,
  { background, season }: Condition,
  { dropout }: { dropout?: Dropout } = {},
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
      return prediction === 'epsilon' ? fromEpsilon(z_t, f, level) : fromVelocity(z_t, f.mul(s), level)
    },
  }
}
