import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import { ConfigError, DataError } from '../base/errors.ts'
import { ObservationBuilder } from '../io/observations/builder.ts'
import type { Station } from '../io/observations/stations.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { observedVariables } from '../io/observations/variables.ts'
import type { Stream } from '../random/stream.ts'

/**
 * Networks are observation tables whose values are still NaN: where, when and what is measured. `simulate` fills them
 * from a state; Parquet and CSV keep them as they are. A column is all the rows that share a `sounding` number.
 */

/** Where and when something is measured. */
export interface Place {
  /** Identifier; '' if none. */
  readonly id: string
  /** degrees */
  readonly latitude: number
  readonly longitude: number
  /** m above sea level; NaN if unknown. */
  readonly elevation: number
  /** ms since 1970; by default that of the network. */
  readonly time?: number
}

/**
 * `density` (0..1] of the grid's columns, drawn without replacement, each as likely as any other (the paper's masks;
 * so they lie more densely towards the poles): indices row * columns + column, in the order drawn. A network of lower
 * density from the same stream is the beginning of one of higher density. Throws ConfigError for a density outside
 * (0, 1].
 */
export function randomColumns(grid: Grid, density: number, random: Stream): Uint32Array {
  return random.choice(grid.size, share(grid.size, density))
}

/** `density` of all elements of a state [channel, latitude, longitude]: single channels at scattered points. */
export function randomElements(
  grid: Grid,
  channels: ChannelSet,
  density: number,
  random: Stream,
): Uint32Array {
  const size = channels.length * grid.size
  return random.choice(size, share(size, density))
}

function share(size: number, density: number): number {
  if (!(density > 0 && density <= 1))
    throw new ConfigError(
      `a density of ${density} is none; it is a share of the points, above 0 and at most 1`,
    )
  return Math.max(1, Math.round(density * size))
}

/** The network of all channels at some columns of a grid (see `randomColumns`). Its station is the column's index. */
export function columnNetwork(
  grid: Grid,
  channels: ChannelSet,
  columns: ArrayLike<number>,
  time: number,
): ObservationTable {
  const places = Array.from(columns, (column) => columnPlace(grid, column))
  return placeNetwork(places, channels, time, 'grid')
}

/** The network of single elements of a state (see `randomElements`). */
export function elementNetwork(
  grid: Grid,
  channels: ChannelSet,
  elements: ArrayLike<number>,
  time: number,
): ObservationTable {
  const builder = new ObservationBuilder(elements.length)
  const codes = codesOf(channels)
  Array.from(elements).forEach((element, i) => {
    const channel = Math.floor(element / grid.size)
    if (!codes[channel])
      throw new DataError(`element ${element} is not one of a state of ${channels.length} channels`)
    push(builder, columnPlace(grid, element % grid.size), codes[channel], time, i, 'grid')
  })
  return builder.build()
}

/** The network of all channels at some places, one column each. Throws DataError for channels nobody can observe. */
export function placeNetwork(
  places: readonly Place[],
  channels: ChannelSet,
  time: number,
  instrument = '',
): ObservationTable {
  const builder = new ObservationBuilder(Math.max(1, places.length * channels.length))
  const codes = codesOf(channels)
  places.forEach((place, i) => {
    for (const code of codes) push(builder, place, code, time, i, instrument)
  })
  return builder.build()
}

/** Stations of a list (METAR, radiosondes) as places; those of the same position, or without one, only once. */
export function stationPlaces(stations: readonly Station[]): Place[] {
  const seen = new Set<string>()
  return stations.filter(({ latitude, longitude }) => {
    const key = `${latitude} ${longitude}`
    const fresh = !seen.has(key) && Number.isFinite(latitude) && Number.isFinite(longitude)
    seen.add(key)
    return fresh
  })
}

/**
 * The stations of a table of soundings (PrepBUFR's ADPUPA), in the order of first appearance: where the lowest level
 * of each station's first ascent was measured, because balloons drift.
 */
export function soundingStations(table: ObservationTable): Place[] {
  const best = new Map<string, number>()
  for (let i = 0; i < table.length; i++) {
    const id = table.station[i]
    if (table.sounding[i] < 0 || id === '' || !Number.isFinite(table.pressure[i])) continue
    const before = best.get(id)
    if (before === undefined || table.pressure[i] > table.pressure[before]) best.set(id, i)
  }
  return [...best].map(([id, i]) => ({
    id,
    latitude: table.latitude[i],
    longitude: table.longitude[i],
    elevation: table.height[i],
  }))
}

/** The grid column nearest to each place (great circle), each column once, in the order of the places. */
export function nearestColumns(grid: Grid, places: readonly Place[]): Uint32Array {
  const radians = Math.PI / 180
  const columns = places.map(({ latitude, longitude }) => {
    let [best, nearest] = [0, -2]
    for (let i = 0; i < grid.rows; i++) {
      const [a, b] = [grid.latitude[i] * radians, latitude * radians]
      const [sines, cosines] = [Math.sin(a) * Math.sin(b), Math.cos(a) * Math.cos(b)]
      for (let j = 0; j < grid.columns; j++) {
        const cosine = sines + cosines * Math.cos((grid.longitude[j] - longitude) * radians)
        if (cosine > nearest + 1e-12) [best, nearest] = [i * grid.columns + j, cosine]
      }
    }
    return best
  })
  return Uint32Array.from(new Set(columns))
}

function columnPlace(grid: Grid, column: number): Place {
  if (!(column >= 0 && column < grid.size)) throw new DataError(`column ${column} is not one of ${grid.size}`)
  const latitude = grid.latitude[Math.floor(column / grid.columns)]
  return {
    id: String(column),
    latitude,
    longitude: grid.longitude[column % grid.columns],
    elevation: Number.NaN,
  }
}

function codesOf(channels: ChannelSet): { code: string; pressure: number }[] {
  return channels.channels.map(({ name, variable, level }) => {
    const code = variable.short === 'tcwv' ? 'pw' : variable.short
    if (!observedVariables[code]) throw new DataError(`channel ${name} cannot be observed; leave it out`)
    return { code, pressure: level === undefined ? Number.NaN : 100 * level }
  })
}

function push(
  builder: ObservationBuilder,
  place: Place,
  { code, pressure }: { code: string; pressure: number },
  time: number,
  sounding: number,
  instrument: string,
) {
  builder.push({
    time: place.time ?? time,
    latitude: place.latitude,
    longitude: place.longitude,
    pressure,
    height: place.elevation,
    variable: code,
    value: Number.NaN,
    error: Number.NaN,
    background: Number.NaN,
    station: place.id,
    reportType: -1,
    quality: -1,
    instrument,
    sounding,
  })
}
