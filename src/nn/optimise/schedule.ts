import { ConfigError } from '../../base/errors.ts'

/** How the learning rate changes: up in a line over `warmup` steps, then down half a cosine to `floor` * rate. */
export interface Schedule {
  /** The highest learning rate. */
  readonly rate: number
  readonly warmup: number
  /** Steps until the floor is reached; Infinity keeps the rate constant after the warm-up. */
  readonly steps: number
  readonly floor: number
}

/** @throws ConfigError for values that make no schedule */
export function schedule({
  rate,
  warmup = 0,
  steps,
  floor = 0,
}: Partial<Schedule> & { rate: number; steps: number }) {
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new ConfigError(`learning rate ${rate}: it must be positive`)
  if (!(Number.isInteger(warmup) && warmup >= 0 && warmup <= steps))
    throw new ConfigError(
      `warm-up of ${warmup} steps: it must be a whole number up to the schedule's ${steps}`,
    )
  if (!(floor >= 0 && floor <= 1)) throw new ConfigError(`floor ${floor}: it is a share of the rate, 0 to 1`)
  return { rate, warmup, steps, floor }
}

/** The learning rate of update `step`, counted from 1 (Loshchilov & Hutter 2017, SGDR, eq. 5, after the warm-up). */
export function learningRate({ rate, warmup, steps, floor }: Schedule, step: number): number {
  if (step <= warmup) return (rate * step) / warmup
  if (steps === Infinity) return rate
  const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup))
  return rate * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done)))
}
