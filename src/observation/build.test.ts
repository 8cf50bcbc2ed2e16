import { describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { ConfigError, DataError, ShapeError } from '../base/errors.ts'
import { observationTable } from '../io/observations/table.ts'
import { input } from '../tensor/index.ts'
import { buildOperator, countRejected } from './build.ts'
import { channels, grid, normaliser, normals, randomTable, stateOf } from './testing/worlds.ts'
import { timeSlots, windowAround } from './window.ts'

const noon = Date.UTC(2020, 10, 1, 12)
/** One observation at each of the places [latitude, longitude, pressure Pa]. */
const at = (variable: string, places: readonly (readonly [number, number, number])[]) =>
  observationTable({
    time: places.map(() => noon),
    latitude: places.map((p) => p[0]),
    longitude: places.map((p) => p[1]),
    pressure: places.map((p) => p[2]),
    variable: places.map(() => variable),
    value: places.map(() => 0),
  })
const observe = (variable: string, places: readonly (readonly [number, number, number])[], x: Float64Array) =>
  buildOperator(at(variable, places), grid, channels).operator.apply(x)

describe('interpolation', () => {
  it('is exact for fields linear in latitude, longitude and log pressure', () => {
    const field = (latitude: number, longitude: number, p: number) =>
      3 + 0.2 * latitude - 0.05 * longitude + 7 * Math.log(p) + 0.01 * latitude * longitude
    const x = stateOf((_, level = 500, latitude, longitude) => field(latitude, longitude, level))
    const places = [[-70, 12, 30_000], [3, 200.5, 41_234], [77.7, 329, 85_000], [0, 30, 50_000]] as const // biome-ignore format: places
    for (const variable of ['z', 't', 'q', 'u', 'v'])
      observe(variable, places, x).forEach((y, i) => {
        expect(y).toBeCloseTo(field(places[i][0], places[i][1], places[i][2] / 100), 9)
      })
    observe('t2m', places, x).forEach((y, i) => {
      expect(y).toBeCloseTo(field(places[i][0], places[i][1], 500), 9)
    })
  })

  it('of the thickness of an isothermal atmosphere is R T ln(p2 / p1)', () => {
    const x = stateOf((_, level = 500) => 287 * 250 * Math.log(1000 / level))
    const [y] = observe('dz400-850', [[20, 100, 85_000]], x)
    expect(y).toBeCloseTo(287 * 250 * Math.log(850 / 400), 6)
  })

  it('goes round the Earth: between the last column and the first as between any two', () => {
    const wave = (longitude: number) => Math.cos((longitude * Math.PI) / 180)
    const x = stateOf((_v, _l, _latitude, longitude) => wave(longitude))
    const [a, b, c] = observe('t', [[10, 345, 50_000], [10, 359.999, 50_000], [10, 0, 50_000]], x) // biome-ignore format: places
    expect(a).toBeCloseTo((wave(330) + wave(0)) / 2, 12)
    expect(b).toBeCloseTo(1, 4)
    expect(c).toBe(1)
  })

  it('at a pole sees the mean of scalars, and one wind from every side', () => {
    const scalar = stateOf((_v, _l, latitude, longitude) => latitude + Math.sin((longitude * Math.PI) / 180))
    for (const longitude of [0, 77, 300]) {
      const [north] = observe('t', [[90, longitude, 50_000]], scalar)
      expect(north).toBeCloseTo(grid.latitude[0], 10)
    }
    // A uniform flow across the pole along the meridian of 0: u = U sin(lon), v = -U cos(lon).
    const flow = stateOf((variable, _l, _latitude, longitude) => {
      const angle = (longitude * Math.PI) / 180
      return variable.startsWith('u') ? 10 * Math.sin(angle) : -10 * Math.cos(angle)
    })
    for (const longitude of [0, 30, 215]) {
      const angle = (longitude * Math.PI) / 180
      const [u] = observe('u', [[90, longitude, 50_000]], flow)
      const [v] = observe('v', [[90, longitude, 50_000]], flow)
      const [speed] = observe('ff', [[90, longitude, 50_000]], flow)
      expect(u).toBeCloseTo(10 * Math.sin(angle), 10)
      expect(v).toBeCloseTo(-10 * Math.cos(angle), 10)
      expect(speed).toBeCloseTo(10, 6)
    }
  })

  it('at grid points picks the state itself, and in normalised units exactly the state that the prior knows', () => {
    const table = at('v', [[grid.latitude[3], grid.longitude[5], 50_000]])
    const x = normals('state', channels.length * grid.size)
    const expected = x[channels.index('v500') * grid.size + 3 * grid.columns + 5]
    expect(buildOperator(table, grid, channels).operator.apply(x)[0]).toBe(expected)
    const normalised = buildOperator(table, grid, channels, normaliser, { units: 'normalised' }).operator
    expect(normalised.apply(x)[0]).toBeCloseTo(expected, 14)
    const physical = buildOperator(table, grid, channels, normaliser).operator
    expect(physical.apply(x)[0]).toBeCloseTo(normalised.fromUnits([expected])[0], 12)
    expect(normalised.toUnits(physical.apply(x))[0]).toBeCloseTo(expected, 12)
  })
})

describe('winds and pressures', () => {
  it('have speed and direction by the compass: the wind blows from there', () => {
    const winds = [[0, -5, 0], [-5, 0, 90], [0, 5, 180], [5, 0, 270], [-3, -3, 45], [1, 0.001, 269.9427]] as const // biome-ignore format: a table
    for (const [u, v, direction] of winds) {
      const x = stateOf((variable) => (variable.startsWith('u') ? u : v))
      expect(observe('dd', [[10, 20, 50_000]], x)[0]).toBeCloseTo(direction, 4)
      expect(observe('dd10', [[10, 20, 50_000]], x)[0]).toBeCloseTo(direction, 4)
      expect(observe('ff', [[10, 20, 50_000]], x)[0]).toBeCloseTo(Math.hypot(u, v), 6)
    }
  })

  it('have station pressures of the standard atmosphere (ICAO: 954.61 hPa at 500 m)', () => {
    const x = stateOf((variable) => (variable === 'msl' ? 101_325 : 288.15 - 0.0065 * 500))
    const table = { ...at('ps', [[10, 20, 95_000]]), height: Float64Array.of(500) }
    const [p] = buildOperator(table, grid, channels).operator.apply(x)
    expect(Math.abs(p - 95_461)).toBeLessThan(5)
  })
})

describe('rows without an equivalent', () => {
  const level = [10, 20, 50_000] as const
  const reasons = (table: ReturnType<typeof at>, options = {}) =>
    buildOperator(table, grid, channels, undefined, options).rejected.map((r) => r.reason)

  it('are listed with the reason', () => {
    expect(reasons(at('t', [[10, 20, 29_000], level, [10, 20, 90_000]]))).toEqual(['above the highest level', 'below the lowest level']) // biome-ignore format: places
    expect(reasons(at('t', [[10, 20, Number.NaN]]))).toEqual(['no pressure is given'])
    expect(reasons(at('pw', [level]))).toEqual(['the model lacks the channel'])
    expect(reasons(at('q2m', [level]))).toEqual(['the variable is not supported'])
    expect(reasons(at('ps', [level]))).toEqual(['no height is given'])
    expect(reasons({ ...at('ps', [level]), height: Float64Array.of(2500) })).toEqual([
      'the station is too high',
    ])
    expect(reasons(at('dz100-500', [level]))).toEqual(['above the highest level'])
    const few = ChannelSet.of('t500,u500')
    const rejected = (code: string) => buildOperator(at(code, [level]), grid, few).rejected[0].reason
    expect([rejected('v'), rejected('dd'), rejected('msl')]).toEqual(
      Array(3).fill('the model lacks the channel'),
    )
    const region = Grid.fromCoordinates([50, 45, 40], [0, 5, 10])
    const outside = buildOperator(at('t', [[30, 5, 5e4], [42, 20, 5e4], [42, 3, 5e4]]), region, channels) // biome-ignore format: places
    expect(outside.rejected).toEqual([0, 1].map((row) => ({ row, reason: 'outside the grid' })))
    expect([...outside.accepted]).toEqual([2])
  })

  it('outside the window leave an operator without outputs, which says so', () => {
    const table = randomTable(['t', 'u'], 4)
    const window = windowAround(noon + 7 * 3_600_000, 3)
    const { operator, rejected, y, accepted } = buildOperator(table, grid, channels, normaliser, { window })
    expect(countRejected(table, rejected)).toEqual([
      { reason: 'outside the time window', variable: 't', count: 4 },
      { reason: 'outside the time window', variable: 'u', count: 4 },
    ])
    expect([operator.outputs, y.length, accepted.length]).toEqual([0, 0, 0])
    const x = new Float64Array(operator.inputs)
    expect(operator.apply(x).length).toBe(0)
    expect(operator.linearise(x).adjoint(new Float64Array(0))).toEqual(x)
    expect(() => operator.forward(input('x', [operator.inputs]))).toThrow(DataError)
    expect(() => operator.forward(input('x', [operator.inputs]))).toThrow('the analysis is the background')
  })

  it('what cannot be meant is refused', () => {
    const table = at('t', [level])
    expect(() => buildOperator(table, grid, channels, undefined, { units: 'normalised' })).toThrow(
      ConfigError,
    )
    expect(() => buildOperator(table, grid, ChannelSet.of('t400'), normaliser)).toThrow(/t400/)
    const { operator } = buildOperator(table, grid, channels)
    expect(() => operator.apply(new Float64Array(5))).toThrow(ShapeError)
    expect(() => operator.linearise(new Float64Array(5))).toThrow(ShapeError)
    expect(() => operator.forward(input('x', [3, 4]))).toThrow(ShapeError)
    expect(() => windowAround(noon, -1)).toThrow(ConfigError)
  })

  it('times fall into the nearest slot', () => {
    const hour = 3_600_000
    expect([...timeSlots([0, 2 * hour, 3 * hour, 7 * hour, 10 * hour], [0, 6 * hour], 3)]).toEqual([
      0, 0, 0, 1, -1,
    ])
  })
})
