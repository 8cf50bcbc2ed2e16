import { expect, it } from 'vitest'
import { lorenz96Methods } from './methods.ts'
import { climate, twin } from './twin.ts'

const cycles = 300
const twins = new Map(
  [1, 4].map((stepsPerCycle) => [
    stepsPerCycle,
    twin({ seed: 1, cycles: cycles / stepsPerCycle, stepsPerCycle, burnInTime: 10 }),
  ]),
)

// The full run, with the tolerance of 0.02, is `npm run eval:lorenz96`; here a short one, with its sampling error.
it.each(lorenz96Methods)('$method has its published RMSE of $published', async (m) => {
  const experiment = twins.get(m.stepsPerCycle)
  if (!experiment) throw new Error('no such experiment')
  const { rmse, standardError } = await m.run(experiment, 1, () => {})
  expect(standardError).toBeLessThan(0.03 * m.published + 0.02)
  expect(Math.abs(rmse - m.published)).toBeLessThan(0.02 + 3 * standardError)
})

it('the climate is that of the model: mean 2.34 and standard deviation 3.64', () => {
  const { mean, covariance } = climate()
  expect(mean[0]).toBeCloseTo(2.34, 1)
  expect(Math.sqrt(covariance[0])).toBeCloseTo(3.64, 1)
})

it('an experiment is its seed: the shorter one is the beginning of the longer', () => {
  const short = twin({ seed: 1, cycles: 3, burnInTime: 1 })
  const long = twin({ seed: 1, cycles: 9, burnInTime: 1 })
  expect(long.observations.slice(0, short.observations.length)).toEqual(short.observations)
  expect(twin({ seed: 2, cycles: 3, burnInTime: 1 }).truth[5]).not.toEqual(short.truth[5])
})
