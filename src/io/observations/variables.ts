/** What an observed variable is; `unit` holds for the columns value, error and background. */
export interface ObservedVariable {
  readonly unit: string
  readonly name: string
  /** Surface variables belong to the station, not to the level at `pressure`. */
  readonly surface: boolean
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
  z: { unit: 'm2 s-2', name: 'geopotential', surface: false },
  ps: { unit: 'Pa', name: 'pressure at the station', surface: true },
  t2m: { unit: 'K', name: '2 m temperature (sensible)', surface: true },
  tv2m: { unit: 'K', name: '2 m virtual temperature', surface: true },
  q2m: { unit: 'kg kg-1', name: '2 m specific humidity', surface: true },
  u10: { unit: 'm s-1', name: '10 m eastward wind', surface: true },
  v10: { unit: 'm s-1', name: '10 m northward wind', surface: true },
  msl: { unit: 'Pa', name: 'mean sea level pressure', surface: true },
  pw: { unit: 'kg m-2', name: 'total column water vapour', surface: true },
}
