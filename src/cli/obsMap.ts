import { basename } from 'node:path'
import { ConfigError, DataError } from '../base/errors.ts'
import { filter, type ObservationTable } from '../io/observations/table.ts'
import { observedVariables } from '../io/observations/variables.ts'
import { mapFigure } from '../report/mapFigure.ts'
import type { Region } from '../report/projection.ts'
import { quantityStyle } from '../report/quantity.ts'
import { timeText } from './times.ts'

export interface ObsMapOptions {
  readonly file: string
  readonly title?: string
  readonly departures?: boolean
  readonly region?: readonly number[]
  readonly width?: number
}

/** WeatherBench2 names of observed variables, which choose colours and shown units. */
export const modelNames: Readonly<Record<string, string>> = {
  t: 'temperature', tv: 'temperature', q: 'specific_humidity', u: 'u_component_of_wind', v: 'v_component_of_wind',
  z: 'geopotential', ps: 'surface_pressure', t2m: '2m_temperature', tv2m: '2m_temperature', q2m: 'specific_humidity',
  u10: '10m_u_component_of_wind', v10: '10m_v_component_of_wind', msl: 'mean_sea_level_pressure',
} // biome-ignore format: pairs

/**
 * A map of the places of observations. With one variable they are coloured by their mean value at each place (or by
 * the mean observation minus background, marks up to 3); with several they are dots.
 */
export function obsMap(all: ObservationTable, options: ObsMapOptions): string {
  const region = options.region && regionOf(options.region)
  const table = region ? filter(all, (i) => inside(region, all.longitude[i], all.latitude[i])) : all
  if (table.length === 0) throw new DataError('no observation of the selection lies in the region of the map')
  const variables = [...new Set(table.variable)]
  const single = variables.length === 1 ? variables[0] : undefined
  if (options.departures && !single)
    throw new ConfigError(`--departures needs one --variable; the selection has ${variables.join(', ')}`)
  const places = meanByPlace(table, options.departures ?? false)
  if (places.longitude.length === 0)
    throw new DataError('no observation of the selection has a background and a quality mark up to 3')
  const count = `${table.length} observations of ${places.longitude.length} reports`
  const what = single ? (observedVariables[single]?.name ?? single) : 'observations'
  const title =
    options.title ?? (options.departures ? `Observation minus background: ${what}` : sentence(what))
  const subtitle = `${basename(options.file)} · ${timesText(table.time)} · ${count}`
  return mapFigure({
    title,
    subtitle,
    width: options.width,
    region,
    projection: region ? 'equirectangular' : 'robinson',
    panels: [
      {
        stations: {
          longitude: places.longitude,
          latitude: places.latitude,
          size: Math.max(3, Math.min(6.5, 110 / Math.sqrt(places.longitude.length))),
          ...(single ? colouring(single, options.departures ?? false, places.values) : {}),
        },
      },
    ],
  })
}

function colouring(code: string, departures: boolean, values: Float64Array) {
  const kind = departures ? ('difference' as const) : ('field' as const)
  const known = modelNames[code]
  const unit = observedVariables[code]?.unit
  // Over all levels of a sounding a difference is dominated by a few: the ends leave out the outer hundredth.
  const scale = { clip: departures ? 0.01 : 0.003 }
  const label = departures
    ? `Observation minus background (${quantityStyle(known ?? code, { units: unit }).units})`
    : undefined
  return { values, kind, variable: known ?? code, units: unit, scale, label }
}

/** Mean value, or mean observation minus background, at each place to a hundredth of a degree. */
function meanByPlace(table: ObservationTable, departures: boolean) {
  const sums = new Map<string, { longitude: number; latitude: number; sum: number; count: number }>()
  for (let i = 0; i < table.length; i++) {
    const value = departures ? table.value[i] - table.background[i] : table.value[i]
    if (departures && (Number.isNaN(value) || table.quality[i] > 3)) continue
    // A drifting balloon is one place: the one of its first level.
    const key =
      table.sounding[i] >= 0
        ? `#${table.sounding[i]}`
        : `${table.longitude[i].toFixed(2)},${table.latitude[i].toFixed(2)}`
    const place = sums.get(key)
    if (place) {
      place.sum += value
      place.count++
    } else sums.set(key, { longitude: table.longitude[i], latitude: table.latitude[i], sum: value, count: 1 })
  }
  const all = [...sums.values()]
  return {
    longitude: Float64Array.from(all, (p) => p.longitude),
    latitude: Float64Array.from(all, (p) => p.latitude),
    values: Float64Array.from(all, (p) => p.sum / p.count),
  }
}

/** West, south, east, north as a region. */
export function regionOf([west, south, east, north]: readonly number[]): Region {
  return { west, south, east, north }
}

function inside({ west, east, south, north }: Region, longitude: number, latitude: number): boolean {
  const turn = (a: number) => ((a % 360) + 360) % 360
  return latitude >= south && latitude <= north && turn(longitude - west) <= (turn(east - west) || 360)
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** First and last time, the date once where it is the same. */
function timesText(times: Float64Array): string {
  const sorted = times.filter(Number.isFinite).sort()
  if (sorted.length === 0) return 'unknown time'
  // Seconds would say more than anybody wants to know of a whole network.
  const [first, last] = [sorted[0], sorted[sorted.length - 1]].map((t) => timeText(t).slice(0, 16))
  return `${first} – ${last.startsWith(first.slice(0, 10)) ? last.slice(11) : last} UTC`
}
