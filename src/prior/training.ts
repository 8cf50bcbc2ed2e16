import { Dropout, type Parameters } from '../nn/index.ts'
import type { Seed } from '../random/address.ts'
import { stream } from '../random/stream.ts'
import { type Feeds, input, type Tensor } from '../tensor/index.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { PriorConfig } from './config.ts'
import { type DenoisingErrorOptions, denoisingError, trainingTimes } from './loss.ts'
import { networkDenoiser } from './network.ts'
import { schedules } from './schedule.ts'
import { type LatentStatistics, latentTarget } from './target.ts'

export interface PriorLossOptions extends Pick<DenoisingErrorOptions, 'weights'> {
  config: PriorConfig
  statistics: LatentStatistics
  /** Size of a latent, [d, h, w]. */
  shape: readonly [number, number, number]
  batch: number
  /** Drops residual branches and adds noise to the background; without it the loss is the validation's. */
  training?: boolean
}

/**
 * The training loss as an expression: the mean denoising error, in what the network predicts. Inputs of the program:
 * z and background [batch, d, h, w] (raw latents), season [batch, 2] if configured, and those of `draws`.
 */
export function priorLoss(p: Parameters, options: PriorLossOptions): PriorLoss {
  const { config, statistics, shape, batch, training = false, weights } = options
  const whole = [batch, ...shape]
  const field = (name: string) => input(name, whole, p.dtype)
  const [z, z_b, noise] = [field('z'), field('background'), field('noise')]
  const t = input('t', [batch], p.dtype)
  const noisy = training && config.backgroundNoise > 0
  const target = latentTarget(config.target, statistics, shape)
  const seen = target.condition(z_b)
  const background = noisy ? seen.add(field('backgroundNoise').mul(config.backgroundNoise)) : seen
  const season = config.season ? input('season', [batch, 2], p.dtype) : undefined
  const dropout = training && config.dropout > 0 ? new Dropout(config.dropout, { dtype: p.dtype }) : undefined
  const denoiser = networkDenoiser(p, config, { background, season }, { dropout })
  const space = config.prediction
  const each = denoisingError(denoiser, target.encode(z, z_b), t, noise, { space, weights })
  const schedule = schedules[config.schedule]()
  return {
    loss: each.mean(),
    each,
    draws(seed, index) {
      const normal = (name: string) => stream(seed, name, index).normal(new Float32Array(sizeOf(whole)))
      return {
        t: trainingTimes(schedule, seed, index, batch),
        noise: normal('denoising'),
        ...(noisy && { backgroundNoise: normal('background') }),
        ...dropout?.feeds(seed, index),
      }
    },
  }
}

export interface PriorLoss {
  readonly loss: Tensor
  /** The error of each sample, [batch]. */
  readonly each: Tensor
  /** Everything random in batch `index`: times, noise, noise on the background, dropout. */
  draws(seed: Seed, index: number): Feeds
}
