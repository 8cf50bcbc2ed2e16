import type { Forecaster } from './forecaster.ts'
import type { World } from './world.ts'

/** The forecast that nothing changes: what any model has to beat at short leads. */
export function persistence({ channels, grid, normaliser }: World, stepHours = 6): Forecaster {
  return {
    name: 'persistence',
    stepHours,
    channels,
    grid,
    normaliser,
    async forecast(states, _times, steps, onStep) {
      const current = states.slice()
      for (let step = 1; step <= steps; step++) onStep?.(step, current)
      return current
    },
    step: (states) => states,
    close: async () => {},
  }
}
