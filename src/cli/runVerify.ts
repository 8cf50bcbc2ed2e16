import { ChannelSet } from '../atmosphere/channels.ts'
import { DataError } from '../base/errors.ts'
import { type Dataset, openDataset } from '../io/dataset.ts'
import { ensembleOf } from '../io/member.ts'
import { openStates } from '../io/states.ts'
import { isMirrored } from '../io/write-ensemble.ts'
import { printTable, type Row } from '../report/table.ts'
import { bias } from '../verification/bias.ts'
import { crps } from '../verification/crps.ts'
import { rmse } from '../verification/rmse.ts'
import { pointWeights, type Values, type Weights } from '../verification/sample.ts'
import { spreadSkill } from '../verification/spread-skill.ts'
import { timePosition, timeText } from './times.ts'

export interface VerifyOptions {
  truth: string
  background?: string
  time: string
  channels?: string
  json?: boolean
}

/** Prints the errors of a state, and of its ensemble, against what is taken for the truth. */
export async function verify(file: string, options: VerifyOptions): Promise<void> {
  const paths = [file, options.truth, ...(options.background === undefined ? [] : [options.background])]
  const datasets: Dataset[] = []
  try {
    for (const path of paths) datasets.push(await openDataset(path, { workers: 0 }))
    const channels = await sharedChannels(datasets, options.channels)
    const members = await readMembers(datasets[0], channels, options.time)
    const state = members?.mean ?? (await readState(datasets[0], channels, options.time))
    const { grid, time } = state
    const at = Number.isNaN(time) ? options.time : timeText(time)
    const [truth, background] = await Promise.all(
      datasets.slice(1).map(async (dataset) => {
        const ensemble = await readMembers(dataset, channels, at)
        const other = ensemble?.mean ?? (await readState(dataset, channels, at))
        if (!other.grid.equals(grid))
          throw new DataError(
            `${dataset.location} is on ${other.grid}, ${file} on ${grid}: align-da data regrid brings one to the other`,
          )
        return other
      }),
    )
    const weights = pointWeights(grid.areaWeights(), grid.columns)
    const field = (values: Float32Array, c: number) => values.subarray(c * grid.size, (c + 1) * grid.size)
    const rows = [...channels].map(({ name, variable }, c): Row => {
      const [x, y] = [field(state.values, c), field(truth.values, c)]
      const error = rmse(x, y, weights)
      const before = background && rmse(field(background.values, c), y, weights)
      return {
        ...{ channel: name, unit: variable.units },
        ...(before !== undefined && { 'RMSE, background': before }),
        RMSE: error,
        ...(before !== undefined && { 'change, %': 100 * (error / before - 1) }),
        bias: bias(x, y, weights),
        ...(members && ensembleScores(members.fields(c), y, weights, members.antithetic)),
      }
    })
    if (!options.json) console.log(`${file} against ${options.truth}, ${timeText(time)} UTC\n`)
    printTable(rows, { json: options.json, digits: 3 })
    const missing = [...channels].flatMap(({ name }, c) =>
      field(state.values, c).some(Number.isNaN) ? [name] : [],
    )
    if (missing.length > 0)
      console.error(`${file} has missing values of ${missing.join(', ')}: their errors are not known`)
  } finally {
    for (const dataset of datasets) await dataset.close()
  }
}

/** Those asked for, else those that all datasets have. */
async function sharedChannels(datasets: readonly Dataset[], asked: string | undefined): Promise<ChannelSet> {
  if (asked !== undefined) return ChannelSet.of(asked)
  const sets: ChannelSet[] = []
  for (const dataset of datasets) sets.push((await openStates(dataset, anyMember(dataset))).channels)
  const shared = sets[0].channels.filter(({ name }) => sets.every((set) => set.has(name)))
  if (shared.length === 0)
    throw new DataError(`${datasets.map(({ location }) => location).join(' and ')} share no channel`)
  return new ChannelSet(shared)
}

async function readState(dataset: Dataset, channels: ChannelSet, at: string, member?: number) {
  const states = await openStates(dataset, { channels, member })
  const position = timePosition(states, at)
  return { time: states.times[position], grid: states.grid, values: await states.read(position) }
}

/** Some files have members alone. */
const anyMember = (dataset: Dataset) => ({ member: ensembleOf(dataset) && 1 })

/** Two members or more with their mean, if the dataset has them. */
async function readMembers(dataset: Dataset, channels: ChannelSet, at: string) {
  const { count } = ensembleOf(dataset) ?? { count: 0 }
  if (count < 2) return undefined
  const first = await readState(dataset, channels, at, 1)
  const states = [first.values]
  for (let k = 2; k <= count; k++) states.push((await readState(dataset, channels, at, k)).values)
  const size = first.values.length / channels.length
  const mean = first.values.map((_, i) => states.reduce((sum, x) => sum + x[i], 0) / count)
  return {
    antithetic: isMirrored(dataset),
    mean: { ...first, values: mean },
    fields(c: number): Float32Array {
      const out = new Float32Array(count * size)
      for (const [k, values] of states.entries()) out.set(values.subarray(c * size, (c + 1) * size), k * size)
      return out
    },
  }
}

function ensembleScores(members: Values, truth: Values, weights: Weights, antithetic: boolean): Row {
  const { spread, ratio } = spreadSkill(members, truth, weights, { antithetic })
  return {
    spread,
    CRPS: crps(members, truth, weights, { antithetic }),
    'spread / error': ratio,
  }
}
