import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import { levelIndex } from '../atmosphere/levels.ts'
import { variable as quantityOf } from '../atmosphere/variables.ts'
import { DataError } from '../base/errors.ts'
import type { NumericArray } from './dataset.ts'
import type { AttributeValue, DatasetLayout, DatasetWriter, VariableLayout } from './layout.ts'

/** Formats that states are written in. */
export type StatesFormat = 'zarr v2' | 'zarr v3' | 'netcdf-4'

/** What a file of states holds: its grid, channels and attributes. */
export interface StatesLayout {
  readonly grid: Grid
  readonly channels: ChannelSet
  /** Fields constant in time by WeatherBench2 name: [lat, lon]. */
  readonly statics?: ReadonlyMap<string, Float32Array>
  /** Title, source, history and the like. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** Unit of the time axis (default hours). */
  readonly timeUnit?: 'hours' | 'minutes' | 'seconds'
}

/** How states are stored. */
export interface StatesWriteOptions {
  /** Default: 'netcdf-4' for a path ending in .nc, else 'zarr v2'. */
  readonly format?: StatesFormat
  readonly overwrite?: boolean
  /** Steps in one time chunk (default: about 4 MiB). */
  readonly timeChunk?: number
}

/** A file of states being written: nothing is at its path before `close`. */
export interface StatesWriter {
  readonly length: number
  /** Appends states [n, channel, lat, lon] at `times`, milliseconds since 1970, later than those before. */
  append(times: ArrayLike<number>, states: Float32Array): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

export const milliseconds = { hours: 3_600_000, minutes: 60_000, seconds: 1000 } as const

/**
 * Starts a dataset of states in WeatherBench2's names and units with CF metadata: (time, level, latitude, longitude)
 * in the order of the grid, one variable per quantity; where a quantity lacks a level that another has, NaN.
 * @throws DataError for a path that exists.
 */
export async function createStates(
  path: string,
  layout: StatesLayout,
  options: StatesWriteOptions = {},
): Promise<StatesWriter> {
  const format = options.format ?? formatOf(path)
  const unit = layout.timeUnit ?? 'hours'
  const levels = levelsOf(layout.channels)
  const described = statesLayout(layout, levels, unit, options.timeChunk)
  const writer = await createDataset(path, described, format, options.overwrite ?? false)
  return statesWriter(writer, layout, levels, milliseconds[unit], 0, -Infinity)
}

/** The format of a path by its ending. */
export const formatOf = (path: string): StatesFormat =>
  /\.(nc|nc4|cdf)$/i.test(path) ? 'netcdf-4' : 'zarr v2'

/** Starts a dataset of any layout in one of the formats. @throws DataError for a path that exists */
export async function createDataset(
  path: string,
  layout: DatasetLayout,
  format: StatesFormat,
  overwrite: boolean,
): Promise<DatasetWriter> {
  if (format === 'netcdf-4') {
    const { createNetcdf4 } = await import('./netcdf/write.ts')
    return createNetcdf4(path, layout, { overwrite })
  }
  const { createZarr } = await import('./zarr/write.ts')
  return createZarr(path, layout, { version: format === 'zarr v3' ? 3 : 2, overwrite })
}

/**
 * Opens a store that `createStates` wrote to append later states.
 * @throws DataError where its channels or its grid are others.
 */
export async function appendStates(
  path: string,
  layout: Pick<StatesLayout, 'grid' | 'channels'>,
): Promise<StatesWriter> {
  const { openStates } = await import('./states.ts')
  const { appendZarr } = await import('./zarr/append.ts')
  const { parseTimeUnits } = await import('./time.ts')
  const there = await openStates(path, { workers: 0 })
  const units = there.dataset.variables.get('time')?.units ?? ''
  if (!there.grid.equals(layout.grid))
    throw new DataError(`${path} has grid ${there.grid}, not ${layout.grid}`)
  const missing = layout.channels.names.find((name) => !there.channels.has(name))
  if (missing !== undefined) throw new DataError(`${path} has no channel ${missing}`)
  const { step, origin } = parseTimeUnits(units)
  const last = there.times.at(-1) ?? -Infinity
  await there.close()
  return statesWriter(await appendZarr(path), layout, levelsOf(there.channels), step, origin, last)
}

/** The pressure levels of any channel, hPa, ascending. */
export function levelsOf(channels: ChannelSet): number[] {
  return [...new Set(channels.channels.flatMap((c) => (c.level === undefined ? [] : [c.level])))].sort(
    (a, b) => a - b,
  )
}

/** Coordinates and a variable for each quantity, (time, level, latitude, longitude). */
export function statesLayout(
  { grid, channels, statics, attributes }: StatesLayout,
  levels: number[],
  unit: string,
  timeChunk: number | undefined,
): DatasetLayout {
  const dimensions: Record<string, number> = { latitude: grid.rows, longitude: grid.columns }
  if (levels.length) dimensions.level = levels.length
  const plane = ['latitude', 'longitude']
  const variables: VariableLayout[] = [
    {
      name: 'time',
      dimensions: ['time'],
      dtype: 'int64',
      attributes: {
        units: `${unit} since 1970-01-01`,
        calendar: 'proleptic_gregorian',
        standard_name: 'time',
        axis: 'T',
      },
    },
    {
      name: 'latitude',
      dimensions: ['latitude'],
      dtype: 'float64',
      data: grid.latitude,
      attributes: { units: 'degrees_north', standard_name: 'latitude', axis: 'Y' },
    },
    {
      name: 'longitude',
      dimensions: ['longitude'],
      dtype: 'float64',
      data: grid.longitude,
      attributes: { units: 'degrees_east', standard_name: 'longitude', axis: 'X' },
    },
  ]
  if (levels.length) {
    const whole = levels.every(Number.isInteger)
    const data = whole ? BigInt64Array.from(levels, BigInt) : Float64Array.from(levels)
    variables.push({
      name: 'level',
      dimensions: ['level'],
      dtype: whole ? 'int64' : 'float64',
      data,
      attributes: { units: 'hPa', standard_name: 'air_pressure', positive: 'down', axis: 'Z' },
    })
  }
  for (const quantity of channels.variables) {
    const upper = quantity.kind === 'pressure'
    const names = ['time', ...(upper ? ['level'] : []), ...plane]
    const shape = names.map((name) => dimensions[name] ?? 0)
    variables.push({
      name: quantity.name,
      dimensions: names,
      dtype: 'float32',
      chunks: timeChunk === undefined ? undefined : [timeChunk, ...shape.slice(1)],
      attributes: cfAttributes(quantity.name),
    })
  }
  for (const [name, data] of statics ?? [])
    variables.push({ name, dimensions: plane, dtype: 'float32', data, attributes: cfAttributes(name) })
  return { dimensions, growing: 'time', attributes: { Conventions: 'CF-1.8', ...attributes }, variables }
}

function cfAttributes(name: string): Record<string, string> {
  const { units, standardName, longName } = quantityOf(name)
  return { units, standard_name: standardName, long_name: longName }
}

function statesWriter(
  writer: DatasetWriter,
  { grid, channels }: Pick<StatesLayout, 'grid' | 'channels'>,
  levels: readonly number[],
  step: number,
  origin: number,
  after: number,
): StatesWriter {
  let last = after
  const plane = grid.size
  return {
    get length() {
      return writer.length
    },
    async append(times, states) {
      const n = times.length
      if (states.length !== n * channels.length * plane)
        throw new DataError(
          `${states.length} values are no ${n} states of ${channels.length} channels on ${grid}`,
        )
      const stamps = Array.from(times, (time) => {
        const stamp = (time - origin) / step
        const iso = Number.isFinite(time) ? new Date(time).toISOString() : String(time)
        if (!Number.isInteger(stamp))
          throw new DataError(`${iso} is no whole ${step / 1000} s: choose another timeUnit`)
        if (!(time > last))
          throw new DataError(`${iso} is not after ${new Date(last).toISOString()}, the last time written`)
        last = time
        return BigInt(stamp)
      })
      const values: Record<string, NumericArray> = { time: BigInt64Array.from(stamps) }
      for (const [name, block] of blocksOf(states, n, channels, levels)) values[name] = block
      await writer.append(values)
    },
    close: () => writer.close(),
    abort: () => writer.abort(),
  }
}

/** States [n, channel, lat, lon] as the values of each variable, [n, level, lat, lon]; NaN at levels without a channel. */
export function blocksOf(
  states: Float32Array,
  n: number,
  channels: ChannelSet,
  levels: readonly number[],
): [name: string, values: Float32Array][] {
  const plane = states.length / (n * channels.length)
  return channels.variables.map((quantity) => {
    const rows = quantity.kind === 'pressure' ? levels.length : 1
    const block = new Float32Array(n * rows * plane)
    if (rows > 1) block.fill(Number.NaN)
    channels.channels.forEach((channel, index) => {
      if (channel.variable !== quantity) return
      const row = channel.level === undefined ? 0 : levelIndex(levels, channel.level)
      for (let i = 0; i < n; i++) {
        const from = (i * channels.length + index) * plane
        block.set(states.subarray(from, from + plane), (i * rows + row) * plane)
      }
    })
    return [quantity.name, block]
  })
}
