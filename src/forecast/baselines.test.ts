import { describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import type { Series } from '../io/series.ts'
import { climatology } from './climatology.ts'
import { persistence } from './persistence.ts'
import { seasonOf } from './surrogate.ts'

const channels = ChannelSet.of('z500,t850')
const grid = Grid.equiangular(4, 8)
const normaliser = new Normaliser({ names: channels.names, mean: [0, 0], std: [1, 1] })
const stateSize = 64
const day = 86_400_000
const start = Date.parse('1983-01-01')

function series(days: number, value: (time: number, i: number) => number): Series {
  const times = Float64Array.from({ length: days }, (_, d) => start + d * day)
  const data = new Float32Array(days * stateSize)
  for (let t = 0; t < days; t++)
    for (let i = 0; i < stateSize; i++) data[t * stateSize + i] = value(times[t], i)
  return {
    ...{ location: 'here', times, grid, channels, normaliser, statics: new Map(), data, stateSize },
    at: (t) => data.subarray(t * stateSize, (t + 1) * stateSize),
  }
}

it('persistence gives back what it gets at every step', async () => {
  const states = Float32Array.from({ length: 2 * stateSize }, (_, i) => i)
  const seen: number[] = []
  const model = persistence({ channels, grid, normaliser }, 12)
  const out = await model.forecast(states, [0, day], 3, (step, now) => {
    seen.push(step)
    expect(now).toEqual(states)
  })
  expect([model.stepHours, seen, out]).toEqual([12, [1, 2, 3], states])
  expect(out).not.toBe(states)
})

describe('climatology', () => {
  it('finds a seasonal cycle exactly and gives it for the time of the forecast', async () => {
    const cycle = (time: number, i: number) => {
      const [s, c] = seasonOf([time])
      return i / 10 + Math.cos(i) * s - 0.3 * i * c
    }
    const model = climatology(series(330, cycle), 6)
    const out = await model.forecast(new Float32Array(stateSize), [start + 340 * day], 8)
    for (let i = 0; i < stateSize; i++) expect(out[i]).toBeCloseTo(cycle(start + 342 * day, i), 3)
  })

  it('is the mean where the series is too short for a season', async () => {
    const model = climatology(
      series(100, (time, i) => i + (((time - start) / day) % 2)),
      24,
    )
    const out = await model.forecast(new Float32Array(stateSize), [start], 1)
    for (let i = 0; i < stateSize; i++) expect(out[i]).toBeCloseTo(i + 0.5, 4)
  })
})
