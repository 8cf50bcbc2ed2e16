import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { ConfigError } from '../../base/errors.ts'
import type { Reward } from '../reward.ts'
import { accuracy } from './accuracy.ts'
import { geostrophic, hydrostatic } from './balance.ts'
import { ensembleSkill } from './ensemble.ts'
import { forecastSkill } from './forecastSkill.ts'
import { positiveHumidity } from './humidity.ts'
import { spectralFidelity } from './spectral.ts'

const raw = z.boolean().optional().describe('differences in physical units, as in the paper')

/** A reward by name with its settings, or one of the user's from a file. */
export const rewardSchema = z.union([
  z.discriminatedUnion('name', [
    z.strictObject({ name: z.literal('accuracy'), raw }),
    z.strictObject({ name: z.literal('forecast'), lead: z.number().positive().optional(), raw }),
    z.strictObject({ name: z.literal('geostrophic') }),
    z.strictObject({ name: z.literal('hydrostatic') }),
    z.strictObject({ name: z.literal('spectra'), waves: z.int().positive().optional() }),
    z.strictObject({ name: z.literal('humidity') }),
    z.strictObject({ name: z.literal('ensemble') }),
  ]),
  z.strictObject({ file: z.string().min(1).describe('module whose default export is a Reward') }),
])
/** A reward by name, with its settings. */
export type RewardConfig = z.infer<typeof rewardSchema>

/** @throws ConfigError for a file that cannot be loaded or exports no reward */
export async function chooseReward(config: RewardConfig): Promise<Reward> {
  if ('file' in config) return rewardOf(config.file)
  switch (config.name) {
    case 'accuracy':
      return accuracy(config)
    case 'forecast':
      return forecastSkill(config)
    case 'geostrophic':
      return geostrophic
    case 'hydrostatic':
      return hydrostatic
    case 'spectra':
      return spectralFidelity(config)
    case 'humidity':
      return positiveHumidity
    case 'ensemble':
      return ensembleSkill
  }
}

async function rewardOf(file: string): Promise<Reward> {
  let module: { default?: Partial<Reward> }
  try {
    module = await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    throw new ConfigError(`the reward ${file} cannot be loaded: ${(error as Error).message}`)
  }
  const { name, larger, evaluate } = module.default ?? {}
  if (typeof name !== 'string' || typeof larger !== 'boolean' || typeof evaluate !== 'function')
    throw new ConfigError(
      `${file} has no reward: its default export needs name (text), larger (true or false) and evaluate (a function)`,
    )
  return module.default as Reward
}
