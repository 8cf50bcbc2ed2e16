import { ConfigError, DataError } from '../base/errors.ts'
import { shippedModels } from '../experiments/demo/setting.ts'
import { readModelState } from '../experiments/models.ts'
import { modelFile } from '../experiments/train-models.ts'
import { writeObservationsCsv } from '../io/observations/csv.ts'
import { writeObservationsParquet } from '../io/observations/parquet.ts'
import { readStations } from '../io/observations/stations.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { observationFormat, readObservations } from '../io/read-observations.ts'
import { loadLatentModel } from '../latent/codec.ts'
import { buildOperator, countRejected } from '../observation/build.ts'
import { withErrors } from '../observation/error-models.ts'
import {
  columnNetwork,
  elementNetwork,
  type Place,
  placeNetwork,
  randomColumns,
  randomElements,
  soundingStations,
  stationPlaces,
} from '../observation/networks.ts'
import { qualityControl } from '../observation/quality/control.ts'
import { simulate } from '../observation/simulate.ts'
import { swath } from '../observation/swath.ts'
import { stream } from '../random/stream.ts'
import { jsonText, tableText } from '../report/table.ts'
import { departuresByLayer } from './obsLayers.ts'
import { checkOutputs } from './outputs.ts'
import { errorsOf, type QualitySettings, qualityOf } from './qualityOptions.ts'
import { layerRows, writeQualityReport } from './qualityReport.ts'
import { rejectionTable } from './rejectionTable.ts'
import { timePosition, timeText } from './times.ts'

export interface ObserveOptions extends QualitySettings {
  truth?: string
  from?: string
  out?: string
  overwrite?: boolean
  models?: string
  time: string
  density?: number
  elements?: number
  stations?: string
  swath?: boolean
  error: number
  seed: number
  report?: string
  json?: boolean
}

/** Simulates observations of a state, or reads real ones through quality control, and writes them as a table. */
export async function observe(options: ObserveOptions): Promise<void> {
  const { truth, from, out, overwrite } = options
  if ((truth === undefined) === (from === undefined))
    throw new ConfigError(
      'say what to observe: --truth FILE with a state, or --from FILE with real observations',
    )
  const write = out === undefined ? undefined : writerOf(out)
  if (out !== undefined) checkOutputs([out], overwrite)
  if (from !== undefined) return observeReal(from, options, write)
  if (!write) throw new ConfigError('say where to write the simulated observations: --out FILE')
  return observeTruth(truth as string, options, write)
}

function writerOf(out: string): (table: ObservationTable) => Promise<void> {
  if (/\.csv$/i.test(out)) return (table) => writeObservationsCsv(out, table)
  if (/\.parquet$/i.test(out)) return (table) => writeObservationsParquet(out, table)
  throw new ConfigError(`${out}: write .csv or .parquet`)
}

async function observeReal(
  from: string,
  options: ObserveOptions,
  write?: (table: ObservationTable) => Promise<void>,
): Promise<void> {
  const { out, report, json } = options
  const table = withErrors(await readObservations(from), await errorsOf(options), from)
  const result = qualityControl(table, await qualityOf(options))
  const layers = departuresByLayer(result.table)
  await write?.(result.table)
  const files = report === undefined ? [] : await writeQualityReport(report, from, table, result)
  const { counts, unchecked } = result
  if (json) {
    const summary = { from, rows: table.length, used: result.table.length, unchecked, counts, layers }
    return console.log(jsonText({ ...summary, out, files }))
  }
  console.log(`${tableText(rejectionTable(counts))}\n`)
  if (layers.length > 0) console.log(`${tableText(layerRows(layers), 3)}\n`)
  if (unchecked > 0) console.log(`${unchecked} have no background and passed unchecked`)
  for (const file of [...(out ? [out] : []), ...files]) console.log(`wrote ${file}`)
}

async function observeTruth(
  truth: string,
  options: ObserveOptions,
  write: (table: ObservationTable) => Promise<void>,
): Promise<void> {
  const { out, density, elements, stations, error, seed, models = shippedModels } = options
  const asked = [density, elements, stations, options.swath || undefined].filter((x) => x !== undefined)
  if (asked.length !== 1)
    throw new ConfigError('say where to observe: one of --density, --elements, --stations and --swath')
  if (!(error >= 0)) throw new ConfigError(`--error ${error}: it must not be negative`)
  const { world } = await loadLatentModel(modelFile(models, 'latent'))
  const { grid, channels, normaliser } = world
  const { time, state } = await readModelState(truth, world, (states) => timePosition(states, options.time))
  if (Number.isNaN(time))
    throw new DataError(`${truth} does not say of what time it is; observations have a time`)
  const random = (what: string) => stream(seed, what, time / 3_600_000)
  const network =
    density !== undefined
      ? columnNetwork(grid, channels, randomColumns(grid, density, random('network')), time)
      : elements !== undefined
        ? elementNetwork(grid, channels, randomElements(grid, channels, elements, random('network')), time)
        : placeNetwork(stations !== undefined ? await placesOf(stations) : scanned(time), channels, time)
  const built = buildOperator(network, grid, channels, normaliser, { units: 'normalised' })
  const errors = { error, random: random('observation errors') }
  const { table } = simulate(built.table, built.operator, state, errors)
  await write(table)
  const left = countRejected(network, built.rejected)
  const summary = { out, time: new Date(time).toISOString(), rows: table.length, error, seed, left }
  if (options.json) return console.log(jsonText(summary))
  for (const { reason, variable, count } of left) console.log(`left out: ${count} of ${variable}, ${reason}`)
  console.log(
    `wrote ${out}: ${table.length} observations of ${timeText(time)} UTC, errors of ${error} (normalised)`,
  )
}

/** Places of a station list, or of the soundings of a PrepBUFR file. */
async function placesOf(path: string): Promise<Place[]> {
  if ((await observationFormat(path)) === 'prepbufr') return soundingStations(await readObservations(path))
  return stationPlaces(await readStations(path))
}

const halfWindow = 3 * 3_600_000
/** One time for all: the state that is observed is that of the middle. */
const scanned = (time: number): Place[] =>
  swath({ start: time - halfWindow, end: time + halfWindow }).map((place) => ({ ...place, time }))
