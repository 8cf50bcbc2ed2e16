import { ConfigError } from '../../base/errors.ts'
import type { Tensor } from '../../tensor/index.ts'

/** Settings of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101). */
export interface AdamW {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Decoupled weight decay, multiplied by the learning rate of the step. */
  readonly decay: number
}

/** @throws ConfigError for values out of range */
export function adamw({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  decay = 0.01,
}: Partial<AdamW> = {}): AdamW {
  for (const [name, beta] of Object.entries({ beta1, beta2 }))
    if (!(beta >= 0 && beta < 1))
      throw new ConfigError(`AdamW ${name} ${beta}: it must be at least 0 and below 1`)
  if (!(epsilon > 0)) throw new ConfigError(`AdamW epsilon ${epsilon}: it must be positive`)
  if (!(decay >= 0)) throw new ConfigError(`AdamW decay ${decay}: it must not be negative`)
  return { beta1, beta2, epsilon, decay }
}

/** The numbers of one update that depend on its place in training. Inputs of the program, computed on the host. */
export interface AdamWScalars<T> {
  readonly size: T
  readonly epsilon: T
  readonly keep: T
}

/**
 * AdamW (Loshchilov & Hutter 2019, algorithm 2) with the moments kept as sums, M = m / (1 - beta1) and
 * V = v / (1 - beta2), so that each takes one multiplication less:
 *
 *   M <- beta1 M + g,  V <- beta2 V + g^2,  w <- keep w - size M / (sqrt(V) + epsilon)
 *
 * With the bias corrections c1 = (1 - beta1) / (1 - beta1^t) and c2 = (1 - beta2) / (1 - beta2^t) and the learning
 * rate lr: size = lr c1 / sqrt(c2), epsilon / sqrt(c2) and keep = 1 - lr decay.
 */
export function adamwScalars(
  { beta1, beta2, epsilon, decay }: AdamW,
  rate: number,
  step: number,
): AdamWScalars<number> {
  const c1 = (1 - beta1) / (1 - beta1 ** step)
  const root = Math.sqrt((1 - beta2) / (1 - beta2 ** step))
  return { size: (rate * c1) / root, epsilon: epsilon / root, keep: 1 - rate * decay }
}

export interface AdamWState {
  readonly weight: Tensor
  readonly moment1: Tensor
  readonly moment2: Tensor
}

/** The state after one update with this gradient; `decays` says whether the weight is one that decays. */
export function adamwUpdate(
  { weight, moment1, moment2 }: AdamWState,
  gradient: Tensor,
  { beta1, beta2, decay }: AdamW,
  scalars: AdamWScalars<Tensor>,
  decays: boolean,
): AdamWState {
  const m = moment1.mul(beta1).add(gradient)
  const v = moment2.mul(beta2).add(gradient.square())
  const change = m.div(v.sqrt().add(scalars.epsilon)).mul(scalars.size)
  const kept = decays && decay > 0 ? weight.mul(scalars.keep) : weight
  return { weight: kept.sub(change), moment1: m, moment2: v }
}
