import { join } from 'node:path'
import type { z } from 'zod'
import type { LossConfig } from '../../alignment/losses/choose.ts'
import { type AlignConfig, alignPrior, alignSchema } from '../../alignment/train.ts'
import type { PreferencePairs } from '../../alignment/trainPairs.ts'
import { ConfigError } from '../../base/errors.ts'
import { readMetrics } from '../../nn/index.ts'
import type { Prior } from '../../prior/index.ts'
import type { Runtime } from '../../tensor/index.ts'

/** Pairs made by one rule. */
export interface PairSet {
  readonly name: string
  readonly pairs: PreferencePairs
  /** Held-out pairs of the same rule. */
  readonly validation?: PreferencePairs
}

export interface CompareLossesOptions<P extends Prior> {
  runtime: Runtime
  prior: P
  pairSets: readonly PairSet[]
  losses: readonly LossConfig[]
  /** What all alignments share: steps and batch, so that each costs as much, the rate, and which score decides. */
  config: Omit<z.input<typeof alignSchema>, 'loss'>
  seed: number
  /** One run folder for each alignment is made here; those that are finished are not done again. */
  folder: string
  /** Scores of fresh samples on validation backgrounds, see alignPrior. */
  score?: (prior: P, step: number) => Promise<Readonly<Record<string, number>>>
  onProgress?: (done: number, all: number) => void
}

/** What a prior came to after some steps: scores of fresh samples and of held-out pairs. */
export type CurvePoint = { readonly step: number } & Readonly<Record<string, number>>

/** One alignment. */
export interface ComparedLoss {
  readonly pairs: string
  readonly pairCount: number
  readonly loss: LossConfig
  readonly steps: number
  readonly batch: number
  /** The score that decides: of the reference, of the best weights, and the step of those. */
  readonly score: string
  readonly reference: number
  readonly best: number
  readonly bestStep: number
  readonly stopped: string
  /** All scores at each validation, from step 0, the reference. */
  readonly curve: readonly CurvePoint[]
}

/**
 * Aligns a prior by each loss with each set of pairs, at equal compute: as many steps of as many pairs, the same pairs,
 * times and noise in the same order.
 * @throws ConfigError for two sets or two losses that cannot be told apart
 */
export async function compareLosses<P extends Prior>(
  options: CompareLossesOptions<P>,
): Promise<ComparedLoss[]> {
  const { runtime, prior, pairSets, losses, seed, folder, score, onProgress } = options
  const runs = pairSets.flatMap((set) => losses.map((loss) => ({ set, loss, name: runName(set.name, loss) })))
  const twice = runs.find(({ name }, k) => runs.findIndex((r) => r.name === name) !== k)
  if (twice) throw new ConfigError(`two alignments are called ${twice.name}: name pair sets differently`)
  const rows: ComparedLoss[] = []
  for (const { set, loss, name } of runs) {
    const config: AlignConfig = alignSchema.parse({ ...options.config, loss })
    const own = join(folder, name)
    const { best, stopped } = await alignPrior({
      ...{ runtime, prior, config, seed, score, folder: own },
      ...{ pairs: set.pairs, validation: set.validation },
    })
    const lines = (await readMetrics(join(own, 'metrics.jsonl'))).filter((line) => line.validation)
    const curve = lines.map(
      (line) => ({ step: line.step, ...(line.validation as Record<string, number>) }) as CurvePoint,
    )
    rows.push({
      ...{ pairs: set.name, pairCount: set.pairs.times.length, loss },
      ...{ steps: config.steps, batch: config.batch, score: config.best.score },
      ...{ reference: curve[0][config.best.score], best: best.score, bestStep: best.step, stopped, curve },
    })
    onProgress?.(rows.length, runs.length)
  }
  return rows
}

/** A folder's name for an alignment: the pairs' and the loss's with its settings. */
function runName(set: string, { name, ...settings }: LossConfig): string {
  return [set, name, ...Object.values(settings)].join('-').replace(/[^\w.-]+/g, '_')
}
