import { describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { buildOperator } from '../observation/build.ts'
import { errorCovariance } from '../observation/error-covariance.ts'
import { columnNetwork, randomColumns } from '../observation/networks.ts'
import { simulate } from '../observation/simulate.ts'
import { stream } from '../random/stream.ts'
import { checkBackground, checkObserved } from './assimilator.ts'

/** Means and deviations of the model world. */
const channels = ChannelSet.of('t2m, u10, t500, z500, q100')
const typical: Readonly<Record<string, readonly [mean: number, std: number]>> = {
  ...{ t2m: [280, 19], u10: [-0.2, 3.4], t500: [251, 14], z500: [5.4e4, 2790], q100: [3e-6, 7e-6] },
}
const [mean, std] = [0, 1].map((k) => channels.names.map((name) => typical[name][k]))
const normaliser = new Normaliser({ names: channels.names, mean, std })
const world = { channels, grid: Grid.equiangular(8, 16), normaliser }
const n = channels.length * 128
const normal = (name: string) => stream(1, name).normal(new Float32Array(n))
const [states, truth] = [normal('background'), normal('truth')]
const real = (x: Float32Array) => normaliser.denormalise(x, 128)
const [time, random] = [0, stream(1, 'errors')]

function observe(units: 'physical' | 'normalised', error = 0.05) {
  const columns = randomColumns(world.grid, 0.2, stream(1, 'network'))
  const network = columnNetwork(world.grid, channels, columns, time)
  const { operator } = buildOperator(network, world.grid, channels, normaliser, { units })
  const exact = operator.apply(truth)
  const { table } = simulate(network, operator, truth, { error: 1e-9, random })
  const withErrors = { ...table, error: operator.deviation.map((d, i) => (error * d * operator.scale[i])) } // biome-ignore format: one table
  const R = errorCovariance(table, withErrors.error, { scale: operator.scale })
  return { operator, R, y: exact, table: withErrors }
}
const background = (x: Float32Array, of = world) =>
  checkBackground({ index: 0, background: { world: of, states: x }, observations: observe('normalised') }, of)

describe('states', () => {
  it('in SI units are refused, naming a channel and the remedy', () => {
    expect(background(states)).toBe(1)
    expect(() => background(real(states))).toThrow(
      /t2m .* standard deviations from its mean on average .*world\.normaliser\.normalise\(state/,
    )
    // The second of two members too.
    expect(() => background(Float32Array.from([...states, ...real(states)]))).toThrow('t2m')
  })

  it('with single values far out are not: humidity has such', () => {
    const odd = states.slice()
    odd[channels.index('q100') * 128 + 3] = 60
    expect(background(odd)).toBe(1)
    // What stands for a missing value is farther out.
    odd[channels.index('t500') * 128 + 3] = (-9999 - 251) / 14
    expect(() => background(odd)).toThrow('t500')
  })

  it('are SI units where the normaliser changes nothing', () => {
    const unit = { names: channels.names, mean: mean.map(() => 0), std: std.map(() => 1) }
    expect(background(real(states), { ...world, normaliser: new Normaliser(unit) })).toBe(1)
  })
})

describe('observations', () => {
  it.each(['physical', 'normalised'] as const)('in the %s units of the operator are not refused', (units) => {
    for (const error of [1e-8, 0.05, 100])
      expect(() => checkObserved(observe(units, error), world, states)).not.toThrow()
    // A gross error among them is for quality control to find.
    const given = observe(units)
    given.y[3] += 1e5
    expect(() => checkObserved(given, world, states)).not.toThrow()
  })

  it('in other units are refused, naming one and the remedy', () => {
    const [normalised, physical] = [observe('normalised'), observe('physical')]
    expect(() => checkObserved({ ...normalised, y: physical.y }, world, states)).toThrow(
      /of 130 observations miss .* observation \d+ \(t2m\) is 2\d\d.* normalised units; operator\.toUnits\(values\)/,
    )
    expect(() => checkObserved({ ...physical, y: normalised.y }, world, states)).toThrow('physical units')
    expect(() => checkObserved({ ...normalised, R: physical.R }, world, states)).toThrow(
      "R has the table's errors in SI units (observation 0 (u10): 0.17), the operator normalised units",
    )
  })
})
