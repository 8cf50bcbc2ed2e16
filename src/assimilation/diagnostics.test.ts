import { expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { observationTable } from '../io/observations/table.ts'
import { buildOperator } from '../observation/build.ts'
import { ErrorCovariance } from '../observation/error-covariance.ts'
import { ObservationOperator } from '../observation/operator.ts'
import { stream } from '../random/stream.ts'
import { analysisOf } from './diagnostics.ts'

const grid = Grid.equiangular(6, 12)
const channels = ChannelSet.of('u10, v10')
const normaliser = new Normaliser({ names: channels.names, mean: [0, 0], std: [1, 1] })
const world = { grid, channels, normaliser }

/** A wind of 10 m/s everywhere, from a direction in degrees. */
function windFrom(direction: number): Float32Array {
  const state = new Float32Array(2 * grid.size)
  const angle = (direction * Math.PI) / 180
  state.fill(-10 * Math.sin(angle), 0, grid.size)
  state.fill(-10 * Math.cos(angle), grid.size)
  return state
}

it('the spread of directions goes the short way round, so that north is as any other direction', () => {
  const table = observationTable({
    ...{ time: [0], latitude: [grid.latitude[2]], longitude: [grid.longitude[3]] },
    ...{ variable: ['dd10'], value: [0], pressure: [Number.NaN] },
  })
  const { operator } = buildOperator(table, grid, channels)
  const R = new ErrorCovariance([10])
  // Departure and deviations about the mean direction: -2, 2, -1, 1 degrees have a variance of 10 / 3.
  const expected = 3 ** 2 / (10 ** 2 + 10 / 3)
  for (const mean of [0, 90, 180, 270, 359]) {
    const states = [-2, 2, -1, 1].flatMap((turn) => Array.from(windFrom(mean + turn)))
    const { diagnostics } = analysisOf(
      {
        index: 0,
        background: { world, states: windFrom(mean) },
        observations: { operator, y: Float64Array.of((mean + 3) % 360), R },
      },
      Float32Array.from(states),
      4,
    )
    expect(diagnostics.normalisedDeparture).toBeCloseTo(expected, 4)
  }
})

it.each([
  [4, true],
  [5, true],
  [2, true],
  [4, false],
])('the spread of %i members with errors of one is one (mirrored: %s)', (members, antithetic) => {
  const n = 2000 * grid.size * channels.length
  const independent = stream(1, 'errors').normal(new Float32Array(members * n))
  // The partner of an odd member has the same errors with the other sign; a last one without a partner its own.
  const states = independent.map((v, p) =>
    antithetic && Math.floor(p / n) % 2 === 1 ? -independent[p - n] : v,
  )
  const operator = new ObservationOperator([], n, 'normalised')
  const { diagnostics } = analysisOf(
    {
      index: 0,
      background: { world, states: new Float32Array(n) },
      observations: { operator, y: new Float64Array(0), R: new ErrorCovariance([]) },
    },
    states,
    members,
    { antithetic },
  )
  expect(diagnostics.spread).toBeCloseTo(1, 2)
})
