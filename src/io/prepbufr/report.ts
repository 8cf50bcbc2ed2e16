/**
 * A PrepBUFR report as NCEP's tables lay it out, in the file's own units: pressure hPa, temperature degrees
 * Celsius, specific humidity mg/kg, wind m/s, height m, precipitable water kg/m2. NaN (texts: '') is missing.
 */
export interface Report {
  /** Message class: ADPUPA, ADPSFC, SFCSHP, AIRCFT, AIRCAR, SATWND, ... */
  readonly messageClass: string
  /** Message and subset the report comes from, both counted from 1. */
  readonly message: number
  readonly subset: number
  /** Analysis cycle, ms since 1970. */
  readonly cycle: number
  /** SID */
  station: string
  /** XOB, degrees east 0..360, and YOB, degrees north. */
  longitude: number
  latitude: number
  /** DHR: time of the report minus the cycle, hours. */
  hours: number
  /** ELV: elevation of the station, m. */
  elevation: number
  /** TYP: NCEP report type; 1xx carries mass (p, T, q, z), 2xx wind. The two halves of a report share `sequence`. */
  type: number
  /** T29: type of the data dump; ITP: instrument type; SQN: number of the report. */
  dumpType: number
  instrumentType: number
  sequence: number
  readonly levels: Level[]
  /** PMO and PMQ: mean sea level pressure as reported. */
  seaLevelPressure: number
  seaLevelPressureQuality: number
}

/** One level of a sounding, or the only one of a surface report. */
export interface Level {
  /** CAT: 0 surface, 1 mandatory, 2 significant (T), 3 winds by pressure, 4 winds by height, 5 tropopause, 6 single. */
  category: number
  /** XDR, YDR, HRDR: place and time of a drifting balloon at this level; NaN when the report gives none. */
  longitude: number
  latitude: number
  hours: number
  pressure?: Stack
  temperature?: Stack
  humidity?: Stack
  height?: Stack
  precipitableWater?: Stack
  wind?: WindStack
}

/** One step of quality control left a value behind. */
export interface Event {
  value: number
  /** Quality mark: 0 keep, 1 good, 2 neutral, 3 suspect, 4-15 not for use. */
  quality: number
  /** Number of the program that made the event and its reason. */
  program: number
  reason: number
}

export interface WindEvent {
  u: number
  v: number
  quality: number
  program: number
  reason: number
}

/** The history of a value, newest event first: `events[0]` is what the analysis gets. */
export interface Stack {
  readonly events: Event[]
  /** *FC: the short forecast at the observation. Of temperature it is virtual. */
  background: number
  /** *OE: standard deviation of the observation error; of humidity that of relative humidity, in tens of per cent. */
  error: number
}

export interface WindStack {
  readonly events: WindEvent[]
  backgroundU: number
  backgroundV: number
  error: number
}

export const emptyLevel = (): Level => ({
  category: Number.NaN,
  longitude: Number.NaN,
  latitude: Number.NaN,
  hours: Number.NaN,
})

export const hasData = (l: Level): boolean =>
  l.pressure !== undefined ||
  l.temperature !== undefined ||
  l.humidity !== undefined ||
  l.height !== undefined ||
  l.wind !== undefined ||
  l.precipitableWater !== undefined
