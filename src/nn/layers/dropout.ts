import { ConfigError } from '../../base/errors.ts'
import type { Seed } from '../../random/address.ts'
import { stream } from '../../random/stream.ts'
import { type DType, input, type Tensor, type TypedArray } from '../../tensor/index.ts'
import { convert } from '../../tensor/ops/source.ts'
import { shapeError, sizeOf } from '../../tensor/shape.ts'

/**
 * What is dropped together: single numbers, whole tokens (all but the first two axes [batch, tokens]), or whole
 * samples (all but the first axis: stochastic depth, Huang et al. 2016, when applied to a residual branch).
 * Tokens and samples cost next to nothing; single numbers need as many random numbers as x has.
 */
export type DropoutKind = 'element' | 'token' | 'sample'

/**
 * Dropout (Srivastava et al. 2014), kept values divided by the chance of keeping so that nothing changes on average.
 * Masks are inputs of the program, drawn on the host from streams keyed by (seed, step, place): a resumed run has
 * the same ones. Networks take an optional `Dropout`; without one nothing is dropped.
 */
export class Dropout {
  readonly rate: number
  private readonly masks = new Map<string, Tensor>()
  private readonly dtype: DType

  /** @throws ConfigError unless 0 <= rate < 1 */
  constructor(rate: number, { dtype = 'float32' }: { dtype?: DType } = {}) {
    if (!(rate >= 0 && rate < 1))
      throw new ConfigError(`dropout rate ${rate}: it must be at least 0 and below 1`)
    this.rate = rate
    this.dtype = dtype
  }

  /** x with parts dropped; `place` names the spot in the network and can be used once. */
  apply(place: string, x: Tensor, kind: DropoutKind = 'element'): Tensor {
    if (this.rate === 0) return x
    if (this.masks.has(place)) throw shapeError('dropout', `two places are named '${place}'`)
    const whole = { element: x.rank, token: 2, sample: 1 }[kind]
    const shape = x.shape.map((n, i) => (i < whole ? n : 1))
    const mask = input(`dropout.${place}`, shape, this.dtype)
    this.masks.set(place, mask)
    return x.mul(mask)
  }

  /** The masks of one training step, by input name. */
  feeds(seed: Seed, step: number): Record<string, TypedArray> {
    const kept = 1 / (1 - this.rate)
    return Object.fromEntries(
      [...this.masks].map(([place, { shape }]) => {
        const u = stream(seed, 'dropout', step, place).uniform(new Float32Array(sizeOf(shape)))
        return [
          `dropout.${place}`,
          convert(
            u.map((v) => (v < this.rate ? 0 : kept)),
            this.dtype,
          ),
        ]
      }),
    )
  }
}
