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
 * The steps + 1 times of a sampler, from 1 down to the first time of the schedule.
 * @throws {ConfigError} unless steps is a whole number of at least 1
 */
export function timeGrid(schedule: NoiseSchedule, steps: number, spacing: Spacing): number[] {
  if (!Number.isInteger(steps) || steps < 1)
    throw new ConfigError(`a sampler of ${steps} steps: it must be a whole number of at least 1`)
  const [noisy, clean] = [logSnr(schedule, 1), logSnr(schedule, schedule.first)]
  const inner = (k: number): number => {
    const share = k / steps
    const between = (a: number, b: number) => a + (b - a) * share
    if (spacing === 'time') return between(1, schedule.first)
    if (spacing === 'logSnr') return timeOf(schedule, between(noisy, clean))
    return timeOf(schedule, -rho * Math.log(between(Math.exp(-noisy / rho), Math.exp(-clean / rho))))
  }
  return Array.from({ length: steps + 1 }, (_, k) => (k === 0 ? 1 : k === steps ? schedule.first : inner(k)))
}
