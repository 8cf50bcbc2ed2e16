import { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import { ConfigError, DataError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { openStates, type States } from '../io/states.ts'
import { createStates, type StatesFormat } from '../io/write-states.ts'
import { checkOutputs } from './outputs.ts'
import { onInterrupt } from './run.ts'
import { timeRange, timeText } from './times.ts'

export interface CopyOptions {
  readonly channels?: string
  readonly time?: [string, string]
  readonly format?: string
  readonly overwrite?: boolean
  readonly timeChunk?: number
}

/** What is done to fields on the way. */
export interface FieldMap {
  readonly grid: Grid
  /** States [n, channel, source lat, lon] to [n, channel, target lat, lon]. */
  states(fields: Float32Array): Float32Array
  /** One field constant in time. */
  fixed(field: Float32Array): Float32Array
  /** Said in the history attribute. */
  readonly what: string
}

const formats = { zarr2: 'zarr v2', zarr3: 'zarr v3', netcdf: 'netcdf-4' } as const

/** The format that the name of a path asks for; `or` is what else the command offers. @throws ConfigError when it does not say. */
export function outputFormat(out: string, or = ''): StatesFormat {
  if (/\.zarr\/?$/i.test(out)) return 'zarr v2'
  if (/\.(nc|nc4|cdf)$/i.test(out)) return 'netcdf-4'
  throw new ConfigError(`${out}: name it .zarr or .nc${or}`)
}

/** The format of `--format`, else of the path's name. */
function chosenFormat(out: string, flag: string | undefined): StatesFormat {
  const known = Object.keys(formats)
  if (flag === undefined) return outputFormat(out, `, or give --format ${known.join(' | ')}`)
  if (flag in formats) return formats[flag as keyof typeof formats]
  throw new ConfigError(`--format must be ${known.join(', ')}; got ${JSON.stringify(flag)}`)
}

/**
 * Copies states of a dataset into a new one, block by block, with progress; nothing is at `out` before all is
 * written, nor when the copy fails or is interrupted.
 */
export async function copyStates(
  file: string,
  out: string,
  options: CopyOptions,
  mapFor: (states: States) => FieldMap | undefined,
): Promise<string> {
  const format = chosenFormat(out, options.format)
  checkOutputs([out], options.overwrite)
  const states = await openStates(file, {
    channels: options.channels ? ChannelSet.of(options.channels) : undefined,
  })
  try {
    if (Number.isNaN(states.times[0]))
      throw new DataError(
        `${file} does not say of what time its state is, and a copy without time would not be CF`,
      )
    const [start, stop] = timeRange(states, options.time)
    const map = mapFor(states)
    const grid = map?.grid ?? states.grid
    const statics = new Map([...states.statics].map(([name, field]) => [name, map?.fixed(field) ?? field]))
    const attributes = { ...copied(states.dataset.attributes), history: history(states, map?.what) }
    const timeUnit = unitOf(states.times.subarray(start, stop))
    const layout = { grid, channels: states.channels, statics, attributes, timeUnit } as const
    const writer = await createStates(out, layout, {
      format,
      overwrite: options.overwrite,
      timeChunk: options.timeChunk,
    })
    const release = onInterrupt(() => writer.abort())
    try {
      const bar = progress('states', stop - start)
      const block = Math.max(
        1,
        Math.floor(2 ** 23 / (states.channels.length * Math.max(states.grid.size, grid.size))),
      )
      for (let at = start; at < stop; at += block) {
        const end = Math.min(at + block, stop)
        const fields = await states.readAll([at, end])
        await writer.append(states.times.subarray(at, end), map?.states(fields) ?? fields)
        if (end < stop) bar.update(end - start, timeText(states.times[end - 1]))
      }
      await writer.close()
      bar.end()
    } catch (error) {
      await writer.abort()
      throw error
    } finally {
      release()
    }
    for (const remark of [...states.remarks, ...missingLevels(states.channels)])
      process.stderr.write(`note: ${remark}\n`)
    return `${stop - start} states of ${states.channels.length} channels, ${format}, ${grid}`
  } finally {
    await states.close()
  }
}

/** A file has one level axis: a variable without a level that another has is missing there. */
function missingLevels(channels: ChannelSet): string[] {
  const levels = new Set(channels.channels.flatMap((c) => (c.level === undefined ? [] : [c.level])))
  const short = channels.variables.filter(
    (v) => v.kind === 'pressure' && channels.levelsOf(v.name).length < levels.size,
  )
  return short.map((v) => `${v.name} is missing (NaN) at the levels that only other variables have`)
}

/** Texts and numbers of the global attributes; what a format needs for itself is written anew. */
function copied(attributes: Readonly<Record<string, unknown>>): Record<string, string | number> {
  const kept = Object.entries(attributes).filter(
    ([name, value]) =>
      !/^(Conventions|history|_NC\w*)$/.test(name) &&
      (typeof value === 'string' || typeof value === 'number'),
  )
  return Object.fromEntries(kept) as Record<string, string | number>
}

function history({ dataset }: States, what?: string): string {
  const line = `${new Date().toISOString().slice(0, 19)}Z align-da: ${what ?? 'copied'}`
  const before = dataset.attributes.history
  return typeof before === 'string' && before ? `${line}\n${before}` : line
}

function unitOf(times: Float64Array): 'hours' | 'minutes' | 'seconds' {
  if (times.every((t) => t % 3_600_000 === 0)) return 'hours'
  return times.every((t) => t % 60_000 === 0) ? 'minutes' : 'seconds'
}
