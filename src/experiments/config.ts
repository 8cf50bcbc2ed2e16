import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { ChannelSet, paperChannels, speedyChannels } from '../atmosphere/channels.ts'
import { ConfigError, didYouMean } from '../base/errors.ts'
import { forecastSchema } from '../forecast/config.ts'
import { latentSchema } from '../latent/config.ts'
import { priorTrainingSchema } from '../prior/train.ts'

const date = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2})?)?$/, 'write a date such as 1983-01-31 or 1983-01-31T18')
export const periodSchema = z
  .strictObject({ start: date, end: date })
  .refine(({ start, end }) => Date.parse(start.slice(0, 10)) <= Date.parse(end.slice(0, 10)), {
    message: 'it ends before it starts',
  })
  .describe('first and last time, both included')

/** Everything that the models of an experiment come from. */
export const experimentSchema = z.strictObject({
  data: z.strictObject({
    location: z
      .string()
      .min(1)
      .describe('Zarr folder or address, or NetCDF; a name in braces after $ is an environment variable'),
    title: z.string().optional().describe('what the data is, for model cards'),
    training: periodSchema,
    validation: periodSchema,
    channels: z
      .union([z.string(), z.array(z.string()).min(1)])
      .optional()
      .describe("names such as z500, or 'paper' (69) or 'speedy' (39); by default all of the store"),
    grid: z
      .tuple([z.int().positive(), z.int().positive()])
      .optional()
      .describe('[latitudes, longitudes] the store must have'),
  }),
  seed: z.int().nonnegative().default(1),
  forecast: forecastSchema.prefault({}),
  latent: latentSchema.prefault({}),
  prior: priorTrainingSchema.prefault({}),
  models: z.string().optional().describe('folder of the trained models; models/NAME by default'),
  storage: z
    .enum(['float32', 'float16'])
    .default('float16')
    .describe('how weights are stored; scores are those of the stored weights'),
})

/** A configuration with its defaults filled in and the name that its file gives it. */
export type Experiment = Omit<z.infer<typeof experimentSchema>, 'models'> & {
  readonly name: string
  readonly models: string
}

/**
 * Reads a configuration file and applies settings such as `forecast.steps=100` (values are YAML).
 * @throws ConfigError that lists everything that is wrong, with the nearest names of unknown keys
 */
export async function loadExperiment(path: string, settings: readonly string[] = []): Promise<Experiment> {
  const given = await readSettings(path, settings)
  const name = basename(path).replace(/\.ya?ml$/i, '')
  const parsed = parseSettings(experimentSchema, given, path)
  return { ...parsed, name, models: parsed.models ?? `models/${name}` }
}

/** The mapping in a YAML file with settings such as `forecast.steps=100` applied. @throws ConfigError for anything else */
export async function readSettings(
  path: string,
  settings: readonly string[] = [],
): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8')
  let given: unknown
  try {
    given = parse(text) ?? {}
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ConfigError(`${path} is not YAML: ${error.message}`)
    throw error
  }
  if (!isRecord(given)) throw new ConfigError(`${path} must be a mapping of settings, not ${typeof given}`)
  for (const setting of settings) applySetting(given, setting)
  return given
}

/** The mapping that settings such as `iterations=10` make. @throws ConfigError for one that is none */
export function settingsOf(settings: readonly string[]): Record<string, unknown> {
  const given = {}
  for (const setting of settings) applySetting(given, setting)
  return given
}

/**
 * Checks settings against a schema.
 * @throws ConfigError that lists everything that is wrong, with the nearest names of unknown keys
 */
export function parseSettings<S extends z.ZodType>(schema: S, given: unknown, where: string): z.infer<S> {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const known = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  const problems = result.error.issues.map((issue) => {
    const at = issue.path.join('.')
    if (issue.code !== 'unrecognized_keys') return `${at || 'settings'}: ${issue.message}`
    const names = Object.keys(within(known, issue.path)?.properties ?? {})
    return issue.keys
      .map((key) => `${[...issue.path, key].join('.')}: there is no such setting${hint(key, names)}`)
      .join('\n  ')
  })
  throw new ConfigError(`${where} cannot be used:\n  ${problems.join('\n  ')}`)
}

function hint(key: string, names: readonly string[]): string {
  return didYouMean(key, names) || (names.length ? `; there are ${names.join(', ')}` : '')
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>
}

function within(schema: JsonSchema | undefined, path: readonly PropertyKey[]): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>((s, key) => s?.properties?.[String(key)], schema)
}

function applySetting(root: Record<string, unknown>, setting: string) {
  const [, path, text] = /^([^=\s]+)=(.*)$/s.exec(setting) ?? []
  if (path === undefined)
    throw new ConfigError(`--set ${setting}: write key=value, such as forecast.steps=100`)
  const keys = path.split('.')
  const last = keys.pop() as string
  let at = root
  for (const key of keys) {
    at[key] ??= {}
    const next = at[key]
    if (!isRecord(next)) throw new ConfigError(`--set ${setting}: ${key} has no settings inside`)
    at = next
  }
  try {
    at[last] = parse(text)
  } catch (error) {
    throw new ConfigError(`--set ${setting}: its value is not YAML: ${(error as Error).message}`)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A location with environment variables put in for ${NAME}.
 * @throws ConfigError for a variable that is not set
 */
export function resolveLocation(location: string): string {
  return location.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = process.env[name]
    if (!value)
      throw new ConfigError(
        `the data location ${location} needs the environment variable ${name}; set it, or give --set data.location=PATH`,
      )
    return value
  })
}

/** The channels a configuration asks for; undefined for all that the store has. */
export function channelsOf({ data }: Pick<Experiment, 'data'>): ChannelSet | undefined {
  const { channels } = data
  if (channels === undefined) return undefined
  if (channels === 'paper') return paperChannels
  if (channels === 'speedy') return speedyChannels
  return ChannelSet.of(channels)
}
