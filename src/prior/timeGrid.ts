import { ConfigError } from '../base/errors.ts'
import { logSnr, type NoiseSchedule, timeOf } from './schedule.ts'

/**
 * How the times of a sampler are spread: evenly in t, evenly in log(mu / sigma) (Lu et al. 2022), or evenly in
 * (sigma / mu)^(1 / 7) (Karras et al. 2022, eq. 5).
 */
export type Spacing = 'time' | 'logSnr' | 'karras'
export const spacings = ['time', 'logSnr', 'karras'] as const satisfies readonly Spacing[]

const rho = 7

/**
 * log(mu / sigma) where grids that are even in it, or in (sigma / mu)^(1 / 7), begin and end. Schedules reach
 * further (the cosine one to 6.9 either way), where nothing is decided and few steps would be lost: at -3.5 a latent
 * is 3 % of z_t, at 5 noise is 0.7 % of it.
 */
const range = [-3.5, 5] as const

/**
 * The steps + 1 falling times of a sampler: the whole schedule for `time`, the part of it within `range` otherwise.
 * @throws ConfigError unless steps is a whole number of at least 1
 */
export function timeGrid(schedule: NoiseSchedule, steps: number, spacing: Spacing): number[] {
  if (!Number.isInteger(steps) || steps < 1)
    throw new ConfigError(`a sampler of ${steps} steps: it must be a whole number of at least 1`)
  const noisy = Math.max(range[0], logSnr(schedule, 1))
  const clean = Math.min(range[1], logSnr(schedule, schedule.first))
  return Array.from({ length: steps + 1 }, (_, k) => {
    const between = (a: number, b: number) => a + ((b - a) * k) / steps
    if (spacing === 'time') return between(1, schedule.first)
    if (spacing === 'logSnr') return timeOf(schedule, between(noisy, clean))
    return timeOf(schedule, -rho * Math.log(between(Math.exp(-noisy / rho), Math.exp(-clean / rho))))
  })
}

/**
 * The standard deviation of z_t for latents of variance 1, sqrt(mu^2 + sigma^2): the size of the initial noise. A
 * grid that begins before pure noise so begins with the right spread.
 */
export function startScale(schedule: NoiseSchedule, t: number): number {
  return Math.hypot(schedule.mu(t), schedule.sigma(t))
}
