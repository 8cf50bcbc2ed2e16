import { describe, expect, it } from 'vitest'
import { gaussLegendre } from './gauss-legendre.ts'
import { Grid, gaussianLatitudes } from './grid.ts'
import { canonicalOrientation, reorient, restore } from './orientation.ts'

const steps = (first: number, step: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i * step)
const sphere = (grid: Grid) => grid.cellAreas().reduce((sum, area) => sum + area, 0) * grid.columns

describe('Gauss-Legendre quadrature', () => {
  it.each([1, 2, 5, 32, 64, 720])('with %i points integrates polynomials up to degree 2n-1', (n) => {
    const { nodes, weights } = gaussLegendre(n)
    for (const degree of [0, 1, 2, 3, 2 * n - 2, 2 * n - 1].filter((d) => d <= 2 * n - 1)) {
      const sum = weights.reduce((s, w, i) => s + w * nodes[i] ** degree, 0)
      expect(sum).toBeCloseTo(degree % 2 ? 0 : 2 / (degree + 1), 13)
    }
  })

  it('gives the published latitudes of the F32 and T63 grids', () => {
    // ECMWF, "Gaussian grids with 64 latitudes": 87.8638, 85.0965, ... 1.3954... of N32; NCEP T62 has 94.
    const n32 = gaussianLatitudes(64)
    expect(n32[0]).toBeCloseTo(87.8638, 4)
    expect(n32[1]).toBeCloseTo(85.0965, 4)
    expect(n32[31]).toBeCloseTo(1.3953, 4)
    expect(gaussianLatitudes(94)[0]).toBeCloseTo(88.542, 3)
  })
})

describe('grids', () => {
  it.each([
    ['equiangular', Grid.equiangular(32, 64)],
    ['equiangular-with-poles', Grid.equiangular(33, 64, { poles: true })],
    ['gaussian', Grid.gaussian(48)],
    ['other', Grid.fromCoordinates([-80, -30, 0, 10, 50, 88], steps(0, 90, 4))],
  ])('of kind %s are recognised in float32, either way up, and cover the sphere', (kind, grid) => {
    for (const flip of [false, true]) {
      const latitude = Float32Array.from(grid.latitude)
      const again = Grid.fromCoordinates(
        flip ? latitude.reverse() : latitude,
        Float32Array.from(grid.longitude),
      )
      expect(again.kind).toBe(kind)
      expect(again.periodic).toBe(true)
      if (kind !== 'other') expect(sphere(again)).toBeCloseTo(4 * Math.PI, 6)
      expect(again.areaWeights().reduce((s, w) => s + w, 0) / again.rows).toBeCloseTo(1, 14)
      expect(again.latitudeWeights().reduce((s, w) => s + w, 0) / again.rows).toBeCloseTo(1, 14)
    }
  })

  it('of the equator line up with the cosine weights, and pole rows keep half a cell', () => {
    const grid = Grid.equiangular(32, 64)
    // On such a grid the exact area is cos(lat) times 2 sin(spacing / 2): the two weights are the same.
    const [a, b] = [grid.areaWeights(), grid.latitudeWeights()]
    expect(a.every((w, i) => Math.abs(w - b[i]) < 1e-13)).toBe(true)
    const poles = Grid.equiangular(5, 8, { poles: true })
    expect(poles.latitudeWeights()[0]).toBeCloseTo(0, 15)
    expect(poles.cellAreas()[0]).toBeCloseTo((1 - Math.sin((67.5 * Math.PI) / 180)) * (Math.PI / 4), 14)
  })

  it('understand radians, -180..180, and a jump in the middle', () => {
    const radians = Grid.fromCoordinates([1, 0, -1], steps(0, Math.PI / 2, 4), {
      latitude: 'radians',
      longitude: 'radian',
    })
    expect(radians.latitude[0]).toBeCloseTo(57.29578, 4)
    expect(Grid.fromCoordinates([0, 10], steps(-180, 5, 72)).periodic).toBe(true)
    const jump = Grid.fromCoordinates([0, 10], [90, 180, -90, 0])
    expect([...jump.longitude]).toEqual([90, 180, 270, 360])
    expect(jump.equals(Grid.fromCoordinates([0, 10], [90, 180, 270, 0]))).toBe(true)
    expect(jump.equals(Grid.fromCoordinates([0, 10], [0, 90, 180, 270]))).toBe(false)
  })

  it('refuse coordinates that are none, saying where', () => {
    const bad = (latitude: number[], longitude: number[], units = {}) =>
      expect(() => Grid.fromCoordinates(latitude, longitude, units))
    bad(steps(0, 10, 36), steps(-90, 10, 19)).toThrow(/exchanged\?/)
    bad([10, 20, 20], [0, 1]).toThrow(/latitudes are not monotonic at index 2: 20, 20/)
    bad([10, 20], [0, 10, 30, 40]).toThrow(/not evenly spaced at index 1|not evenly spaced at index 2/)
    bad([10, 20], steps(0, 10, 37)).toThrow(/last longitude 360 repeats the first/)
    bad([10, Number.NaN], [0]).toThrow(/latitude NaN at index 1/)
    bad([10], [0], { latitude: 'm' }).toThrow(/units 'm'/)
    bad([], [0]).toThrow(/no latitudes/)
    expect(() => Grid.gaussian(0)).toThrow(/0 rows/)
  })
})

describe('canonical orientation', () => {
  const wanted = Grid.equiangular(6, 8)
  const value = (latitude: number, longitude: number) => latitude * 1000 + ((longitude + 720) % 360)
  it.each([
    ['already canonical', steps(75, -30, 6), steps(0, 45, 8)],
    ['south first', steps(-75, 30, 6), steps(0, 45, 8)],
    ['from -180', steps(75, -30, 6), steps(-180, 45, 8)],
    ['westward', steps(-75, 30, 6), steps(315, -45, 8)],
    ['wrapped at 180', steps(75, -30, 6), [180, -135, -90, -45, 0, 45, 90, 135]],
  ])('of a grid %s', (name, latitude, longitude) => {
    const grid = Grid.fromCoordinates(latitude, longitude)
    const orientation = canonicalOrientation(grid)
    expect(orientation.grid.equals(wanted)).toBe(true)
    expect(orientation.grid.longitude[0]).toBe(0)
    expect(orientation.identity).toBe(name === 'already canonical')
    const field = Float32Array.from({ length: 48 }, (_, i) => value(latitude[i >> 3], longitude[i & 7]))
    const result = reorient(field, orientation)
    result.forEach((x, i) => {
      expect(x).toBe(value(wanted.latitude[i >> 3], wanted.longitude[i & 7]))
    })
    expect(restore(result, orientation)).toEqual(field)
  })

  it('starts at the smallest longitude when no column is at 0', () => {
    const orientation = canonicalOrientation(Grid.fromCoordinates([10, 0], steps(-177.5, 5, 72)))
    expect(orientation.grid.longitude[0]).toBe(2.5)
    const regional = canonicalOrientation(Grid.fromCoordinates([10, 0], [-10, -5, 0, 5]))
    expect([...regional.longitude]).toEqual([0, 1, 2, 3])
  })
})
