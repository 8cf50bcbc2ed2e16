import { constant, gather, scan, type Tensor } from '../../tensor/index.ts'
import { sizeOf } from '../../tensor/shape.ts'
import type { Denoiser, Prediction } from '../denoiser.ts'

/**
 * A way from noise to samples. Every sampler is one loop with one network call a turn, so that the size of the
 * program does not depend on the number of steps, and guidance through a decoder is compiled once.
 */
export interface Sampler {
  readonly name: string
  /** Network calls of a run. */
  readonly calls: number
  /** Standard normal fields it takes besides the initial one. */
  readonly noises: number
  /**
   * Samples [batch, ..] from standard normal fields: `start` [batch, ..] and, if noises > 0, `noise`
   * [noises, batch, ..].
   */
  build(denoiser: Denoiser, start: Tensor, noise?: Tensor, hooks?: SamplerHooks): Tensor
}

/** What is done to z_t at each step of a sampler. */
export interface SamplerHooks {
  /**
   * Changes z_t itself before each network call, as Repaint does: z_t at t [batch], in the given turn (int64, from 0;
   * `gather` a row of an own input by it) -> z_t.
   */
  constrain?: (z_t: Tensor, t: Tensor, turn: Tensor) => Tensor
}

/** Calls the denoiser at a scalar time, after the constraint; also returns the constrained z_t. */
export type Call = (z: Tensor, t: Tensor) => Prediction & { readonly z_t: Tensor }

/**
 * The loop: `body(carry, coefficients, call, noise)` for each row of coefficients, computed on the host in float64.
 * `noise(k)` is the noise of row k of the input, k a coefficient of the turn.
 */
export function loop<Name extends string>(
  denoiser: Denoiser,
  rows: readonly Readonly<Record<Name, number>>[],
  init: readonly Tensor[],
  noise: Tensor | undefined,
  { constrain }: SamplerHooks,
  body: (
    carry: Tensor[],
    coefficients: Readonly<Record<Name, Tensor>>,
    call: Call,
    noise: (row: Tensor) => Tensor,
  ) => Tensor[],
): Tensor[] {
  const names = Object.keys(rows[0]) as Name[]
  const { dtype, shape } = init[0]
  const table = names.map((name) =>
    constant(
      Float64Array.from(rows, (r) => r[name]),
      { dtype },
    ),
  )
  const turns = constant(
    rows.map((_, k) => k),
    { dtype: 'int64' },
  )
  const { carry } = scan(
    (state, [turn, ...scalars]) => {
      const call: Call = (z, t) => {
        const times = t.reshape(1).expand(shape[0])
        const z_t = constrain ? constrain(z, times, turn) : z
        return { ...denoiser.predict(z_t, times), z_t }
      }
      const draw = (row: Tensor) => gather(noise as Tensor, row.cast('int64')).reshape(...shape)
      const coefficients = Object.fromEntries(names.map((name, i) => [name, scalars[i]]))
      return { carry: body(state, coefficients as Record<Name, Tensor>, call, draw) }
    },
    init,
    [turns, ...table],
  )
  return carry
}

/** The mean square of each sample, [batch, 1, ..]. */
export function meanSquare(x: Tensor): Tensor {
  const axes = x.shape.map((_, i) => i).slice(1)
  return x.sumSquare(axes, { keep: true }).mul(1 / sizeOf(x.shape.slice(1)))
}
