import { canonicalUnits } from '../atmosphere/units.ts'
import { DataError, didYouMean } from '../base/errors.ts'
import type { Dataset, Variable } from './dataset.ts'
import { toFloat64 } from './numeric.ts'
import { decodeTimes, isTimeUnits } from './time.ts'
import { findValidTime, isStart } from './valid-time.ts'

export type AxisKind = 'time' | 'level' | 'latitude' | 'longitude'

/** The dimensions of a dataset that mean time, level, latitude and longitude. */
export interface Axes {
  readonly time?: string
  readonly level?: string
  readonly latitude: string
  readonly longitude: string
}

const names: Record<AxisKind, RegExp> = {
  time: /^(time|valid_time|initial_time\d*(_hours)?|times?|date)$/i,
  level: /^(level|levels|lev|plev|pressure|pressure_level|isobaric\w*|lv_isbl\d*|air_pressure|p|pfull)$/i,
  latitude: /^(latitude|lat|lats|lat_\d+|g0_lat_\d+|nav_lat|y)$/i,
  longitude: /^(longitude|lon|lons|long|lon_\d+|g0_lon_\d+|nav_lon|x)$/i,
}

/**
 * Finds the axes by what their coordinate variables say (units, standard_name, axis) and else by name; never by
 * position.
 * @throws DataError where there is no latitude or longitude.
 */
export function findAxes(dataset: Dataset): Axes {
  const found: Partial<Record<AxisKind, string>> = {}
  // Of an unlimited dimension that a selection has used up, the length 0 is left.
  const used = new Set([...dataset.variables.values()].flatMap(({ dimensions }) => dimensions))
  const present = [...dataset.dimensions].flatMap(([name, n]) => (n > 0 || used.has(name) ? [name] : []))
  const ranked = present.map((dimension) => {
    const coordinate = dataset.variables.get(dimension)
    const start = coordinate !== undefined && isStart(coordinate)
    return { dimension, start, said: coordinate && saysItIs(coordinate), called: calledLike(dimension) }
  })
  // The start of a forecast is the time axis only where there is no other.
  ranked.sort((a, b) => Number(a.start) - Number(b.start))
  for (const { dimension, said } of ranked) if (said) found[said] ??= dimension
  for (const { dimension, said, called } of ranked) if (!said && called) found[called] ??= dimension
  const { latitude, longitude } = found
  if (latitude === undefined || longitude === undefined) {
    const wanted = latitude === undefined ? 'latitude' : 'longitude'
    const dimensions = [...dataset.dimensions.keys()]
    throw new DataError(
      `${dataset.location} has no ${wanted} dimension${didYouMean(wanted, dimensions)}; it has ${dimensions.join(', ') || 'none'}`,
    )
  }
  return { time: found.time, level: found.level, latitude, longitude }
}

function saysItIs({ attributes, units, dimensions }: Variable): AxisKind | undefined {
  if (dimensions.length !== 1) return undefined
  if (isTimeUnits(units) || attributes.standard_name === 'time') return 'time'
  if (attributes.standard_name === 'latitude' || /^degrees?_?n(orth)?$/i.test(units ?? '')) return 'latitude'
  if (attributes.standard_name === 'longitude' || /^degrees?_?e(ast)?$/i.test(units ?? '')) return 'longitude'
  const pressure = units !== undefined && /^(Pa|hPa|mbar|mb|millibars?)$/i.test(canonicalUnits(units))
  if (pressure || attributes.standard_name === 'air_pressure') return 'level'
  const axes: Record<string, AxisKind> = { T: 'time', Z: 'level', Y: 'latitude', X: 'longitude' }
  return typeof attributes.axis === 'string' ? axes[attributes.axis] : undefined
}

function calledLike(dimension: string): AxisKind | undefined {
  return (Object.keys(names) as AxisKind[]).find((kind) => names[kind].test(dimension))
}

/**
 * Values and units of the coordinate variable of a dimension.
 * @throws DataError where the dimension has none.
 */
export async function coordinate(
  dataset: Dataset,
  dimension: string,
): Promise<{ values: Float64Array; units?: string }> {
  const variable = dataset.variables.get(dimension)
  if (!variable) throw new DataError(`${dataset.location}: dimension ${dimension} has no coordinate variable`)
  return { values: toFloat64((await variable.read()).data), units: variable.units }
}

/** The times of a dataset, and the dataset's index of each. */
export interface TimeAxis {
  /** Milliseconds since 1970, ascending; one NaN where the dataset is a single state that does not say when. */
  readonly times: Float64Array
  readonly index: Int32Array
  readonly remarks: readonly string[]
}

/**
 * The times that states are valid at, ascending. Times out of order are sorted, with a remark.
 * @throws DataError for times that are missing, repeated, in units that cannot be read, or of a forecast that does not say
 *   whether they are those of its start.
 */
export async function readTimes(dataset: Dataset, { time }: Axes): Promise<TimeAxis> {
  const valid = await findValidTime(dataset, time)
  const variable = valid?.variable ?? (time === undefined ? unreadableTime(dataset) : undefined)
  if (!variable) {
    if (time !== undefined)
      throw new DataError(`${dataset.location}: dimension ${time} has no coordinate variable`)
    return {
      times: Float64Array.of(Number.NaN),
      index: Int32Array.of(0),
      remarks: ['there is no time axis: one state, of unknown time'],
    }
  }
  const { name, units, attributes } = variable
  const raw = (await variable.read()).data
  if (units === undefined || !isTimeUnits(units)) {
    if (time === undefined)
      return {
        times: Float64Array.of(Number.NaN),
        index: Int32Array.of(0),
        remarks: [`${name} has no units: one state, of unknown time`],
      }
    throw new DataError(
      `${dataset.location}: ${name} has units '${units}'; they should read 'hours since 1970-01-01'`,
    )
  }
  const calendar = typeof attributes.calendar === 'string' ? attributes.calendar : 'standard'
  const times = decodeTimes(raw, units, calendar).map((t) => t + (valid?.lead ?? 0))
  const missing = times.findIndex((t) => !(Math.abs(t) <= 8.64e15))
  if (missing >= 0)
    throw new DataError(`${dataset.location}: ${name} ${raw[missing]} at index ${missing} is no time`)
  const index = Int32Array.from(times.keys())
  const remarks = [...(valid?.remarks ?? [])]
  if (times.some((t, i) => i > 0 && t < times[i - 1])) {
    index.sort((a, b) => times[a] - times[b])
    remarks.push('times are out of order in the file; they are read in ascending order')
  }
  const sorted = Float64Array.from(index, (i) => times[i])
  const twice = sorted.findIndex((t, i) => i > 0 && t === sorted[i - 1])
  if (twice > 0)
    throw new DataError(
      `${dataset.location}: ${new Date(sorted[twice]).toISOString()} occurs twice, at indices ${index[twice - 1]} and ${index[twice]}`,
    )
  return { times: sorted, index, remarks }
}

/** A scalar that is called a time and has no units of one. */
function unreadableTime(dataset: Dataset): Variable | undefined {
  return [...dataset.variables.values()].find((v) => v.dimensions.length === 0 && names.time.test(v.name))
}
