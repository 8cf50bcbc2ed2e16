import { earthRadius, omega } from '../constants.ts'
import { Grid } from '../grid.ts'

/** A function of latitude and longitude in radians. */
export type Flow = (latitude: number, longitude: number) => number

export function onGrid(grid: Grid, f: Flow): Float64Array {
  const r = Math.PI / 180
  return Float64Array.from({ length: grid.size }, (_, i) =>
    f(grid.latitude[Math.floor(i / grid.columns)] * r, grid.longitude[i % grid.columns] * r),
  )
}

/** Every kind of grid, of about n rows. */
export const gridFamily: [string, (n: number) => Grid][] = [
  ['equiangular', (n) => Grid.equiangular(n, 2 * n)],
  ['with poles', (n) => Grid.equiangular(n + 1, 2 * n, { poles: true })],
  ['Gaussian', (n) => Grid.gaussian(n)],
  ['south first, westward', (n) => {
    const { latitude, longitude } = Grid.equiangular(n, 2 * n)
    return Grid.fromCoordinates(latitude.slice().reverse(), longitude.slice().reverse())
  }],
  ['regional', (n) => Grid.fromCoordinates(
    Array.from({ length: n }, (_, i) => 70 - (40 * i) / (n - 1)),
    Array.from({ length: n }, (_, j) => (60 * j) / (n - 1)),
  )],
] // biome-ignore format: a table

/** Speed of the solid-body rotations, m s-1. */
export const speed = 40
const tilt = 0.6

/** Rotation about an axis tilted by 0.6 rad: smooth over the poles, with this vorticity and no divergence. */
export const solidBody: { u: Flow; v: Flow; vorticity: Flow } = {
  u: (lat, lon) => speed * (Math.cos(lat) * Math.cos(tilt) + Math.sin(lat) * Math.cos(lon) * Math.sin(tilt)),
  v: (_, lon) => -speed * Math.sin(lon) * Math.sin(tilt),
  vorticity: (lat, lon) =>
    ((2 * speed) / earthRadius) *
    (Math.sin(lat) * Math.cos(tilt) - Math.cos(lat) * Math.cos(lon) * Math.sin(tilt)),
}

/** Geopotential whose geostrophic wind is `speed` cos(lat) eastward. */
export const solidBodyGeopotential: Flow = (lat) => -earthRadius * omega * speed * Math.sin(lat) ** 2

const amplitude = 3000

/** A wavy geopotential, and its geostrophic wind. */
export const wavy: { geopotential: Flow; u: Flow; v: Flow } = {
  geopotential: (lat, lon) => amplitude * Math.sin(lat) * Math.cos(lat) ** 3 * Math.cos(3 * lon),
  u: (lat, lon) => {
    const slope = Math.cos(lat) ** 4 - 3 * Math.sin(lat) ** 2 * Math.cos(lat) ** 2
    return (-amplitude * slope * Math.cos(3 * lon)) / (2 * omega * Math.sin(lat) * earthRadius)
  },
  v: (lat, lon) => (-3 * amplitude * Math.cos(lat) ** 2 * Math.sin(3 * lon)) / (2 * omega * earthRadius),
}

/** Largest |x - y| where neither is NaN, at least `from` degrees from the equator. */
export function largest(grid: Grid, x: Float64Array, y: Float64Array, from = 0): number {
  let worst = 0
  x.forEach((value, i) => {
    if (Math.abs(grid.latitude[Math.floor(i / grid.columns)]) < from || Number.isNaN(value - y[i])) return
    worst = Math.max(worst, Math.abs(value - y[i]))
  })
  return worst
}

/** Area-weighted root mean square of x - y where neither is NaN. */
export function rms(grid: Grid, x: Float64Array, y: Float64Array): number {
  const areas = grid.cellAreas()
  let [sum, weight] = [0, 0]
  x.forEach((value, i) => {
    const area = areas[Math.floor(i / grid.columns)]
    if (Number.isNaN(value - y[i])) return
    sum += area * (value - y[i]) ** 2
    weight += area
  })
  return Math.sqrt(sum / weight)
}

/** Order of convergence of `error` between n and 2n rows. */
export function order(error: (n: number) => number, n = 32): number {
  return Math.log2(error(n) / error(2 * n))
}
