import { expect, it } from 'vitest'
import { epsilon, g, Rd } from './constants.ts'
import { Grid } from './grid.ts'
import { hydrostaticMismatch, hydrostaticResidual } from './hydrostatic.ts'

const grid = Grid.equiangular(8, 16)

/** Levels evenly spaced in ln p between 1000 and 100 hPa, and fields on them from functions of p. */
function column(
  layers: number,
  temperature: (p: number) => number,
  height: (p: number) => number,
  q?: number,
) {
  const levels = Array.from({ length: layers + 1 }, (_, k) => 100 * 10 ** (k / layers))
  const fill = (f: (p: number) => number) =>
    Float64Array.from({ length: levels.length * grid.size }, (_, i) => f(levels[Math.floor(i / grid.size)]))
  const fields = { geopotential: fill(height), temperature: fill(temperature) }
  return { levels, ...fields, ...(q === undefined ? {} : { humidity: fill(() => q) }) }
}

it('an isothermal atmosphere is balanced exactly, whatever the layers', () => {
  const isothermal = column(
    3,
    () => 250,
    (p) => Rd * 250 * Math.log(1000 / p),
  )
  expect(hydrostaticMismatch(isothermal, grid)).toBeLessThan(1e-14)
})

it('a moist one is balanced with its virtual temperature, and dry air would not be', () => {
  const virtual = 290 * (1 + (1 / epsilon - 1) * 0.01)
  const height = (p: number) => Rd * virtual * Math.log(1000 / p)
  expect(
    hydrostaticMismatch(
      column(4, () => 290, height, 0.01),
      grid,
    ),
  ).toBeLessThan(1e-14)
  expect(
    hydrostaticMismatch(
      column(4, () => 290, height),
      grid,
    ),
  ).toBeCloseTo((1 / epsilon - 1) * 0.01, 10)
})

it('an atmosphere of constant lapse rate is balanced to second order in the layer', () => {
  const [lapse, surface] = [6.5e-3, 288.15]
  const temperature = (p: number) => surface * (p / 1000) ** ((Rd * lapse) / g)
  const height = (p: number) => (g / lapse) * (surface - temperature(p))
  const error = (layers: number) => hydrostaticMismatch(column(layers, temperature, height), grid)
  expect(Math.log2(error(8) / error(16))).toBeCloseTo(2, 1)
  expect(error(8)).toBeLessThan(1e-3)
  // T is exp(k ln p): the trapezoid misses 1 - tanh(k h / 2) / (k h / 2) of a layer of thickness h.
  const x = ((Rd * lapse) / g) * (Math.LN10 / 16)
  expect(error(8)).toBeCloseTo(1 - Math.tanh(x) / x, 12)
})

it('takes levels in either order, leaves NaN out and refuses what does not fit', () => {
  const up = {
    levels: [1000, 500],
    geopotential: Float64Array.of(0, 55_000),
    temperature: Float64Array.of(280, 280),
  }
  const down = {
    levels: [500, 1000],
    geopotential: Float64Array.of(55_000, 0),
    temperature: Float64Array.of(280, 280),
  }
  expect(hydrostaticResidual(up)[0]).toBeCloseTo(hydrostaticResidual(down)[0], 14)
  expect(hydrostaticResidual(up)[0]).toBeCloseTo(1 - 55_000 / Math.LN2 / (Rd * 280), 12)
  const holed = column(
    2,
    () => 250,
    (p) => Rd * 250 * Math.log(1000 / p),
  )
  holed.temperature[5] = Number.NaN
  expect(hydrostaticMismatch(holed, grid)).toBeLessThan(1e-14)
  expect(() => hydrostaticResidual({ ...up, levels: [1000] })).toThrow(/at least two levels/)
  expect(() => hydrostaticMismatch(up, grid)).toThrow(/not 2 fields of 128/)
})
