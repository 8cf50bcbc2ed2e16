import { levels13 } from '../../atmosphere/levels.ts'

/** What an observed variable is; `unit` holds for the columns value, error and background. */
export interface ObservedVariable {
  readonly unit: string
  readonly name: string
  /** Surface variables belong to the station, not to the level at `pressure`. */
  readonly surface: boolean
}

/** The code of the thickness of the layer between two pressures, hPa: dz500-1000. */
export const thicknessCode = (top: number, bottom: number): string => `dz${top}-${bottom}`

/** The pressures (hPa) of the layer that a code of `thicknessCode` names, or undefined for other codes. */
export function thicknessLayer(code: string): { top: number; bottom: number } | undefined {
  const m = /^dz(\d+)-(\d+)$/.exec(code)
  return m ? { top: Number(m[1]), bottom: Number(m[2]) } : undefined
}

/** Thicknesses of the layers between every two of WeatherBench's 13 levels. */
function thicknesses(): Record<string, ObservedVariable> {
  const pairs = levels13.flatMap((top) => levels13.filter((p) => p > top).map((bottom) => [top, bottom]))
  return Object.fromEntries(
    pairs.map(([top, bottom]) => [
      thicknessCode(top, bottom),
      { unit: 'm2 s-2', name: `geopotential thickness ${top}-${bottom} hPa`, surface: false },
    ]),
  )
}

/**
 * The variables an observation table may hold. Upper-air codes are those of the model variables; the pressure
 * column says at which level.
 */
export const observedVariables: Readonly<Record<string, ObservedVariable>> = {
  t: { unit: 'K', name: 'air temperature (sensible)', surface: false },
  tv: { unit: 'K', name: 'virtual temperature', surface: false },
  q: { unit: 'kg kg-1', name: 'specific humidity', surface: false },
  u: { unit: 'm s-1', name: 'eastward wind', surface: false },
  v: { unit: 'm s-1', name: 'northward wind', surface: false },
  ff: { unit: 'm s-1', name: 'wind speed', surface: false },
  dd: { unit: 'degree', name: 'direction the wind blows from', surface: false },
  z: { unit: 'm2 s-2', name: 'geopotential', surface: false },
  ps: { unit: 'Pa', name: 'pressure at the station', surface: true },
  t2m: { unit: 'K', name: '2 m temperature (sensible)', surface: true },
  tv2m: { unit: 'K', name: '2 m virtual temperature', surface: true },
  q2m: { unit: 'kg kg-1', name: '2 m specific humidity', surface: true },
  u10: { unit: 'm s-1', name: '10 m eastward wind', surface: true },
  v10: { unit: 'm s-1', name: '10 m northward wind', surface: true },
  ff10: { unit: 'm s-1', name: '10 m wind speed', surface: true },
  dd10: { unit: 'degree', name: 'direction the 10 m wind blows from', surface: true },
  msl: { unit: 'Pa', name: 'mean sea level pressure', surface: true },
  pw: { unit: 'kg m-2', name: 'total column water vapour', surface: true },
  ...thicknesses(),
}
