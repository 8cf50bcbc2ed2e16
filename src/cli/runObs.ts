import { extname, resolve } from 'node:path'
import { ConfigError, DataError, didYouMean } from '../base/errors.ts'
import { writeObservationsCsv } from '../io/observations/csv.ts'
import { writeObservationsParquet } from '../io/observations/parquet.ts'
import { summarize } from '../io/observations/summary.ts'
import { filter, type ObservationTable } from '../io/observations/table.ts'
import { figureFormat, writeFigure } from '../report/figureFile.ts'
import { jsonText, tableText } from '../report/table.ts'
import { countObservations, observationRows } from './obsCounts.ts'
import { obsMap } from './obsMap.ts'
import { obsProfile } from './obsProfile.ts'
import { checkOutputs } from './outputs.ts'
import { readObservations } from './readObservations.ts'

/** Options of `align-da data obs`. */
export interface ObsOptions {
  variable?: string[]
  level?: [number, number]
  maxQuality?: number
  out?: string
  overwrite?: boolean
  plot?: string
  profile?: string
  departures?: boolean
  region?: number[]
  width?: number
  scale?: number
  title?: string
  json?: boolean
}

/** Lists, converts and maps observations. */
export async function obs(file: string, options: ObsOptions): Promise<void> {
  // What cannot be written is refused before a large file is read.
  const extension = options.out && extname(options.out).toLowerCase()
  if (options.out && extension !== '.parquet' && extension !== '.csv')
    throw new ConfigError(`--out ${options.out}: tables are written as .parquet or .csv`)
  if (options.out && resolve(options.out) === resolve(file))
    throw new ConfigError(`--out ${options.out} is the file that is read: name another`)
  if (options.out) checkOutputs([options.out], options.overwrite)
  for (const figure of [options.plot, options.profile]) if (figure) figureFormat(figure)
  const all = await readObservations(file)
  const table = select(all, options, file)
  printObservations(file, table, options.json ?? false)
  if (options.out && extension === '.parquet') await writeObservationsParquet(options.out, table)
  else if (options.out) await writeObservationsCsv(options.out, table)
  if (options.plot) await writeFigure(options.plot, obsMap(table, { ...options, file }), options)
  if (options.profile) await writeFigure(options.profile, obsProfile(table, { ...options, file }), options)
  for (const written of [options.out, options.plot, options.profile])
    if (written) process.stderr.write(`wrote ${written}\n`)
}

/** The rows asked for. @throws DataError when a variable does not occur, naming those that do. */
function select(
  table: ObservationTable,
  { variable, level, maxQuality }: ObsOptions,
  file: string,
): ObservationTable {
  const present = [...new Set(table.variable)].sort()
  const names = variable?.flatMap((v) => v.split(',')).filter(Boolean)
  for (const name of names ?? [])
    if (!present.includes(name))
      throw new DataError(`${file} has no ${name}${didYouMean(name, present)}; it has ${present.join(', ')}`)
  const wanted = new Set(names ?? present)
  // Half a hectopascal forgives pressures that are rounded.
  const [low, high] = level ? [100 * level[0] - 50, 100 * level[1] + 50] : [-Infinity, Infinity]
  const kept = filter(
    table,
    (i) =>
      wanted.has(table.variable[i]) &&
      (!level || (table.pressure[i] >= low && table.pressure[i] <= high)) &&
      (maxQuality === undefined || (table.quality[i] >= 0 && table.quality[i] <= maxQuality)),
  )
  if (kept.length === 0)
    throw new DataError(`no observation in ${file} fits the selection (${table.length} do not)`)
  return kept
}

/** Prints what observations there are, for people or for programs. */
export function printObservations(file: string, table: ObservationTable, json: boolean): void {
  if (json) {
    console.log(jsonText({ file, ...summarize(table), counts: countObservations(table) }))
    return
  }
  const { rows, stations, soundings, time, latitude, longitude } = summarize(table)
  const span = (range: readonly [number, number] | null, digits = 1) =>
    range ? `${range[0].toFixed(digits)} .. ${range[1].toFixed(digits)}` : 'none'
  console.log(`${file}: ${rows} observations, ${soundings} reports, ${stations} stations`)
  if (time) console.log(`time ${minute(time[0])} .. ${minute(time[1])} UTC`)
  console.log(`latitude ${span(latitude)}, longitude ${span(longitude)}\n`)
  console.log(tableText(observationRows(countObservations(table)), 3))
  console.log(
    '\nColumns 0, 1, ... count quality marks; O-B is observation minus background where the mark is at most 3.',
  )
}

const minute = (iso: string) => iso.slice(0, 16).replace('T', ' ')
