import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { withScatter } from '../../alignment/scatter.ts'
import { mixedWeights } from '../../alignment/soup.ts'
import { ConfigError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { loadPriorModel, type PriorModel } from '../../prior/model.ts'
import type { AlignmentConfig } from './config.ts'
import type { AlignmentSetting } from './setting.ts'
import { alignedFile, freshScores } from './train.ts'

export const soupsFile = (config: AlignmentConfig, [a, b]: readonly [string, string]) =>
  join(config.run, 'soups', `${a}-${b}.json`)

/** Scores of mixtures of two aligned priors on the validation dates, from the first to the second; and their file. */
export async function soups(
  setting: AlignmentSetting,
  rules: readonly [string, string],
  points: number,
): Promise<Record<string, number>[]> {
  if (!(points >= 2)) throw new ConfigError(`a soup of ${points} mixtures: two are its ends`)
  const models: PriorModel[] = []
  for (const rule of rules) {
    const path = alignedFile(setting.config, rule)
    if (!existsSync(path))
      throw new ConfigError(`${path} is not there: align-da align train --rule ${rule} makes it`)
    models.push(await loadPriorModel(path))
  }
  const scattered = models.some((m) => m.config.scatter)
  const [reference, ...ends] = [setting.prior, ...models].map((m) => (scattered ? withScatter(m) : m))
  const score = await freshScores(setting)
  const rows: Record<string, number>[] = []
  for (let k = 0; k < points; k++) {
    const share = k / (points - 1)
    const weights = mixedWeights(
      reference.weights,
      ends.map((m) => m.weights),
      [1 - share, share],
    )
    rows.push({ [rules[0]]: 1 - share, [rules[1]]: share, ...(await score({ ...reference, weights })) })
  }
  await mkdir(join(setting.config.run, 'soups'), { recursive: true })
  await writeFileAtomic(soupsFile(setting.config, rules), JSON.stringify(rows, null, 2))
  return rows
}
