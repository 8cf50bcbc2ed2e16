import type { Analysis, AssimilationCase, AssimilationOptions, Assimilator } from './assimilator.ts'
import { analysisOf } from './diagnostics.ts'

/**
 * A variational method whose ensemble has the minimum of the cost for its mean: the draws are moved there. The mean of a
 * few draws is off by their spread over the square root of their number, wherever there are observations or not.
 */
export function aboutMinimum(variational: Assimilator): Assimilator {
  return {
    name: variational.name,
    settings: { ...variational.settings, mean: 'minimum' },
    async assimilate(given: AssimilationCase, options: AssimilationOptions): Promise<Analysis> {
      const { members, seed } = options
      const minimum = await variational.assimilate(given, { members: 1, seed })
      if (members === 1) return minimum
      const drawn = await variational.assimilate(given, options)
      const n = minimum.mean.length
      const states = drawn.states.slice()
      for (let p = 0; p < states.length; p += n)
        for (let i = 0; i < n; i++) states[p + i] += minimum.mean[i] - drawn.mean[i]
      const { chiSquare, message } = { ...minimum.diagnostics, ...drawn.diagnostics }
      return analysisOf(given, states, members, {
        ...(chiSquare !== undefined && { chiSquare }),
        ...(message && { message }),
      })
    },
    close: () => variational.close(),
  }
}
