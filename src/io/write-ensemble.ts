import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import { DataError } from '../base/errors.ts'
import type { Dataset, NumericArray } from './dataset.ts'
import type { AttributeValue, VariableLayout } from './layout.ts'
import {
  blocksOf,
  createDataset,
  formatOf,
  levelsOf,
  milliseconds,
  type StatesFormat,
  statesLayout,
} from './write-states.ts'

/** An ensemble of one time, SI units. */
export interface EnsembleStates {
  readonly grid: Grid
  readonly channels: ChannelSet
  /** ms since 1970 */
  readonly time: number
  /** [channel, lat, lon] */
  readonly mean: Float32Array
  /** Standard deviation of the members, [channel, lat, lon]; none of a single member. */
  readonly spread?: Float32Array
  /** [member, channel, lat, lon] */
  readonly members: Float32Array
  /** Members 2k - 1 and 2k mirror each other about the mean, which scores of ensembles must know. */
  readonly mirrored?: boolean
}

const pairs = 'mirrored pairs: 1 and 2, 3 and 4 ...'

/** Whether a dataset says so of its members. */
export const isMirrored = ({ attributes }: Dataset): boolean => attributes.members === pairs

/**
 * Writes mean, spread and members of an ensemble as one CF dataset: for each quantity the mean under its own name, so
 * that whatever reads states reads the mean, NAME_spread, and NAME_members with the dimension `realization`.
 * @throws DataError for a path that exists, or arrays that do not fit the grid and channels
 */
export async function writeEnsemble(
  path: string,
  { grid, channels, time, mean, spread, members, mirrored }: EnsembleStates,
  {
    attributes,
    format = formatOf(path),
    overwrite = false,
  }: {
    attributes?: Readonly<Record<string, AttributeValue>>
    format?: StatesFormat
    overwrite?: boolean
  } = {},
): Promise<void> {
  const size = channels.length * grid.size
  const count = members.length / size
  if (mean.length !== size || (spread && spread.length !== size) || !Number.isInteger(count) || count < 1)
    throw new DataError(
      `${mean.length}, ${spread?.length ?? 'no'} and ${members.length} values of mean, spread and members for ${channels.length} channels on ${grid}`,
    )
  const timeUnit = time % milliseconds.hours === 0 ? 'hours' : time % 60_000 === 0 ? 'minutes' : 'seconds'
  const levels = levelsOf(channels)
  const all = { ...attributes, ...(mirrored && { members: pairs }) }
  const plain = statesLayout({ grid, channels, attributes: all }, levels, timeUnit, 1)
  const names = new Set(channels.variables.map((v) => v.name))
  const variables = plain.variables.flatMap((v) => (names.has(v.name) ? ensembleOf(v, count, spread) : [v]))
  const layout = {
    ...plain,
    dimensions: { ...plain.dimensions, realization: count },
    variables: [
      ...variables.filter((v) => v.dimensions.length === 1),
      realization(count),
      ...variables.filter((v) => v.dimensions.length > 1),
    ],
  }
  const values: Record<string, NumericArray> = {
    time: BigInt64Array.of(BigInt(time / milliseconds[timeUnit])),
  }
  const parts: [string, Float32Array | undefined, number][] = [
    ['', mean, 1],
    ['_spread', spread, 1],
    ['_members', members, count],
  ]
  for (const [suffix, states, n] of parts)
    if (states)
      for (const [name, block] of blocksOf(states, n, channels, levels)) values[name + suffix] = block
  const writer = await createDataset(path, layout, format, overwrite)
  try {
    await writer.append(values)
    await writer.close()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

const realization = (count: number): VariableLayout => ({
  name: 'realization',
  dimensions: ['realization'],
  dtype: 'int32',
  data: Int32Array.from({ length: count }, (_, i) => i + 1),
  attributes: { standard_name: 'realization', long_name: 'member of the ensemble', units: '1' },
})

/** Mean, spread and members of a variable. The spread has no standard name of a quantity: it is not one. */
function ensembleOf(
  variable: VariableLayout,
  count: number,
  spread: Float32Array | undefined,
): VariableLayout[] {
  const { name, dimensions, attributes = {}, chunks } = variable
  const { units, long_name: what, standard_name: standard } = attributes
  const [time, ...others] = dimensions
  return [
    {
      ...variable,
      attributes: {
        ...attributes,
        cell_methods: 'realization: mean',
        ...(spread && { ancillary_variables: `${name}_spread` }),
      },
    },
    ...(spread
      ? [
          {
            ...variable,
            name: `${name}_spread`,
            attributes: {
              ...{ units, long_name: `standard deviation of ${what} over the members` },
              ...{
                standard_name: `${standard} standard_error`,
                cell_methods: 'realization: standard_deviation',
              },
            },
          },
        ]
      : []),
    {
      ...variable,
      name: `${name}_members`,
      dimensions: [time, 'realization', ...others],
      chunks: chunks && [chunks[0], count, ...chunks.slice(1)],
      attributes: { units, standard_name: standard, long_name: `${what}, members` },
    },
  ]
}
