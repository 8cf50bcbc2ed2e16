import type { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { pressureLevels } from '../atmosphere/levels.ts'
import { canonicalOrientation, type Orientation } from '../atmosphere/orientation.ts'
import { DataError } from '../base/errors.ts'
import { type Axes, coordinate, findAxes, readTimes } from './axes.ts'
import { forEachLimit } from './cache.ts'
import { type Dataset, type OpenOptions, openDataset, type Selection, type Variable } from './dataset.ts'
import { channelsOf, findFields, type Source, sourcesOf } from './fields.ts'
import { isOfMembers, memberOf } from './member.ts'
import { toFloat64 } from './numeric.ts'

/** Which channels are read, and how the dataset is opened. */
export interface StatesOptions extends OpenOptions {
  /** What to read, in this order. Default: every known variable of the dataset at all its levels, canonical order. */
  readonly channels?: ChannelSet
  /** Of an ensemble, from 1 up. Default: what a file has for its mean, and no ensemble otherwise. */
  readonly member?: number
}

/** Called with the number of states read so far and their total. */
export type ReadProgress = (done: number, total: number) => void

/** Atmospheric states of a dataset in the project's own form. */
export interface States extends AsyncDisposable {
  readonly location: string
  readonly dataset: Dataset
  /** Milliseconds since 1970-01-01 UTC, ascending; NaN for a single state that does not say when. */
  readonly times: Float64Array
  /** North to south, longitudes from 0. */
  readonly grid: Grid
  readonly channels: ChannelSet
  /** Fields constant in time by WeatherBench2 name (`geopotential_at_surface`, `land_sea_mask`): [lat, lon]. */
  readonly statics: ReadonlyMap<string, Float32Array>
  /** What was assumed or put right while opening, for the user to see. */
  readonly remarks: readonly string[]
  /**
   * States at positions of `times`: [n, channel, lat, lon], float32, in the variable table's SI units; missing
   * values are NaN. Throws DataError for a position outside `times`.
   */
  read(positions: number | readonly number[]): Promise<Float32Array>
  /** States [start, stop), all by default, read in blocks with the dataset's threads: [n, channel, lat, lon]. */
  readAll(range?: readonly [start: number, stop: number], onProgress?: ReadProgress): Promise<Float32Array>
  close(): Promise<void>
}

/** Blocks of `readAll` hold about this many bytes. */
const blockBytes = 96 * 2 ** 20

/**
 * Opens a dataset as atmospheric states. Axes are found by what they say and are called, never by position;
 * latitudes in either order, longitudes from any origin, levels in Pa or hPa and times out of order are put right.
 * @throws DataError for a missing variable or level (naming the nearest), units that cannot be meant, repeated times,
 * a member that is not there
 */
export async function openStates(location: string | Dataset, options: StatesOptions = {}): Promise<States> {
  const dataset = typeof location === 'string' ? await openDataset(location, options) : location
  try {
    const { member, channels } = options
    return await interpret(member === undefined ? dataset : memberOf(dataset, member), channels)
  } catch (error) {
    if (typeof location === 'string') await dataset.close()
    throw error
  }
}

async function interpret(dataset: Dataset, wanted: ChannelSet | undefined): Promise<States> {
  const axes = findAxes(dataset)
  const latitude = await coordinate(dataset, axes.latitude)
  const longitude = await coordinate(dataset, axes.longitude)
  const units = { latitude: latitude.units, longitude: longitude.units }
  const orientation = canonicalOrientation(Grid.fromCoordinates(latitude.values, longitude.values, units))
  const time = await readTimes(dataset, axes)
  const level = axes.level === undefined ? undefined : await coordinate(dataset, axes.level)
  const { levels, remark } = level ? pressureLevels(level.values, level.units) : { levels: [] as number[] }
  const { fields, remarks } = findFields(dataset, axes)
  const channels = wanted ?? channelsOf(fields, levels)
  const sources = sourcesOf(channels, fields, levels, dataset)
  if (sources.length === 0)
    throw new DataError(
      `${dataset.location} has no variable that is known; it has ${[...dataset.variables.keys()].join(', ')}`,
    )
  const statics = new Map<string, Float32Array>()
  for (const [quantity, field] of fields) {
    if (quantity.kind !== 'static') continue
    const values = new Float32Array(orientation.grid.size)
    await readBlock({ ...field, parts: [{ channel: 0 }] }, axes, orientation, 0, 1, values, 0, 1)
    statics.set(quantity.name, values)
  }
  const { times, index } = time
  const plane = channels.length * orientation.grid.size

  const fill = async (out: Float32Array, at: number, from: number, to: number) => {
    await forEachLimit(sources, 3, (source) =>
      readBlock(source, axes, orientation, from, to, out, at, channels.length),
    )
  }

  const readMany = async (positions: readonly number[], onProgress?: ReadProgress) => {
    const outside = positions.find((p) => !Number.isInteger(p) || p < 0 || p >= times.length)
    if (outside !== undefined)
      throw new DataError(`${dataset.location}: there is no state ${outside}; it has ${times.length}`)
    const out = new Float32Array(positions.length * plane)
    const longest = blockLength(sources, axes, plane)
    for (let i = 0; i < positions.length; ) {
      const first = index[positions[i]]
      const room = longest - (first % longest)
      let n = 1
      while (i + n < positions.length && n < room && index[positions[i + n]] === first + n) n++
      await fill(out, i, first, first + n)
      i += n
      onProgress?.(i, positions.length)
    }
    return out
  }

  return {
    location: dataset.location,
    dataset,
    times,
    grid: orientation.grid,
    channels,
    statics,
    remarks: [...(remark ? [remark] : []), ...time.remarks, ...remarks],
    read: (positions) => readMany(typeof positions === 'number' ? [positions] : positions),
    readAll([start, stop] = [0, times.length], onProgress) {
      return readMany(
        Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i),
        onProgress,
      )
    },
    close: () => dataset.close(),
    [Symbol.asyncDispose]: () => dataset.close(),
  }
}

/** A block's number of times: about 96 MiB, in whole time chunks. */
function blockLength(sources: readonly Source[], { time }: Axes, plane: number): number {
  const chunk = Math.max(
    1,
    ...sources.map(({ variable }) =>
      time === undefined ? 1 : (variable.chunks?.[variable.dimensions.indexOf(time)] ?? 1),
    ),
  )
  return chunk * Math.max(1, Math.floor(blockBytes / (plane * 4 * chunk)))
}

/** Reads times [from, to) of one variable and puts its channels into `out` [n, channels, lat, lon] from state `at`. */
async function readBlock(
  source: Source,
  axes: Axes,
  orientation: Orientation,
  from: number,
  to: number,
  out: Float32Array,
  at: number,
  channels: number,
): Promise<void> {
  const { variable, parts } = source
  const { level } = axes
  const selection: Record<string, number | readonly [number, number]> = singletons(variable, axes)
  if (axes.time !== undefined && variable.dimensions.includes(axes.time)) selection[axes.time] = [from, to]
  else if (to - from > 1) throw new DataError(`${variable.name} has no ${axes.time} axis`)
  const isUpper = level !== undefined && variable.dimensions.includes(level)
  // Levels in chunks of their own are read one by one, so that only those asked for are fetched.
  const oneByOne = isUpper && variable.chunks?.[variable.dimensions.indexOf(level)] === 1
  const groups = oneByOne ? parts.map((part) => [part]) : [parts]
  for (const group of groups) {
    if (isUpper) {
      const indices = group.map((part) => part.level!)
      selection[level] = [Math.min(...indices), Math.max(...indices) + 1]
    }
    await place(source, group, selection, axes, orientation, out, at, channels)
  }
}

async function place(
  { variable, conversion }: Source,
  parts: Source['parts'],
  selection: Selection,
  axes: Axes,
  { latitude, longitude }: Orientation,
  out: Float32Array,
  at: number,
  channels: number,
): Promise<void> {
  const { data, dimensions, shape } = await variable.read(selection)
  const values = data instanceof Float32Array ? data : toFloat64(data)
  const stride = (dimension: string | undefined) => {
    const axis = dimension === undefined ? -1 : dimensions.indexOf(dimension)
    return axis < 0 ? 0 : shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  }
  const timeAxis = axes.time === undefined ? -1 : dimensions.indexOf(axes.time)
  const steps = timeAxis < 0 ? 1 : shape[timeAxis]
  const rows = latitude.map((i) => i * stride(axes.latitude))
  const columns = longitude.map((j) => j * stride(axes.longitude))
  const { scale, offset } = conversion
  const plain = scale === 1 && offset === 0
  const firstLevel =
    axes.level === undefined ? 0 : ((selection[axes.level] as readonly number[] | undefined)?.[0] ?? 0)
  const size = rows.length * columns.length
  for (let step = 0; step < steps; step++)
    for (const part of parts) {
      const base =
        step * stride(axes.time) +
        ((part.level ?? 0) - (part.level === undefined ? 0 : firstLevel)) * stride(axes.level)
      let to = ((at + step) * channels + part.channel) * size
      for (const row of rows)
        for (const column of columns) {
          const value = values[base + row + column]
          out[to++] = plain ? value : value * scale + offset
        }
    }
}

/** Other axes are allowed when they have one value (an ensemble member, an experiment version). */
function singletons(variable: Variable, axes: Axes): Record<string, number> {
  const known = new Set([axes.time, axes.level, axes.latitude, axes.longitude])
  const picked: Record<string, number> = {}
  variable.dimensions.forEach((dimension, axis) => {
    if (known.has(dimension)) return
    if (variable.shape[axis] !== 1)
      throw new DataError(
        `${variable.name} has a further dimension ${dimension} of ${variable.shape[axis]} values: select one first${isOfMembers(dimension) ? ', --member 1' : ''}`,
      )
    picked[dimension] = 0
  })
  return picked
}
