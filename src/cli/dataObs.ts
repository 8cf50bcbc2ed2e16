import { extname } from 'node:path'
import { Command } from 'commander'
import { ConfigError, DataError, didYouMean } from '../base/errors.ts'
import { writeObservationsCsv } from '../io/observations/csv.ts'
import { writeObservationsParquet } from '../io/observations/parquet.ts'
import { summarize } from '../io/observations/summary.ts'
import { filter, type ObservationTable } from '../io/observations/table.ts'
import { figureFormat, writeFigure } from '../report/figureFile.ts'
import { jsonText, tableText } from '../report/table.ts'
import { countObservations, observationRows } from './obsCounts.ts'
import { obsMap } from './obsMap.ts'
import { countOption, numberOption, numberRangeOption, numbersOption } from './options.ts'
import { readObservations } from './readObservations.ts'

interface Options {
  variable?: string[]
  level?: [number, number]
  maxQuality?: number
  out?: string
  plot?: string
  departures?: boolean
  region?: number[]
  width?: number
  title?: string
  json?: boolean
}

/** `align-da data obs`: what is in a file of observations. */
export function obsCommand(): Command {
  return new Command('obs')
    .description('list observations by report type, variable and quality mark; convert and map them')
    .argument('<file>', 'PrepBUFR, Parquet or CSV')
    .option('--variable <names...>', 'keep these variables: t q u v z ps t2m q2m u10 v10 ...')
    .option('--level <hPa>', 'keep a pressure level or a range such as 300..700', numberRangeOption)
    .option('--max-quality <mark>', 'keep marks up to this; NCEP uses 0 to 3', numberOption)
    .option('--out <file>', 'write the table: .parquet or .csv')
    .option('--plot <file>', 'draw a map of the stations: .png or .svg')
    .option('--departures', 'colour the map by observation minus background')
    .option('--region <w,s,e,n>', 'map a part of the world, degrees', numbersOption(4))
    .option('--width <pixels>', 'width of the map', countOption)
    .option('--title <text>', 'title of the map')
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(obs)
}

const examples = `
Examples:
  align-da data obs gdas.t12z.prepbufr
  align-da data obs gdas.t12z.prepbufr --variable t --level 300..700 --max-quality 3 --json
  align-da data obs gdas.t12z.prepbufr --variable t --level 500 --plot stations.png --departures
  align-da data obs gdas.t12z.prepbufr --out observations.parquet`

async function obs(file: string, options: Options): Promise<void> {
  // What cannot be written is refused before a large file is read.
  const extension = options.out && extname(options.out).toLowerCase()
  if (options.out && extension !== '.parquet' && extension !== '.csv')
    throw new ConfigError(`--out ${options.out}: tables are written as .parquet or .csv`)
  if (options.plot) figureFormat(options.plot)
  const all = await readObservations(file)
  const table = select(all, options, file)
  printObservations(file, table, options.json ?? false)
  if (options.out && extension === '.parquet') await writeObservationsParquet(options.out, table)
  else if (options.out) await writeObservationsCsv(options.out, table)
  if (options.plot) await writeFigure(options.plot, obsMap(table, { ...options, file }))
  for (const written of [options.out, options.plot]) if (written) process.stderr.write(`wrote ${written}\n`)
}

/** The rows asked for. @throws DataError when a variable does not occur, naming those that do. */
function select(
  table: ObservationTable,
  { variable, level, maxQuality }: Options,
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
