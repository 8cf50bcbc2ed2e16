import { describe, expect, it } from 'vitest'
import { saturationRatio } from '../../examples/saturation-ratio.ts'
import { evaluate } from '../tensor/evaluate.ts'
import { input, jvp, vjp } from '../tensor/index.ts'
import { checkQuantity } from './check-quantity.ts'
import { Interpolation, weightedSum } from './interpolation.ts'
import { ObservationOperator, type Recipe } from './operator.ts'
import {
  type ObservedQuantity,
  stationPressure,
  virtualTemperature,
  windDirection,
  windSpeed,
} from './quantities.ts'
import { channels, grid, normaliser, normals, stateOf } from './testing/worlds.ts'

const n = channels.length * grid.size
const interpolation = new Interpolation(grid, channels, normaliser)
const at = (variable: string, latitude: number, longitude: number, level = 700) => {
  const found = interpolation.at(variable, latitude, longitude, 100 * level)
  if ('reason' in found) throw new Error(found.reason)
  return found
}

/** Size of the moisture flux, sqrt(u^2 + v^2) q: three predictors; rounded off in a calm by c. */
const flux: ObservedQuantity = {
  value: ([u, v, q], c) => Math.sqrt(u * u + v * v + c) * q,
  partials([u, v, q], c) {
    const speed = Math.sqrt(u * u + v * v + c)
    return [(u * q) / speed, (v * q) / speed, speed]
  },
  tensor: ([u, v, q], c) => u.square().add(v.square()).add(c).sqrt().mul(q),
}
const fluxAt = (latitude: number, longitude: number): Recipe => ({
  predictors: ['u', 'v', 'q'].map((name) => at(name, latitude, longitude)),
  ...{ quantity: flux, constant: 0.01, mean: 0.04, std: 0.05 },
})
const ratioAt = (latitude: number, longitude: number): Recipe => ({
  predictors: ['t', 'q'].map((name) => at(name, latitude, longitude)),
  ...{ quantity: saturationRatio, constant: 70_000, mean: 0.5, std: 0.3 },
})
const layerAt = (latitude: number, longitude: number): Recipe => {
  const mean = weightedSum([300, 500, 850].map((level) => at('t', latitude, longitude, level)), [0.2, 0.3, 0.5]) // biome-ignore format: one sum
  return { predictors: [mean], mean: mean.mean, std: mean.std }
}
const recipes = [fluxAt(10, 20), layerAt(50, 100), ratioAt(-30, 200), fluxAt(-60, 310), ratioAt(5, 5)]
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (v, i) => v * b[i]).reduce((x, y) => x + y, 0)

describe.each(['physical', 'normalised'] as const)('recipes of any number of predictors, %s', (units) => {
  const H = new ObservationOperator(recipes, n, units)
  const x = normals('state', n).map((v) => 0.3 * v + 0.5)
  const [dx, dy] = [normals('dx', n), normals('dy', H.outputs)]

  it('observe what they say', () => {
    const value = H.fromUnits(H.apply(x))
    const of = ({ indices, weights, offset }: Recipe['predictors'][number]) =>
      indices.reduce((sum, j, k) => sum + weights[k] * x[j], offset)
    recipes.forEach(({ predictors, quantity, constant = 0 }, i) => {
      const p = predictors.map(of)
      const expected = quantity ? quantity.value(p, constant) : p[0]
      expect(Math.abs(value[i] / expected - 1)).toBeLessThan(1e-12)
    })
  })

  it('have adjoint and tangent that agree, on the host and in the program', () => {
    const { tangent, adjoint, value } = H.linearise(x)
    const [hdx, hdy] = [tangent(dx), adjoint(dy)]
    expect(Math.abs(dot(hdx, dy) / dot(dx, hdy) - 1)).toBeLessThan(1e-11)
    const a = input('x', [n], 'float64')
    const [u, w] = [input('dx', [n], 'float64'), input('dy', [H.outputs], 'float64')]
    const y = H.forward(a)
    const known = new Map([[a, x] as const, [u, dx] as const, [w, dy] as const].map(([t, data]) => [t, { shape: t.shape, data }])) // biome-ignore format: one map
    const program = evaluate([y, jvp([y], [a], [u])[0], vjp([y], [a], [w])[0]], known)
    for (const [k, host] of [value, hdx, hdy].entries()) {
      const largest = Math.max(...host.map(Math.abs))
      host.forEach((v, i) => {
        expect(Math.abs(v - program[k].data[i])).toBeLessThan(1e-11 * largest)
      })
    }
  })
})

it('sums over levels give the mean of a layer, whatever the state', () => {
  const real = stateOf((variable, level = 0) => (variable === 't' ? level : 0))
  const physical = new Interpolation(grid, channels)
  const values = [300, 500, 850].map((level) => {
    const found = physical.at('t', 12, 34, 100 * level)
    if ('reason' in found) throw new Error(found.reason)
    return found
  })
  const sum = weightedSum(values, [1, 2, -1])
  const recipe = { predictors: [sum], mean: 0, std: 1 }
  expect(new ObservationOperator([recipe], n).apply(real)[0]).toBeCloseTo(300 + 1000 - 850, 9)
  expect(sum.std).toBeCloseTo(Math.sqrt(6), 12)
})

describe('recipes that cannot be meant are refused, naming them:', () => {
  const good = { indices: [1, 2], weights: [0.5, 0.5], offset: 0 }
  const predictor = (more: object) => ({ predictors: [{ ...good, ...more }] })
  it.each<[string, object]>([
    [`predictor 0 has the index ${n}; those of a state are 0 to ${n - 1}`, predictor({ indices: [1, n] })],
    ['predictor 0 has the index -1', predictor({ indices: [-1, 2] })],
    ['predictor 0 has the index 0.5', predictor({ indices: [0.5, 2] })],
    ['predictor 0 has 2 indices and 1 weights', predictor({ weights: [1] })],
    ['predictor 0 has NaN among its weights', predictor({ weights: [1, Number.NaN] })],
    ['predictor 0 has Infinity among its weights', predictor({ offset: Infinity })],
    ['there is no predictor', { predictors: [] }],
    ['2 predictors need a quantity', { predictors: [good, good] }],
    ['std is 0; it must be above zero', { std: 0 }],
    ['std is NaN', { std: Number.NaN }],
    ['mean is Infinity', { mean: Infinity }],
    ['constant is NaN', { constant: Number.NaN }],
    ['period is -1', { period: -1 }],
  ])('%s', (message, more) => {
    const recipe = { predictors: [good], mean: 0, std: 1 }
    const make = (odd: object) => new ObservationOperator([recipe, { ...recipe, ...odd }], n)
    expect(make({}).outputs).toBe(2)
    expect(() => make(more)).toThrow(`recipe 1: ${message}`)
  })
})

describe('checkQuantity', () => {
  it('passes those of the library and of the examples', () => {
    for (const [u, v] of [[3, 4], [-5, 2], [1, -7], [-2, -3]]) {
      checkQuantity(windSpeed, [u, v])
      checkQuantity(windDirection, [u, v])
      checkQuantity(flux, [u, v, 0.004], 0.01)
    } // biome-ignore format: pairs
    checkQuantity(virtualTemperature, [290, 0.01])
    checkQuantity(stationPressure, [101_000, 285], 350)
    checkQuantity(saturationRatio, [268, 0.002], 70_000)
  })

  it('finds which form is wrong', () => {
    const p = [3, 4, 0.01]
    const wrong = (more: Partial<ObservedQuantity>) => () => checkQuantity({ ...flux, ...more }, p)
    expect(wrong({ partials: () => [0.006, 0.008, 4] })).toThrow(
      /partials gives 4 for predictor 2; .* 5.00000/,
    )
    expect(wrong({ partials: () => [1] })).toThrow('partials gives 1 numbers for 3 predictors')
    expect(wrong({ tensor: ([u, , q]) => u.mul(q) })).toThrow(/tensor gives 0.03, value 0.05/)
    expect(wrong({ tensor: ([u]) => u.sum() })).toThrow('tensor gives the shape []')
  })
})
