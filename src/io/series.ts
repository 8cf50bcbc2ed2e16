import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { FieldStatistics } from '../atmosphere/statistics.ts'
import { DataError } from '../base/errors.ts'
import { openStates } from './states.ts'

/** Consecutive states of a period in memory, z-scored: what models are trained on and scored against. */
export interface Series {
  readonly location: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly times: Float64Array
  readonly grid: Grid
  readonly channels: ChannelSet
  readonly normaliser: Normaliser
  /** Constant fields by WeatherBench2 name, in their own units: [lat, lon]. */
  readonly statics: ReadonlyMap<string, Float32Array>
  /** Normalised states [time, channel, lat, lon]. */
  readonly data: Float32Array
  /** Values of one state. */
  readonly stateSize: number
  /** The state at a position: a view, not a copy. */
  at(index: number): Float32Array
}

/** Which part of a series is loaded, its channels, and how it is normalised. */
export interface SeriesOptions {
  /** First and last time of the period, both included: ISO dates; an end without hour is that whole day. */
  readonly start?: string
  readonly end?: string
  readonly channels?: ChannelSet
  /** z-scores by these statistics; by default by the period's own. */
  readonly normaliser?: Normaliser
  readonly onProgress?: (done: number, total: number) => void
}

const day = 86_400_000

/** Positions [first, last) of the times of a period within ascending `times`. */
export function period(
  times: Float64Array,
  start: string | undefined,
  end: string | undefined,
): [number, number] {
  const from = start === undefined ? -Infinity : parse(start)
  const to = end === undefined ? Infinity : parse(end) + (/^\d{4}-\d{2}-\d{2}$/.test(end) ? day - 1 : 0)
  let first = 0
  while (first < times.length && times[first] < from) first++
  let last = first
  while (last < times.length && times[last] <= to) last++
  return [first, last]
}

function parse(date: string): number {
  const value = Date.parse(/\d{4}-\d{2}-\d{2}T[\d:.]+$/.test(date) ? `${date}Z` : date)
  if (!Number.isFinite(value))
    throw new DataError(`'${date}' is no date; write 1983-01-31 or 1983-01-31T18:00`)
  return value
}

/**
 * Reads the states of a period.
 * @throws DataError when the store has no states in the period, or values are missing (naming channel and time)
 */
export async function loadSeries(location: string, options: SeriesOptions = {}): Promise<Series> {
  const states = await openStates(location, options.channels && { channels: options.channels })
  try {
    const [first, last] = period(states.times, options.start, options.end)
    const iso = (t: number) => new Date(t).toISOString().slice(0, 16)
    if (first === last)
      throw new DataError(
        `${location} has no states from ${options.start} to ${options.end}; it covers ${iso(states.times[0])} to ${iso(states.times.at(-1) ?? Number.NaN)}`,
      )
    const data = await states.readAll([first, last], options.onProgress)
    const times = states.times.slice(first, last)
    const points = states.grid.size
    const { channels } = states
    refuseMissing(data, times, channels, points, location)
    const normaliser = options.normaliser ?? statisticsOf(data, channels, points)
    normaliser.select(channels.names).normalise(data, points, data)
    const stateSize = channels.length * points
    return {
      location,
      times,
      grid: states.grid,
      channels,
      normaliser,
      statics: states.statics,
      data,
      stateSize,
      at: (i) => data.subarray(i * stateSize, (i + 1) * stateSize),
    }
  } finally {
    await states.close()
  }
}

function statisticsOf(data: Float32Array, channels: ChannelSet, points: number): Normaliser {
  const statistics = new FieldStatistics(channels.names)
  statistics.add(data, points)
  return new Normaliser(statistics)
}

function refuseMissing(
  data: Float32Array,
  times: Float64Array,
  channels: ChannelSet,
  points: number,
  location: string,
) {
  const bad = data.findIndex((v) => !Number.isFinite(v))
  if (bad < 0) return
  const time = new Date(times[Math.floor(bad / (points * channels.length))]).toISOString()
  const name = channels.names[Math.floor(bad / points) % channels.length]
  throw new DataError(`${location}: ${name} at ${time} has missing values; models need complete fields`)
}
