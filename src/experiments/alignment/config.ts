import { z } from 'zod'
import { lossSchema } from '../../alignment/losses/choose.ts'
import { ruleSchema } from '../../alignment/pairs.ts'
import { rewardSchema } from '../../alignment/rewards/choose.ts'
import { alignSchema, bestSchema } from '../../alignment/train.ts'
import { ConfigError } from '../../base/errors.ts'
import { samplerSchema } from '../../prior/index.ts'
import { parseSettings, periodSchema, readSettings } from '../config.ts'

const count = z.int().positive()

/** An alignment: candidates and their rewards, pairs by rule, and the training of a prior for each rule. */
export const alignmentSchema = z.strictObject({
  data: z.strictObject({
    location: z.string().min(1).describe('store of the truth'),
    preferences: periodSchema.describe('dates of the candidates'),
    validation: periodSchema.describe('dates of the fresh samples that decide when to stop'),
  }),
  folder: z.string().default('models/small').describe('autoencoder, forecast model and the reference prior'),
  aligned: z
    .string()
    .optional()
    .describe('where aligned priors are written; by default beside the reference'),
  dates: count.default(60).describe('evenly spread over the period'),
  candidates: count.min(2).default(32).describe('samples of each background'),
  leadHours: count.default(48).describe('age of the background'),
  sampler: samplerSchema.prefault({ name: 'dpm-solver++', steps: 10 }),
  rewards: z
    .array(rewardSchema)
    .min(1)
    .default([{ name: 'accuracy' }, { name: 'forecast' }, { name: 'geostrophic' }, { name: 'hydrostatic' }]),
  rules: z.record(z.string().regex(/^[\w-]+$/), ruleSchema).describe('pairs by name; each gives a model'),
  training: alignSchema.prefault({}),
  best: z
    .record(z.string(), bestSchema)
    .default({})
    .describe('for rules by name, what decides in place of training.best'),
  validation: z
    .strictObject({
      dates: count.default(12),
      members: count.default(8),
      leastSpread: z
        .number()
        .positive()
        .default(0.9)
        .describe('spread/skill below which less scatter is no gain'),
    })
    .prefault({}),
  losses: z
    .strictObject({
      rules: z.array(z.string()).min(1).describe('whose pairs'),
      compared: z.array(lossSchema).min(2),
      steps: count.describe('of each, so that all cost as much'),
      validateEvery: count,
    })
    .optional()
    .describe('preference losses compared at equal compute'),
  seed: z.int().nonnegative().default(1),
  run: z.string().default('runs/alignment').describe('candidates, pairs and training runs'),
})
export type AlignmentConfig = z.infer<typeof alignmentSchema>

/** @throws ConfigError that lists what is wrong */
export async function loadAlignment(
  path: string,
  settings: readonly string[] = [],
): Promise<AlignmentConfig> {
  const config = parseSettings(alignmentSchema, await readSettings(path, settings), path)
  const { preferences, validation } = config.data
  if (preferences.start <= validation.end && validation.start <= preferences.end)
    throw new ConfigError(
      `${path}: data.preferences and data.validation overlap; scores would be of what was trained on`,
    )
  const named = { best: Object.keys(config.best), losses: config.losses?.rules ?? [] }
  for (const [setting, names] of Object.entries(named))
    for (const name of names)
      if (!(name in config.rules))
        throw new ConfigError(
          `${path}: ${setting} names a rule ${name} that is not there; there are ${Object.keys(config.rules).join(', ')}`,
        )
  return config
}
