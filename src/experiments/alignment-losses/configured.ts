import { join } from 'node:path'
import { loadPairs } from '../../alignment/trainPairsFile.ts'
import { ConfigError, DataError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { pairsFile } from '../alignment/pairs.ts'
import type { AlignmentSetting } from '../alignment/setting.ts'
import { freshScores } from '../alignment/train.ts'
import { type ComparedLoss, type CompareLossesOptions, compareLosses } from './compare.ts'
import { lossesFigure } from './figure.ts'

/**
 * Compares the losses that an alignment names, on pairs that are there.
 * @param folder of the runs; those of this reference that are finished are not done again
 * @throws ConfigError for one that names none
 * @throws DataError for pairs of another reference
 */
export async function compareConfigured(
  setting: AlignmentSetting,
  folder: string,
  onProgress?: CompareLossesOptions<never>['onProgress'],
): Promise<ComparedLoss[]> {
  const { config, runtime, prior, reference } = setting
  if (!config.losses) throw new ConfigError('the alignment names no losses to compare: its setting losses')
  const { rules, compared: losses, steps, validateEvery } = config.losses
  const pairSets = []
  for (const name of rules) {
    const { pairs, provenance } = await loadPairs(pairsFile(config, name))
    if (provenance.reference !== reference)
      throw new DataError(
        `the pairs of ${name} are of another prior than ${config.folder} holds: make them again`,
      )
    pairSets.push({ name, pairs })
  }
  return compareLosses({
    ...{ runtime, prior, pairSets, losses, seed: config.seed, onProgress },
    folder: join(folder, reference.slice(0, 12)),
    ...{ config: { ...config.training, steps, validateEvery }, score: await freshScores(setting) },
  })
}

/** Writes PATH.json and PATH.png. */
export async function writeLosses(rows: readonly ComparedLoss[], path: string): Promise<void> {
  await writeFileAtomic(`${path}.json`, `${JSON.stringify(rows, null, 2)}\n`)
  await writeFigure(`${path}.png`, lossesFigure(rows))
}
