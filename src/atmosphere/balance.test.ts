import { describe, expect, it } from 'vitest'
import { geostrophicMismatch, geostrophicWind, thermalWind } from './balance.ts'
import { earthRadius as a, coriolis, omega, Rd } from './constants.ts'
import { Differences } from './differences.ts'
import { gaussLegendre } from './gauss-legendre.ts'
import { Grid } from './grid.ts'
import {
  type Flow,
  gridFamily,
  largest,
  onGrid,
  order,
  rms,
  solidBody,
  solidBodyGeopotential,
  speed,
  wavy,
} from './testing/flows.ts'
import { divergence, kineticEnergy, vorticity } from './wind.ts'

const r = Math.PI / 180

describe.each(gridFamily)('on a grid %s', (_, make) => {
  const solidErrors = (n: number) => {
    const grid = make(n)
    const d = new Differences(grid)
    const [u, v] = [onGrid(grid, solidBody.u), onGrid(grid, solidBody.v)]
    return {
      vorticity: rms(grid, vorticity(u, v, d), onGrid(grid, solidBody.vorticity)) / ((2 * speed) / a),
      divergence: rms(grid, divergence(u, v, d), new Float64Array(grid.size)) / ((2 * speed) / a),
    }
  }

  it('solid-body rotation has its vorticity and no divergence, to second order', () => {
    expect(order((n) => solidErrors(n).vorticity)).toBeGreaterThan(1.9)
    // On evenly spaced global grids the two terms cancel to rounding.
    expect(solidErrors(64).divergence).toBeLessThan(Math.max(1e-10, solidErrors(32).divergence * 2 ** -1.9))
    expect(solidErrors(64).vorticity).toBeLessThan(4e-3)
    expect(solidErrors(64).divergence).toBeLessThan(4e-3)
  })

  it('a flow from a potential has its Laplacian as divergence, to second order', () => {
    // chi = x y + z of the unit sphere: degree 2 and degree 1 harmonics, Laplacian -6 and -2.
    const chi: Flow = (lat, lon) => Math.cos(lat) ** 2 * Math.sin(lon) * Math.cos(lon) + Math.sin(lat)
    const error = (n: number) => {
      const grid = make(n)
      const u = onGrid(grid, (lat, lon) => Math.cos(lat) * Math.cos(2 * lon))
      const v = onGrid(grid, (lat, lon) => -Math.cos(lat) * Math.sin(lat) * Math.sin(2 * lon) + Math.cos(lat))
      const d = new Differences(grid)
      const exact = onGrid(grid, (lat, lon) => (-6 * (chi(lat, lon) - Math.sin(lat)) - 2 * Math.sin(lat)) / a)
      return a * largest(grid, divergence(u, v, d), exact)
    }
    expect(order(error)).toBeGreaterThan(1.9)
    expect(error(64)).toBeLessThan(0.03)
  })

  it('solid-body geopotential gives the wind U cos(lat), to second order', () => {
    const error = (n: number) => {
      const grid = make(n)
      const wind = geostrophicWind(onGrid(grid, solidBodyGeopotential), new Differences(grid))
      expect(largest(grid, wind.v, new Float64Array(grid.size))).toBeLessThan(1e-6)
      return largest(
        grid,
        wind.u,
        onGrid(grid, (lat) => speed * Math.cos(lat)),
      )
    }
    expect(order(error)).toBeGreaterThan(1.9)
    expect(error(64)).toBeLessThan(0.2)
  })

  it('a wavy geopotential gives both components, to second order', () => {
    const error = (n: number) => {
      const grid = make(n)
      const wind = geostrophicWind(onGrid(grid, wavy.geopotential), new Differences(grid))
      const of = (x: Float64Array, exact: Flow) => largest(grid, x, onGrid(grid, exact), 20)
      return Math.max(of(wind.u, wavy.u), of(wind.v, wavy.v))
    }
    expect(order(error)).toBeGreaterThan(1.85)
    expect(error(64)).toBeLessThan(0.15)
  })
})

describe('a geostrophically balanced jet', () => {
  const jet: Flow = (lat) => 5 + 40 * Math.exp(-(((Math.abs(lat) / r - 45) / 12) ** 2))
  const { nodes, weights } = gaussLegendre(24)
  /** Phi(lat) = -integral from the equator of a f u, by quadrature. */
  const phi: Flow = (lat) =>
    nodes.reduce((sum, x, k) => {
      const at = (lat * (1 + x)) / 2
      return sum - ((weights[k] * lat) / 2) * a * coriolis(at / r) * jet(at, 0)
    }, 0)
  // v = v_g = 0: only the guard keeps its term at 0 / 1.
  const mismatch = (n: number) => {
    const grid = Grid.equiangular(n, 8)
    const u = onGrid(grid, jet)
    return geostrophicMismatch(onGrid(grid, phi), u, new Float64Array(grid.size), new Differences(grid))
  }

  it('has no mismatch, to second order', () => {
    expect(order(mismatch, 64)).toBeGreaterThan(1.9)
    expect(mismatch(128)).toBeLessThan(2.5e-3)
  })

  it('with its wind halved has mismatch 1/2: |u/2 - u| / |u/2| is 1, over two components', () => {
    const grid = Grid.equiangular(128, 8)
    const d = new Differences(grid)
    const half = onGrid(grid, (lat) => jet(lat, 0) / 2)
    expect(geostrophicMismatch(onGrid(grid, phi), half, new Float64Array(grid.size), d)).toBeCloseTo(0.5, 2)
  })

  it('keeps the tropics out, leaves NaN out, and guards against calm', () => {
    const grid = Grid.equiangular(128, 8)
    const d = new Differences(grid)
    const u = onGrid(grid, (lat) => (Math.abs(lat) < 19 * r ? 1e6 : jet(lat, 0)))
    u[20 * 8] = Number.NaN
    const [height, calm] = [onGrid(grid, phi), new Float64Array(grid.size)]
    expect(geostrophicMismatch(height, u, calm, d)).toBeLessThan(3e-3)
    // At rest where 10 m s-1 would balance: |0 - 10| / guard.
    const sloping = onGrid(grid, (lat) => -2 * a * omega * 10 * (1 - Math.cos(lat)) * Math.sign(lat))
    const rows = { band: [44, 46] as const, guard: 2 }
    expect(geostrophicMismatch(sloping, calm, calm, d, rows)).toBeCloseTo(0.5 * (10 / 2), 1)
    expect(geostrophicMismatch(height, u, calm, d, { band: [89.99, 90] })).toBeNaN()
  })
})

it('the thermal wind is the shear of the geostrophic wind', () => {
  const grid = Grid.equiangular(64, 32)
  const d = new Differences(grid)
  const temperature = onGrid(
    grid,
    (lat, lon) => 285 - 40 * Math.sin(lat) ** 2 + 3 * Math.cos(lat) * Math.cos(2 * lon),
  )
  const lower = onGrid(grid, (lat) => 5000 * Math.cos(lat))
  const upper = lower.map((phi, i) => phi + Rd * Math.log(850 / 300) * temperature[i])
  const [above, below] = [geostrophicWind(upper, d), geostrophicWind(lower, d)]
  const shear = thermalWind(temperature, 300, 850, d)
  expect(
    largest(
      grid,
      shear.u,
      above.u.map((x, i) => x - below.u[i]),
    ),
  ).toBeLessThan(1e-9)
  expect(
    largest(
      grid,
      shear.v,
      above.v.map((x, i) => x - below.v[i]),
    ),
  ).toBeLessThan(1e-9)
  // Colder polewards: westerlies strengthen upwards, on both hemispheres.
  expect(shear.u[16 * 32]).toBeGreaterThan(10)
  expect(shear.u[48 * 32]).toBeGreaterThan(10)
})

it('states where a wind does not exist', () => {
  const grid = Grid.equiangular(37, 72, { poles: true })
  const wind = geostrophicWind(new Float64Array(grid.size), new Differences(grid))
  expect(wind.u[18 * 72]).toBeNaN()
  expect(wind.v[0]).toBeNaN()
  expect(wind.u[0]).toBeCloseTo(0, 12)
  expect([...kineticEnergy(Float32Array.of(3), Float32Array.of(4))]).toEqual([12.5])
  expect(() => new Differences(grid).eastward(new Float64Array(5))).toThrow(
    /5 values is not on the 72x37 grid/,
  )
})
