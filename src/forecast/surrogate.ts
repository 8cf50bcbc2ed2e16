import {
  type Activation,
  dense,
  learnedPosition,
  type Parameters,
  patchify,
  stencil,
  unpatchify,
} from '../nn/index.ts'
import { concat, constant, type Tensor } from '../tensor/index.ts'

/** Size of the learned forecast model. */
export interface SurrogateSize {
  /** Grid points a token covers: [latitude, longitude]. */
  readonly patch: readonly [number, number]
  readonly width: number
  readonly blocks: number
  /** Hidden width of a block. */
  readonly hidden: number
  readonly activation?: Activation
}

/** What the model knows besides its weights. */
export interface SurrogateContext {
  /** Constant fields the model sees, scaled to order one: [s, lat, lon]. */
  readonly statics: Float32Array
  readonly grid: readonly [lat: number, lon: number]
  /** Standard deviation of one step's change of every channel, in normalised units: [channel]. */
  readonly changeStd: Float32Array
}

/**
 * One step of the learned forecast: normalised states x [batch, channel, lat, lon] and the time of year [batch, 2]
 * -> the states a step later. Tokens of a few grid points pass through layers in which each sees its neighbours; the
 * result is the change of the state, in units of its usual size, and at first zero: the model begins as persistence.
 */
export function surrogateStep(
  p: Parameters,
  x: Tensor,
  season: Tensor,
  { statics, grid: [lat, lon], changeStd }: SurrogateContext,
  { patch, width, blocks, hidden, activation }: SurrogateSize,
): Tensor {
  const [batch, channels] = x.shape
  const count = statics.length / (lat * lon)
  const still = constant(statics, { shape: [1, count, lat, lon] }).expand(batch, count, lat, lon)
  const tokens = patchify(concat([x, still], 1), patch)
  const [rows, columns] = [lat / patch[0], lon / patch[1]]
  let h = dense(p.scope('embed'), tokens, width)
    .add(learnedPosition(p, rows * columns, width))
    .add(dense(p.scope('season'), season, width).reshape(batch, 1, width))
    .reshape(batch, rows, columns, width)
  for (let i = 0; i < blocks; i++) h = stencil(p.scope(`block${i}`), h, { hidden, activation })
  const out = dense(p.scope('out'), h.reshape(batch, rows * columns, width), channels * patch[0] * patch[1], {
    init: (shape) => new Float32Array(shape[0] * shape[1]),
  })
  const scale = constant(changeStd, { shape: [channels, 1, 1] })
  return x.add(unpatchify(out, patch, [lat, lon]).mul(scale))
}

const year = 365.2425 * 86_400_000

/** Sine and cosine of the time of year: [2] for each time (milliseconds since 1970-01-01). */
export function seasonOf(times: ArrayLike<number>): Float32Array {
  const out = new Float32Array(2 * times.length)
  for (let i = 0; i < times.length; i++) {
    const phase = (2 * Math.PI * times[i]) / year
    out[2 * i] = Math.sin(phase)
    out[2 * i + 1] = Math.cos(phase)
  }
  return out
}
