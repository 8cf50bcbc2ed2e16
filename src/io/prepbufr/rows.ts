import { g, zeroCelsius } from '../../atmosphere/constants.ts'
import type { ObservationBuilder } from '../observations/builder.ts'
import type { Observation } from '../observations/table.ts'
import { saturationHumidity } from './humidity.ts'
import type { Level, Report } from './report.ts'
import { backgroundTemperature, sensibleTemperature, virtualTemperatureOf } from './temperature.ts'

/** What becomes of temperatures and marks. */
export interface RowOptions {
  /**
   * What temperature rows hold. 'sensible' (default) gives `t` and `t2m`, 'virtual' gives `tv` and `tv2m`; a row
   * that lacks the humidity to convert keeps its own kind and code. The background is converted alike.
   */
  readonly temperature?: 'sensible' | 'virtual'
  /** Leaves out rows whose quality mark is above this or, below 15, missing. Default 15: all rows are kept. */
  readonly maxQuality?: number
}

/** hPa to Pa and hours to ms, exact for the decimal values in the files. */
const pascal = (hPa: number): number => Math.round(hPa * 1e4) / 100
const hour = 3_600_000
const integer = (x: number): number => (Number.isNaN(x) ? -1 : x)

/** Message classes whose reports are of the surface: their T, q and wind are screen-level and 10 m values. */
const surfaceClasses = new Set([
  'ADPSFC',
  'SFCSHP',
  'MSONET',
  'SFCBOG',
  'SPSSMI',
  'QKSWND',
  'ASCATW',
  'ERS1DA',
  'WDSATR',
  'GPSIPW',
])

/**
 * Appends the rows of one report in SI units; `sounding` is the number they carry.
 *
 * - Only the newest event of each stack becomes a row; a missing value or missing pressure gives none.
 * - Time and place are the level's own where a balloon's drift is given.
 * - Geopotential is height times standard gravity (the heights are geopotential heights).
 * - The pressure of the level of category 0 (surface), and that of surface reports, is a `ps` row of its own.
 * - Humidity errors, relative in the file, become specific by the saturation humidity at the level's temperature
 *   (the background's where none was observed).
 */
export function appendRows(
  report: Report,
  sounding: number,
  virtmp: number,
  builder: ObservationBuilder,
  { temperature = 'sensible', maxQuality = 15 }: RowOptions = {},
) {
  const surface = surfaceClasses.has(report.messageClass)
  // One object for all rows of the report: the builder copies what it is given.
  const row: Observation = {
    time: 0,
    latitude: 0,
    longitude: 0,
    pressure: 0,
    height: 0,
    variable: '',
    value: 0,
    error: 0,
    background: 0,
    station: report.station,
    reportType: integer(report.type),
    quality: 0,
    instrument: report.messageClass,
    sounding,
  }
  for (const level of report.levels) {
    const { pressure: p, temperature: t, humidity: q, height: z, wind: w, precipitableWater: pw } = level
    const atStation = surface || level.category === 0
    row.pressure = p?.events[0] ? pascal(p.events[0].value) : Number.NaN
    row.height = atStation ? report.elevation : Number.NaN
    if (Number.isNaN(row.pressure) && Number.isNaN(row.height)) continue
    row.time = Math.round(report.cycle + (Number.isNaN(level.hours) ? report.hours : level.hours) * hour)
    row.latitude = Number.isNaN(level.latitude) ? report.latitude : level.latitude
    row.longitude = Number.isNaN(level.longitude) ? report.longitude : level.longitude
    if (p?.events[0] && atStation && isMass(report.type)) {
      const [error, background] = [pascal(p.error), pascal(p.background)]
      put(builder, row, maxQuality, 'ps', p.events[0].quality, row.pressure, error, background)
    }
    if (t?.events[0]) {
      const wanted = temperature === 'sensible' ? sensibleTemperature : virtualTemperatureOf
      const { value, virtual } = wanted(level, virtmp)
      const code = surface ? (virtual ? 'tv2m' : 't2m') : virtual ? 'tv' : 't'
      const background = backgroundTemperature(level, virtual)
      put(builder, row, maxQuality, code, t.events[0].quality, value, t.error, background)
    }
    if (q?.events[0]) {
      const error = humidityError(level, row.pressure, virtmp)
      const [{ value, quality }] = q.events
      put(builder, row, maxQuality, surface ? 'q2m' : 'q', quality, 1e-6 * value, error, 1e-6 * q.background)
    }
    // At the station the height is the station's elevation, known beforehand: no observation of the atmosphere.
    if (z?.events[0] && !surface) {
      const [{ value, quality }] = z.events
      put(builder, row, maxQuality, 'z', quality, g * value, g * z.error, g * z.background)
    }
    if (w?.events[0]) {
      const [{ u, v, quality }] = w.events
      put(builder, row, maxQuality, surface ? 'u10' : 'u', quality, u, w.error, w.backgroundU)
      put(builder, row, maxQuality, surface ? 'v10' : 'v', quality, v, w.error, w.backgroundV)
    }
    if (pw?.events[0]) {
      const [{ value, quality }] = pw.events
      put(builder, row, maxQuality, 'pw', quality, value, pw.error, pw.background)
    }
    if (surface && isMass(report.type)) {
      const { seaLevelPressure, seaLevelPressureQuality } = report
      put(builder, row, maxQuality, 'msl', seaLevelPressureQuality, pascal(seaLevelPressure), NaN, NaN)
    }
  }
}

function put(
  builder: ObservationBuilder,
  row: Observation,
  maxQuality: number,
  variable: string,
  quality: number,
  value: number,
  error: number,
  background: number,
) {
  if (Number.isNaN(value) || quality > maxQuality) return
  if (Number.isNaN(quality) && maxQuality < 15) return
  row.variable = variable
  row.quality = integer(quality)
  row.value = value
  row.error = error
  row.background = background
  builder.push(row)
}

/** Wind reports (2xx) repeat the pressure of their mass twin (1xx), which alone is an observation of it. */
const isMass = (type: number): boolean => !(type >= 200)

/** Error of specific humidity, kg/kg: q_s(T, p) times the error of relative humidity (file: tens of per cent). */
function humidityError(level: Level, pressure: number, virtmp: number): number {
  const relative = level.humidity!.error / 10
  if (Number.isNaN(relative)) return Number.NaN
  const t = level.temperature?.events[0] ? sensibleTemperature(level, virtmp).value : Number.NaN
  const temperature = Number.isNaN(t) ? (level.temperature?.background ?? Number.NaN) + zeroCelsius : t
  return relative * saturationHumidity(temperature, pressure)
}
