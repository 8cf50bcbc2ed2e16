import { describe, expect, it } from 'vitest'
import { Grid } from './grid.ts'
import { canonicalOrientation, reorient } from './orientation.ts'
import { bilinear, conservative, type Regridder } from './regrid.ts'

const source = Grid.equiangular(24, 48)
const targets: [string, Grid][] = [
  ['finer equiangular', Grid.equiangular(40, 72)],
  ['coarser with poles', Grid.equiangular(13, 20, { poles: true })],
  ['Gaussian', Grid.gaussian(16)],
  ['ascending, from -180', Grid.fromCoordinates(steps(-87.5, 5, 36), steps(-180, 7.5, 48))],
  ['westward', Grid.fromCoordinates(steps(80, -10, 17), steps(355, -10, 36))],
]

function steps(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i * step)
}

/** Deterministic numbers in (-1, 1) without structure. */
function noise(length: number, seed = 1): Float64Array {
  let state = seed
  return Float64Array.from({ length }, () => {
    state = (state * 48271) % 2147483647
    return (2 * state) / 2147483647 - 1
  })
}

function onGrid(grid: Grid, f: (latitude: number, longitude: number) => number): Float64Array {
  const r = Math.PI / 180
  const { columns, latitude, longitude } = grid
  return Float64Array.from({ length: grid.size }, (_, i) =>
    f(latitude[Math.floor(i / columns)] * r, longitude[i % columns] * r),
  )
}

const areaMean = (grid: Grid, field: Float64Array) => {
  const areas = grid.cellAreas()
  const total = areas.reduce((sum, a) => sum + a, 0) * grid.columns
  return field.reduce((sum, x, i) => sum + x * areas[Math.floor(i / grid.columns)], 0) / total
}

const largest = (a: Float64Array, b: Float64Array) =>
  a.reduce((m, x, i) => Math.max(m, Math.abs(x - b[i])), 0)
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0)

describe.each(targets)('to a %s grid', (_, target) => {
  const methods: [string, Regridder][] = [
    ['conservative', conservative(source, target)],
    ['bilinear', bilinear(source, target)],
    ['bilinear vector', bilinear(source, target, { field: 'vector' })],
  ]

  it.each(methods)('%s has an exact adjoint', (_, regridder) => {
    const x = noise(source.size)
    const y = noise(target.size, 7)
    const forward = dot(regridder.apply(x), y)
    expect(Math.abs(forward - dot(x, regridder.adjoint(y)))).toBeLessThan(1e-12 * target.size)
  })

  it.each(methods.slice(0, 2))('%s keeps a constant', (_, regridder) => {
    const ones = regridder.apply(new Float64Array(source.size).fill(1))
    expect(largest(ones, new Float64Array(target.size).fill(1))).toBeLessThan(1e-13)
  })

  const cover = target.cellAreas().reduce((sum, a) => sum + a, 0) * target.columns
  it.runIf(Math.abs(cover - 4 * Math.PI) < 1e-9)('conservative keeps the global mean of any field', () => {
    const x = noise(source.size)
    const after = areaMean(target, conservative(source, target).apply(x))
    expect(Math.abs(areaMean(source, x) - after)).toBeLessThan(1e-14)
  })
})

it('conservative and bilinear are the identity onto the same grid, also in another order', () => {
  const other = Grid.fromCoordinates(Float64Array.from(source.latitude).reverse(), steps(-180, 7.5, 48))
  const x = noise(source.size)
  for (const method of [conservative, bilinear]) {
    expect(largest(method(source, source).apply(x), x)).toBeLessThan(1e-12)
    const there = method(source, other).apply(x)
    expect(largest(reorient(there, canonicalOrientation(other)), x)).toBeLessThan(1e-12)
  }
})

it('bilinear converges at second order, over the poles too, for a scalar and for a wind component', () => {
  const target = Grid.equiangular(91, 60, { poles: true })
  // x + y z is smooth on the sphere; u is the eastward component of a constant vector.
  const scalar = (lat: number, lon: number) => Math.cos(lat) * (Math.cos(lon) + Math.sin(lon) * Math.sin(lat))
  const eastward = (_: number, lon: number) => -Math.sin(lon)
  for (const [f, field] of [[scalar, 'scalar'], [eastward, 'vector']] as const) {
    const errors = [24, 48].map((n) => {
      const from = Grid.equiangular(n, 2 * n)
      return largest(bilinear(from, target, { field }).apply(onGrid(from, f)), onGrid(target, f))
    })
    expect(Math.log2(errors[0] / errors[1])).toBeGreaterThan(1.9)
    expect(errors[1]).toBeLessThan(3e-3)
  }
}) // biome-ignore format: short pairs

it('skips or propagates NaN as asked', () => {
  const target = Grid.equiangular(12, 24)
  const field = Float32Array.from({ length: source.size }, (_, i) => i % 48)
  field[0] = Number.NaN
  const regridder = conservative(source, target)
  // The first target cell is centred on column 0: half of columns 47 and 1, all of 0; rows 0 and 1.
  expect(regridder.apply(field)[0]).toBeNaN()
  expect(regridder.apply(field, { nan: 'skip', minimum: 0.9 })[0]).toBeNaN()
  const skipped = regridder.apply(field, { nan: 'skip' })
  const areas = source.cellAreas()
  const [north, south] = [areas[0], areas[1]]
  const expected = (north * (47 / 4 + 1 / 4) + south * (47 / 4 + 0 + 1 / 4)) / (north / 2 + south)
  expect(skipped[0]).toBeCloseTo(expected, 4)
  expect(skipped.filter(Number.isNaN)).toHaveLength(0)
})

it('refuses a target outside a regional source', () => {
  const europe = Grid.fromCoordinates(steps(70, -1, 41), steps(-10, 1, 51))
  expect(() => bilinear(europe, source)).toThrow(/outside the grid/)
  expect(() => conservative(europe, source)).toThrow(/covers only/)
  const inside = Grid.fromCoordinates([60, 50], [0, 10, 20])
  const field = onGrid(europe, (lat) => lat)
  expect(
    largest(
      bilinear(europe, inside).apply(field),
      onGrid(inside, (lat) => lat),
    ),
  ).toBeLessThan(1e-12)
})
