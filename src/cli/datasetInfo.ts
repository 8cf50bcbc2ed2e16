import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalUnits } from '../atmosphere/units.ts'
import { findVariable } from '../atmosphere/variables.ts'
import { AlignDaError } from '../base/errors.ts'
import { isRemote } from '../io/address.ts'
import { coordinate, findAxes } from '../io/axes.ts'
import type { Dataset, Variable } from '../io/dataset.ts'
import { timeGaps } from '../io/gaps.ts'
import { openStates, type States } from '../io/states.ts'
import { bytesText } from '../report/table.ts'
import { durationText, timeText } from './times.ts'

/** What `data info` tells of a gridded dataset; plain JSON. */
export interface DatasetInfo {
  readonly location: string
  readonly format: string
  /** Bytes on disk; null for what is remote. */
  readonly storedBytes: number | null
  readonly decodedBytes: number
  readonly dimensions: Readonly<Record<string, number>>
  readonly grid: string | null
  readonly times: { first: string; last: string; count: number; step: string | null; gaps: number } | null
  /** hPa, top down. */
  readonly levels: readonly number[]
  /** Names under which states are read, in canonical order. */
  readonly channels: readonly string[]
  readonly variables: readonly VariableInfo[]
  readonly attributes: Readonly<Record<string, unknown>>
  /** What a reader of the data should know or put right. */
  readonly warnings: readonly string[]
}

export interface VariableInfo {
  readonly name: string
  readonly short: string | null
  readonly units: string | null
  readonly dimensions: readonly string[]
  readonly shape: readonly number[]
  readonly dtype: string
  readonly chunks: readonly number[] | null
  readonly bytes: number
}

/** Everything but the values: coordinates are read, fields are not. */
export async function datasetInfo(dataset: Dataset): Promise<DatasetInfo> {
  const warnings: string[] = []
  const states = await openStates(dataset).catch((error) => {
    if (!(error instanceof AlignDaError)) throw error
    warnings.push(`cannot be read as states: ${error.message}`)
    return undefined
  })
  const variables = [...dataset.variables.values()].map(variableInfo)
  warnings.push(...(states?.remarks ?? []), ...unitWarnings(dataset, states), ...chunkWarnings(dataset))
  const times = timesInfo(states)
  if (times?.gaps.length) {
    const text = times.gaps.slice(0, 3).map((g) => `${g.missing} after ${timeText(g.after)}`)
    const more = times.gaps.length > 3 ? ` and ${times.gaps.length - 3} more gaps` : ''
    warnings.push(`times are missing: ${text.join(', ')}${more}`)
  }
  return {
    location: dataset.location,
    format: dataset.format,
    storedBytes: isRemote(dataset.location) ? null : await storedBytes(dataset.location),
    decodedBytes: variables.reduce((sum, v) => sum + v.bytes, 0),
    dimensions: Object.fromEntries(dataset.dimensions),
    grid: states ? states.grid.toString() : null,
    times: times ? { ...times.summary, gaps: times.gaps.length } : null,
    levels: await levelsOf(dataset, states),
    channels: states ? states.channels.names : [],
    variables,
    attributes: dataset.attributes,
    warnings,
  }
}

function variableInfo(variable: Variable): VariableInfo {
  const { name, units, dimensions, shape, dtype, storedDtype, chunks } = variable
  const size = Number(/(\d+)$/.exec(dtype)?.[1] ?? 8) / 8
  return {
    name,
    short: findVariable(name)?.short ?? null,
    units: units ?? null,
    dimensions,
    shape,
    dtype: storedDtype === dtype ? dtype : `${dtype} (stored ${storedDtype})`,
    chunks: chunks ?? null,
    bytes: shape.reduce((a, b) => a * b, 1) * size,
  }
}

function timesInfo(states: States | undefined) {
  if (!states || Number.isNaN(states.times[0])) return undefined
  const { times } = states
  const { step, gaps } = timeGaps(times)
  const summary = {
    first: timeText(times[0]),
    last: timeText(times[times.length - 1]),
    count: times.length,
    step: step === undefined ? null : durationText(step),
  }
  return { summary, gaps }
}

/** Levels of the channels; or, where there are no known channels, those of the level axis as they stand. */
async function levelsOf(dataset: Dataset, states: States | undefined): Promise<number[]> {
  const known = new Set(states?.channels.channels.flatMap((c) => (c.level === undefined ? [] : [c.level])))
  if (known.size) return [...known].sort((a, b) => a - b)
  try {
    const { level } = findAxes(dataset)
    return level === undefined ? [] : Array.from((await coordinate(dataset, level)).values)
  } catch {
    return []
  }
}

/** Units other than those of the variable table: they are converted on reading, and a copy should have them right. */
function unitWarnings(dataset: Dataset, states: States | undefined): string[] {
  const warnings: string[] = []
  for (const { name, units, dimensions } of dataset.variables.values()) {
    const known = dimensions.length > 1 ? findVariable(name) : undefined
    if (!known || units === undefined || canonicalUnits(units) === canonicalUnits(known.units)) continue
    warnings.push(
      `${name} is in ${units}${states ? `; it is read as ${known.units}` : `, not ${known.units}`}`,
    )
  }
  return warnings
}

/** Chunks so large that reading one state decodes far more than it needs. */
function chunkWarnings(dataset: Dataset): string[] {
  const warnings: string[] = []
  for (const { name, chunks, dtype } of dataset.variables.values()) {
    const bytes = chunks
      ? chunks.reduce((a, b) => a * b, 1) * (Number(/(\d+)$/.exec(dtype)?.[1] ?? 8) / 8)
      : 0
    if (bytes > 256 * 2 ** 20)
      warnings.push(`${name} has chunks of ${bytesText(bytes)}: single states are slow to read`)
  }
  return warnings
}

async function storedBytes(path: string): Promise<number> {
  const info = await stat(path)
  if (!info.isDirectory()) return info.size
  let bytes = 0
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  return bytes
}
