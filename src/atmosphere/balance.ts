import { ShapeError } from '../base/errors.ts'
import { coriolis, Rd } from './constants.ts'
import type { Differences, Field } from './differences.ts'

/** Eastward and northward components, each [rows, columns], m s-1. */
export interface Wind {
  u: Float64Array
  v: Float64Array
}

/** Rows nearer to the equator than this have no geostrophic wind, degrees. */
const equatorialBand = 5

/**
 * Geostrophic wind u_g = -(1/f) dPhi/dy, v_g = (1/f) dPhi/dx (Holton & Hakim 2013) of a
 * geopotential field (m2 s-2) on a pressure level. NaN within `equator` degrees of the equator, and v_g on
 * pole rows.
 */
export function geostrophicWind(
  geopotential: Field,
  d: Differences,
  { equator = equatorialBand }: { equator?: number } = {},
): Wind {
  const f = inverseCoriolis(d, equator)
  return {
    u: d.northward(geopotential).map((slope, i) => -slope * f[Math.floor(i / d.grid.columns)]),
    v: d.eastward(geopotential).map((slope, i) => slope * f[Math.floor(i / d.grid.columns)]),
  }
}

/**
 * Thermal wind: the geostrophic wind at `upper` minus that at `lower` (hPa) from the layer's mean virtual
 * temperature (K): u_T = -(R_d/f) ln(lower/upper) dT/dy, v_T = (R_d/f) ln(lower/upper) dT/dx (Holton & Hakim
 * 2013). NaN where the geostrophic wind is.
 */
export function thermalWind(
  meanTemperature: Field,
  upper: number,
  lower: number,
  d: Differences,
  options: { equator?: number } = {},
): Wind {
  const thickness = Rd * Math.log(lower / upper)
  return geostrophicWind(
    Float64Array.from(meanTemperature, (t) => thickness * t),
    d,
    options,
  )
}

/** Where and how the geostrophic mismatch is taken. */
export interface MismatchOptions {
  /** Latitudes that count, degrees from the equator: the tropics and the converging meridians stay out. */
  band?: readonly [number, number]
  /** Smallest |u| and |v| divided by, m s-1. */
  guard?: number
}

export const mismatchDefaults = { band: [20, 80], guard: 1 } as const

/**
 * Geostrophic mismatch D = mean of 1/2 (|u - u_g| / |u| + |v - v_g| / |v|) of one pressure level (Align-DA,
 * arXiv 2505.22008), a number without units; 0 for a wind in geostrophic balance.
 *
 * Choices the paper leaves open: the mean is weighted by cell area over 20..80 degrees of both hemispheres;
 * |u| and |v| in the denominators are at least 1 m s-1, so that calm points do not outweigh all others;
 * points where anything is NaN are left out (NaN when nothing is left).
 */
export function geostrophicMismatch(
  geopotential: Field,
  u: Field,
  v: Field,
  d: Differences,
  { band = mismatchDefaults.band, guard = mismatchDefaults.guard }: MismatchOptions = {},
): number {
  if (u.length !== d.grid.size || v.length !== d.grid.size)
    throw new ShapeError(`winds of ${u.length} and ${v.length} values are not on the grid of ${d.grid.size}`)
  const geostrophic = geostrophicWind(geopotential, d, { equator: 0 })
  const areas = d.grid.cellAreas()
  const { columns, latitude } = d.grid
  let sum = 0
  let weight = 0
  for (let i = 0; i < u.length; i++) {
    const row = Math.floor(i / columns)
    if (Math.abs(latitude[row]) < band[0] || Math.abs(latitude[row]) > band[1]) continue
    const mismatch =
      0.5 *
      (Math.abs(u[i] - geostrophic.u[i]) / Math.max(Math.abs(u[i]), guard) +
        Math.abs(v[i] - geostrophic.v[i]) / Math.max(Math.abs(v[i]), guard))
    if (!Number.isFinite(mismatch)) continue
    sum += areas[row] * mismatch
    weight += areas[row]
  }
  return sum / weight
}

/** 1/f of each row, NaN within `equator` degrees of the equator and on it: [rows]. */
function inverseCoriolis(d: Differences, equator: number): Float64Array {
  return d.grid.latitude.map((value) =>
    Math.abs(value) < equator || Math.abs(value) < 1e-9 ? Number.NaN : 1 / coriolis(value),
  )
}
