import { thicknessLayer } from '../../io/observations/variables.ts'

const wind = [-150, 150] as const
const speed = [0, 150] as const
const direction = [0, 360] as const

/**
 * Values possible on Earth, SI units, generously: beyond the records for the surface (WMO archive of extremes: 184.0
 * and 329.9 K, 870 and 1085 hPa), beyond what radiosondes report for the free air.
 */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  t: [150, 340], tv: [150, 345], t2m: [180, 335], tv2m: [180, 340], q: [0, 0.05], q2m: [0, 0.05],
  u: wind, v: wind, u10: [-110, 110], v10: [-110, 110], ff: speed, ff10: [0, 110], dd: direction, dd10: direction,
  z: [-10_000, 500_000], ps: [40_000, 110_000], msl: [85_000, 110_000], pw: [0, 100],
} // biome-ignore format: a table

/** Possible values of a variable, or undefined where nothing is known. Thicknesses: 180 to 330 K between the levels. */
export function possibleRange(code: string): readonly [number, number] | undefined {
  const layer = thicknessLayer(code)
  if (!layer) return ranges[code]
  const depth = 287 * Math.log(layer.bottom / layer.top)
  return [180 * depth, 330 * depth]
}

/** Errors assumed in checks for rows that have none, SI units, of the size of NCEP's for radiosondes and SYNOP. */
const assumed: Readonly<Record<string, number>> = {
  t: 1.2, tv: 1.2, t2m: 2, tv2m: 2, q: 1e-3, q2m: 1.5e-3, u: 2.5, v: 2.5, u10: 2.5, v10: 2.5, ff: 2.5, ff10: 2.5,
  dd: 20, dd10: 30, z: 150, ps: 120, msl: 120, pw: 3,
} // biome-ignore format: a table

export const assumedError = (code: string): number =>
  assumed[code] ?? (thicknessLayer(code) ? 150 : Number.NaN)

/**
 * Standard deviations by which an observation may miss the background where no table of limits says otherwise: of its
 * own error alone, which leaves room for the background's, or of both.
 */
export const grossLimit = { own: 8, both: 5 }
