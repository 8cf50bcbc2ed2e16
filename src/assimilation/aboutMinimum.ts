import type { Assimilator } from './assimilator.ts'
import { aboutMean, analysisOf } from './diagnostics.ts'

/**
 * A variational method whose ensemble has the minimum of the cost for its mean: the draws are moved there. The mean of a
 * few draws is off by their spread over the square root of their number, whether there are observations or not.
 * @param open the method; it is opened twice, since minimum and draws are programs of different batches
 */
export function aboutMinimum(open: () => Assimilator): Assimilator {
  const [minimum, draws] = [open(), open()]
  return {
    name: minimum.name,
    settings: minimum.settings,
    async assimilate(given, options) {
      const { members, seed } = options
      const best = await minimum.assimilate(given, { members: 1, seed })
      if (members === 1) return best
      const drawn = await draws.assimilate(given, options)
      const states = aboutMean(drawn.states, best.mean)
      const { chiSquare, message } = { ...best.diagnostics, ...drawn.diagnostics }
      const analysis = analysisOf(given, states, members, {
        ...(chiSquare !== undefined && { chiSquare }),
        ...(message && { message }),
      })
      return { ...analysis, mean: best.mean }
    },
    async close() {
      await minimum.close()
      await draws.close()
    },
  }
}
