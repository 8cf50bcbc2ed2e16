import { loadPairs } from '../../alignment/trainPairsFile.ts'
import { ConfigError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { pairsFile } from '../alignment/pairs.ts'
import type { AlignmentSetting } from '../alignment/setting.ts'
import { freshScores } from '../alignment/train.ts'
import { type ComparedLoss, type CompareLossesOptions, compareLosses } from './compare.ts'
import { lossesFigure } from './figure.ts'

/**
 * Compares the losses that an alignment names, on pairs that are there.
 * @throws ConfigError for one that names none
 */
export async function compareConfigured(
  setting: AlignmentSetting,
  folder: string,
  onProgress?: CompareLossesOptions<never>['onProgress'],
): Promise<ComparedLoss[]> {
  const { config, runtime, prior } = setting
  if (!config.losses) throw new ConfigError('the alignment names no losses to compare: its setting losses')
  const { rules, compared: losses, steps, validateEvery } = config.losses
  const pairSets = []
  for (const name of rules) pairSets.push({ name, pairs: (await loadPairs(pairsFile(config, name))).pairs })
  return compareLosses({
    ...{ runtime, prior, pairSets, losses, seed: config.seed, folder, onProgress },
    ...{ config: { ...config.training, steps, validateEvery }, score: await freshScores(setting) },
  })
}

/** Writes PATH.json and PATH.png. */
export async function writeLosses(rows: readonly ComparedLoss[], path: string): Promise<void> {
  await writeFileAtomic(`${path}.json`, `${JSON.stringify(rows, null, 2)}\n`)
  await writeFigure(`${path}.png`, lossesFigure(rows))
}
