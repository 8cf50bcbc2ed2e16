import { logSnr } from '../schedule.ts'
import { type Spacing, startScale, timeGrid } from '../timeGrid.ts'
import { loop, type Sampler } from './sampler.ts'

/** Settings of `dpmSolver`. */
export interface DpmSolverOptions {
  steps?: number
  spacing?: Spacing
}

/**
 * DPM-Solver++(2M) (Lu et al. 2022, "DPM-Solver++", algorithm 2): with lambda = log(mu / sigma), h = lambda' - lambda
 * and r = h of the step before / h,
 *   D = (1 + 1 / (2 r)) z0 - 1 / (2 r) z0 of the step before;  z' = (sigma' / sigma) z - mu' (exp(-h) - 1) D.
 * Deterministic, second order, one network call a step; the first step is DDIM's.
 */
export function dpmSolver({ steps = 20, spacing = 'logSnr' }: DpmSolverOptions = {}): Sampler {
  return {
    name: 'dpm-solver++',
    calls: steps,
    noises: 0,
    build(denoiser, start, _noise, hooks = {}) {
      const { schedule } = denoiser
      const times = timeGrid(schedule, steps, spacing)
      const lambda = times.map((t) => logSnr(schedule, t))
      const rows = times.slice(1).map((to, k) => {
        const h = lambda[k + 1] - lambda[k]
        return {
          t: times[k],
          ratio: schedule.sigma(to) / schedule.sigma(times[k]),
          gain: -schedule.mu(to) * Math.expm1(-h),
          before: k === 0 ? 0 : h / (2 * (lambda[k] - lambda[k - 1])),
        }
      })
      const initial = start.mul(startScale(schedule, times[0]))
      const [z] = loop(
        denoiser,
        rows,
        [initial, initial],
        undefined,
        hooks,
        ([carry, last], { t, ratio, gain, before }, call) => {
          const { z_t, z0 } = call(carry, t)
          const extrapolated = z0.add(z0.sub(last).mul(before))
          return [z_t.mul(ratio).add(extrapolated.mul(gain)), z0]
        },
      )
      return z
    },
  }
}
