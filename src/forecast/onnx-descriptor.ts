import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { ConfigError } from '../base/errors.ts'

const count = z.int().positive()
const group = z.union([
  z.string(),
  z.strictObject({ variables: z.array(z.string()).min(1), levels: z.array(z.number().positive()).min(1) }),
])
const axis = z.enum([
  'batch',
  'state',
  'channel',
  'state*channel',
  'variable',
  'level',
  'latitude',
  'longitude',
])
const fields = z.strictObject({
  name: z.string().min(1),
  axes: z.array(axis).min(3).describe('what the axes are, in order'),
  channels: z
    .array(group)
    .min(1)
    .describe('channels in order: names, or variables each at all levels in the order given'),
  states: count.default(1).describe('states one after the other, the latest last'),
})

/** The description of a forecast model in an ONNX file. */
export const onnxSchema = z.strictObject({
  name: z.string().min(1),
  source: z.string().optional().describe('where the model is published'),
  stepHours: z.number().positive(),
  grid: z.tuple([count, count]).describe('[latitudes, longitudes], north to south, from longitude 0'),
  poles: z.boolean().default(false).describe('the first and last rows lie on the poles'),
  inputs: z.array(fields).min(1),
  time: z
    .strictObject({
      name: z.string(),
      encoding: z
        .enum(['fuxi', 'season'])
        .describe(
          "fuxi: FuXi's twelve numbers; season: sine and cosine of the time of year, as align-da export",
        ),
    })
    .optional()
    .describe('an input that tells the time'),
  outputs: z
    .array(
      fields.extend({
        take: z.enum(['first', 'last']).default('last').describe('which of the states is the next'),
      }),
    )
    .min(1),
  scale: z
    .record(z.string(), z.number().positive())
    .default({})
    .describe('by variable: what values in SI units are multiplied by for the model'),
  normalisation: z
    .union([
      z.literal('none'),
      z.strictObject({ file: z.string().describe('JSON with mean and std in the order of the first input') }),
      z.strictObject({ mean: z.array(z.number()), std: z.array(z.number().positive()) }),
    ])
    .default('none')
    .describe('z-scores of what the model takes and gives, or none'),
})
type Parsed = z.infer<typeof onnxSchema>

/** One tensor of fields of the model. */
export interface FieldTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly channels: ChannelSet
  readonly states: number
  readonly take: 'first' | 'last'
}

/** What an ONNX forecast model takes and gives. */
export interface OnnxDescriptor {
  readonly name: string
  readonly stepHours: number
  readonly grid: Grid
  /** All channels in the model's order. */
  readonly channels: ChannelSet
  /** States the model starts from: 1 or more, a step apart. */
  readonly states: number
  readonly inputs: readonly FieldTensor[]
  readonly outputs: readonly FieldTensor[]
  readonly timeInput?: { readonly name: string; readonly encoding: 'fuxi' | 'season' }
  /** From SI units to what the model works in, by channel: (x * scale - mean) / std. */
  readonly scale: Float64Array
  readonly statistics?: Normaliser
}

/**
 * Reads a descriptor. `grid` puts another grid in place of the file's, for the same model at another resolution.
 * @throws ConfigError for a descriptor that is not understood or contradicts itself
 */
export async function readDescriptor(
  path: string,
  { grid }: { grid?: readonly [number, number] } = {},
): Promise<OnnxDescriptor> {
  const parsed = onnxSchema.safeParse(parse(await readFile(path, 'utf8')))
  if (!parsed.success)
    throw new ConfigError(`${path} describes no forecast model:\n${z.prettifyError(parsed.error)}`)
  const given = { ...parsed.data, ...(grid && { grid: [...grid] as [number, number] }) }
  let { normalisation } = given
  if (normalisation !== 'none' && 'file' in normalisation) {
    const file = resolve(dirname(path), normalisation.file)
    const statistics = z.object({ mean: z.array(z.number()), std: z.array(z.number().positive()) })
    const read = statistics.safeParse(JSON.parse(await readFile(file, 'utf8')))
    if (!read.success) throw new ConfigError(`${file}:\n${z.prettifyError(read.error)}`)
    normalisation = read.data
  }
  return describe(given, normalisation, path)
}

function describe(
  given: Parsed,
  normalisation: 'none' | { mean: number[]; std: number[] } | { file: string },
  path: string,
): OnnxDescriptor {
  const { name, stepHours, poles } = given
  const [rows, columns] = given.grid
  const tensor = (t: Parsed['inputs'][number] & { take?: 'first' | 'last' }): FieldTensor => {
    const { channels, levels, variables } = listed(t.channels)
    const sizes = {
      ...{ batch: 1, state: t.states, channel: channels.length, 'state*channel': t.states * channels.length },
      ...{ variable: variables, level: levels, latitude: rows, longitude: columns },
    }
    const shape = t.axes.map((a) => sizes[a])
    const values = shape.reduce((a, b) => a * b, 1)
    const expected = t.states * channels.length * rows * columns
    if (values !== expected)
      throw new ConfigError(
        `${path}: ${t.name} with axes ${t.axes.join(', ')} has ${values} values; ${t.states} states of ${channels.length} channels on ${rows} x ${columns} have ${expected}`,
      )
    return { name: t.name, shape, channels, states: t.states, take: t.take ?? 'last' }
  }
  const inputs = given.inputs.map(tensor)
  const outputs = given.outputs.map(tensor)
  const states = inputs[0].states
  if (inputs.some((i) => i.states !== states))
    throw new ConfigError(`${path}: its inputs take different numbers of states`)
  const channels = new ChannelSet(inputs.flatMap((i) => i.channels.channels))
  const made = outputs.flatMap((o) => o.channels.names)
  const missing = channels.names.filter((n) => !made.includes(n))
  if (missing.length)
    throw new ConfigError(`${path}: the outputs lack ${missing.join(', ')}, so that there is no next step`)
  for (const variable of Object.keys(given.scale))
    if (!channels.variables.some((v) => v.name === variable || v.short === variable))
      throw new ConfigError(`${path}: scale of ${variable}, which is none of the model's variables`)
  const scale = Float64Array.from(
    channels.channels,
    ({ variable: v }) => given.scale[v.name] ?? given.scale[v.short] ?? 1,
  )
  let statistics: Normaliser | undefined
  if (normalisation !== 'none' && 'mean' in normalisation) {
    const { mean, std } = normalisation
    if (mean.length !== channels.length || std.length !== channels.length)
      throw new ConfigError(
        `${path}: ${mean.length} means and ${std.length} deviations for ${channels.length} channels`,
      )
    statistics = new Normaliser({ names: channels.names, mean, std })
  }
  return {
    ...{ name, stepHours, channels, states, inputs, outputs, scale, statistics },
    grid: Grid.equiangular(rows, columns, { poles }),
    timeInput: given.time,
  }
}

/** The channels of a list of names and groups, and how many variables and levels a group of all has. */
function listed(groups: Parsed['inputs'][number]['channels']) {
  const names: string[] = []
  for (const one of groups)
    if (typeof one === 'string') names.push(one)
    else for (const v of one.variables) for (const level of one.levels) names.push(`${v}@${level}`)
  const channels = ChannelSet.of(names, { order: 'given' })
  const [only] = groups
  const grouped = groups.length === 1 && typeof only !== 'string' ? only : undefined
  return {
    channels,
    variables: grouped?.variables.length ?? channels.length,
    levels: grouped?.levels.length ?? 1,
  }
}
