import { existsSync } from 'node:fs'
import { z } from 'zod'
import { guidanceSchema } from '../../assimilation/index.ts'
import { ConfigError } from '../../base/errors.ts'
import { samplerSchema } from '../../prior/index.ts'
import { parseSettings, periodSchema, readSettings } from '../config.ts'

const count = z.int().positive()
const factor = z.number().positive()
const density = z.union([z.number().positive().max(1), z.literal('radiosonde')])
const noise = z.number().nonnegative()

/** A covariance of whitened latent increments: the identity, or what the background errors of the training year say. */
const covariance = z.strictObject({
  kind: z.enum(['isotropic', 'diagonal', 'spatial']).default('isotropic'),
  scale: factor.default(1).describe('factor on the standard deviations'),
})

const common = {
  name: z.string().min(1).describe('name in the tables'),
  model: z.string().default('base').describe('which of the models'),
  members: count.optional(),
  densities: z.array(density).min(1).optional().describe('only these'),
  errors: z.array(noise).min(1).optional().describe('only these'),
}

/** One method of the comparison. */
export const methodSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('background') }),
  z.strictObject({ ...common, kind: z.literal('none'), sampler: samplerSchema.optional() }),
  z.strictObject({
    ...common,
    kind: z.literal('guided'),
    guidance: guidanceSchema,
    decoder: z.enum(['exact', 'tangent']).optional(),
    sampler: samplerSchema.optional(),
    covariance: covariance.prefault({}),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('l3dvar'),
    coupled: z
      .boolean()
      .default(true)
      .describe("false: background errors of neighbouring latents are independent, whatever the prior's are"),
    covariance: covariance.prefault({}),
    outerLoops: count.optional(),
    iterations: count.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('3dvar'),
    filtered: z
      .boolean()
      .default(false)
      .describe('from the background as the autoencoder gives it back, where latent methods start'),
    scale: factor.default(1).describe('factor on the standard deviations of background errors'),
    lengthScale: factor.default(1).describe('factor on their correlation lengths'),
    balance: z.boolean().default(true),
    iterations: count.default(60),
    tolerance: factor.default(1e-3),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('letkf'),
    source: z.enum(['prior', 'errors']).default('prior').describe('background members: samples of either'),
    scale: factor.default(1).describe('factor on their anomalies'),
    localisation: factor.describe('L of exp(-d² / 2 L²), km'),
    inflation: factor.default(1),
    sampler: samplerSchema.optional(),
  }),
])
export type MethodConfig = z.infer<typeof methodSchema>

/** The observing-system simulation experiment: truths, networks, errors and the methods that are compared. */
export const osseSchema = z.strictObject({
  data: z.strictObject({
    location: z.string().min(1).describe('store of the truth'),
    training: periodSchema.describe('background errors are those of its forecasts'),
    validation: periodSchema.describe('where settings are chosen, and what the decoder cannot express'),
    test: periodSchema,
  }),
  folder: z.string().default('models/small').describe('autoencoder and forecast model'),
  models: z
    .record(z.string(), z.string())
    .default({ base: 'models/small/prior.safetensors' })
    .describe('priors by name'),
  stations: z
    .string()
    .optional()
    .describe('station list in JSON; by default the radiosondes that ship with the project'),
  dates: count.default(60).describe('evenly spread over the period'),
  leadHours: count.default(48).describe('age of the background, and length of the verified forecast'),
  densities: z.array(density).min(1).default([0.01, 0.03, 0.05, 0.1, 0.2, 'radiosonde']),
  errors: z
    .array(noise)
    .min(1)
    .default([0, 0.05])
    .describe('standard deviation of observation errors, normalised units'),
  assumedError: factor.default(0.02).describe('what methods are told of observations without error'),
  members: count.default(16),
  seed: z.int().nonnegative().default(1),
  sampler: samplerSchema.prefault({ name: 'dpm-solver++' }),
  antithetic: z
    .boolean()
    .default(true)
    .describe('members of a prior in mirrored pairs, guided or not; scores allow for it'),
  forecastMembers: z
    .int()
    .nonnegative()
    .default(2)
    .describe('members that are forecast besides the mean; 0: no forecasts'),
  backgroundErrors: z
    .strictObject({
      leads: z
        .array(count)
        .min(1)
        .default([12, 13, 14, 15])
        .describe('steps of the forecasts; longer than the background because the model knows its year'),
      forecasts: count.default(40),
    })
    .prefault({}),
  decoderStates: count.default(60).describe('states that say what the decoder cannot express'),
  methods: z.array(methodSchema).min(1),
  tuned: z.string().optional().describe('file of settings by name of method, written by tuning'),
  tuning: z
    .strictObject({
      dates: count.default(8),
      densities: z.array(density).min(1).default([0.03, 0.1]),
      errors: z.array(noise).min(1).default([0.05]),
      settings: z
        .record(z.string(), z.record(z.string(), z.array(z.unknown()).min(1)))
        .default({})
        .describe('method -> setting -> values to try; settings in settings with dots'),
    })
    .prefault({}),
})
/** Settings of an observing-system simulation experiment, defaults filled in. */
export type OsseConfig = z.infer<typeof osseSchema>
export type Density = z.infer<typeof density>

/**
 * Reads the configuration of an experiment; settings that tuning chose replace those of the file.
 * @throws ConfigError that lists what is wrong
 */
export async function loadOsse(path: string, settings: readonly string[] = []): Promise<OsseConfig> {
  const config = parseSettings(osseSchema, await readSettings(path, settings), path)
  if (!config.tuned || !existsSync(config.tuned)) return checkOsse(config)
  const tuned = await readSettings(config.tuned)
  const methods = config.methods.map((method) =>
    tuned[method.name]
      ? parseSettings(
          methodSchema,
          withSettings(method, tuned[method.name] as Record<string, unknown>),
          `${config.tuned}: ${method.name}`,
        )
      : method,
  )
  return checkOsse({ ...config, methods })
}

/**
 * A method may stand twice, with other settings for other errors of observations.
 * @throws ConfigError for methods of the same name, model and error, and models that there are none of
 */
export function checkOsse(config: OsseConfig): OsseConfig {
  const seen = new Set<string>()
  for (const { name, model, errors = config.errors } of config.methods) {
    if (!(model in config.models))
      throw new ConfigError(
        `method ${name} needs the model ${model}; there are ${Object.keys(config.models).join(', ')}`,
      )
    for (const error of errors) {
      const key = `${name} ${model} ${error}`
      if (seen.has(key))
        throw new ConfigError(`two methods are called ${name} with the model ${model} and the error ${error}`)
      seen.add(key)
    }
  }
  return config
}

/** A method with some of its settings changed: `{ 'covariance.scale': 0.8 }`. */
export function withSettings(method: object, settings: Readonly<Record<string, unknown>>): object {
  const out = structuredClone(method) as Record<string, unknown>
  for (const [path, value] of Object.entries(settings)) {
    const keys = path.split('.')
    const last = keys.pop() as string
    let at = out
    for (const key of keys) {
      at[key] ??= {}
      at = at[key] as Record<string, unknown>
    }
    at[last] = value
  }
  return out
}
