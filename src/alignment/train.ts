import { z } from 'zod'
import { ConfigError, DataError } from '../base/errors.ts'
import { fit, Parameters, sampleOrder, type Weights } from '../nn/index.ts'
import type { Prior } from '../prior/index.ts'
import { scatterName } from '../prior/network.ts'
import { incrementVariances } from '../prior/target.ts'
import { channelWeights } from '../prior/train.ts'
import { stream } from '../random/stream.ts'
import type { Runtime } from '../tensor/index.ts'
import { sizeOf } from '../tensor/shape.ts'
import { chooseLoss, lossSchema } from './losses/choose.ts'
import { withScatter } from './scatter.ts'
import { preferenceProgram } from './trainLoss.ts'
import { checkPairs, type PreferencePairs, pairBatches } from './trainPairs.ts'

const count = z.int().positive()

export const bestSchema = z
  .strictObject({ score: z.string(), larger: z.boolean().default(true) })
  .describe('the validation score that decides, and whether larger is better')

/** Settings of an alignment. */
export const alignSchema = z.strictObject({
  loss: lossSchema.prefault({ name: 'dpo' }),
  mirror: z
    .boolean()
    .default(false)
    .describe(
      'mirror every other pair about its background: what is learned is the scatter, not the side; its labels are then those of the scatter alone, wrong for most pairs by other measures',
    ),
  adapt: z
    .enum(['scatter', 'weights'])
    .default('weights')
    .describe(
      'what is trained: how much samples scatter in each latent channel and row, or all weights of the network',
    ),
  space: z
    .enum(['epsilon', 'v'])
    .default('epsilon')
    .describe('in what errors are measured; v weighs noisy times more'),
  weighted: z
    .boolean()
    .default(false)
    .describe("weigh errors by how much they matter in the state, as in the prior's training"),
  times: z
    .enum(['uniform', 'logSnr'])
    .default('uniform')
    .describe('times of pairs: even over the schedule, or even in log(mu / sigma)'),
  draws: count
    .default(1)
    .describe(
      'times and noises a pair is judged by together; more close the gap of the bound and cost as much more',
    ),
  batch: count.default(16).describe('pairs of a step'),
  turn: z
    .boolean()
    .default(true)
    .describe('turn pairs by a random number of columns: the same preference at other longitudes'),
  steps: count.default(500),
  rate: z.number().positive().default(1e-5),
  warmup: z.int().nonnegative().default(25),
  constantRate: z.boolean().default(false).describe('no decay of the rate after the warm-up'),
  clip: z.number().positive().default(1).describe('largest norm of the gradient'),
  decay: z.number().nonnegative().default(0).describe('weight decay'),
  referenceEvery: count.optional().describe('take the trained weights as reference every so many steps'),
  ema: z.number().gt(0).lt(1).optional().describe('decay of the moving average of the weights, a step'),
  validateEvery: count.default(50),
  validationBatches: count.default(4),
  patience: count.default(4),
  best: bestSchema.default({ score: 'loss', larger: false }),
  checkpointEvery: count.default(50),
})
/** Settings of the training of a prior on preferences, defaults filled in. */
export type AlignConfig = z.infer<typeof alignSchema>

/** What the training of a prior on preferences needs beside its settings. */
export interface AlignPriorOptions<P extends Prior> {
  runtime: Runtime
  /** The reference: what is aligned, and what it is held to. */
  prior: P
  pairs: PreferencePairs
  /** Held-out pairs for the validation loss; without them it is that of training pairs at other times and noise. */
  validation?: PreferencePairs
  config: AlignConfig
  seed: number
  /** Folder of the run, gone on from if there is one; see `fit`. */
  folder?: string
  /** Scores of fresh samples drawn with the prior as it is then. A function of the prior alone, for runs that go on. */
  score?: (prior: P, step: number) => Promise<Readonly<Record<string, number>>>
  /** Called with all scores of each validation, those of the held-out pairs among them. */
  onScores?: (scores: Readonly<Record<string, number>>) => void
  signal?: AbortSignal
}

/** An aligned prior, and how its training went. */
export interface Aligned<P extends Prior> {
  /** The best prior by the score that decides: the reference itself, to the bit, where nothing beat it. */
  readonly prior: P
  /** Whether it is the reference. */
  readonly unchanged: boolean
  /** Its step and its score. */
  readonly best: { readonly step: number; readonly score: number }
  /** Finished steps. */
  readonly step: number
  readonly stopped: 'finished' | 'early' | 'aborted'
}

/**
 * Aligns a prior with preferences. Every `validateEvery` steps, and before the first, weights are scored; those that
 * score best are returned, so that an aligned prior is never worse than its reference by the score that decides.
 * metrics.jsonl has loss, accuracy, deltaWinner, deltaLoser, kl (nats) and all scores.
 *
 * @throws ConfigError where the deciding score is not among the scores
 * @throws DataError or ShapeError for pairs that do not fit, see checkPairs
 * @throws DataError for a score that is no number
 */
export async function alignPrior<P extends Prior>(options: AlignPriorOptions<P>): Promise<Aligned<P>> {
  const { runtime, pairs, validation, config, seed, folder, score, onScores, signal } = options
  const prior = config.adapt === 'scatter' ? withScatter(options.prior) : options.prior
  const { batch, steps, space, times, draws } = config
  const size = sizeOf(prior.shape)
  checkPairs(pairs, size)
  if (validation) checkPairs(validation, size, 'validation pairs')
  const { score: by, larger } = config.best
  const sign = larger ? -1 : 1
  const parameters = new Parameters()
  const reference = new Parameters({ prefix: 'reference.' })
  const weights = config.weighted
    ? channelWeights(incrementVariances(prior.statistics, prior.shape))
    : undefined
  const loss = chooseLoss(config.loss)
  const program = preferenceProgram(parameters, reference, {
    prior,
    loss,
    batch,
    space,
    weights,
    times,
    draws,
  })
  const [, , columns] = prior.shape
  const turns = {
    columns,
    by: (index: number) => stream(seed, 'turn', index).integers(new Int32Array(batch), 0, columns),
  }
  const mirrored = (index: number) => stream(seed, 'mirror', index).integers(new Int32Array(batch), 0, 2)
  const source = (from: PreferencePairs, of: (index: number) => number[], key: number, turned: boolean) =>
    pairBatches(from, {
      ...{ size, season: prior.config.season, of, turns: turned && config.turn ? turns : undefined },
      mirrored: turned && config.mirror ? mirrored : undefined,
      draws: (index) => program.draws(key, index),
    })
  const held = validation ?? pairs
  const n = held.times.length
  const spread = sampleOrder(seed + 1, n, batch)
  const withWeights = (w: Weights): P => ({ ...prior, weights: w })
  const result = await fit({
    ...{ runtime, parameters, loss: program.loss, metrics: program.metrics, steps, seed, folder, signal },
    ...(config.adapt === 'scatter' && { trainable: (name: string) => name === scatterName }),
    ...{ initial: prior.weights, clip: config.clip, optimiser: { decay: config.decay, beta2: 0.99 } },
    rate: {
      rate: config.rate,
      warmup: Math.min(config.warmup, steps),
      ...(config.constantRate ? { steps: Infinity } : { floor: 0.1 }),
    },
    ...(config.ema && { ema: { decay: config.ema, every: 1 } }),
    frozen: [{ parameters: reference, weights: prior.weights, refreshEvery: config.referenceEvery }],
    data: source(pairs, sampleOrder(seed, pairs.times.length, batch), seed, true),
    validation: {
      data: source(held, spread, seed + 1, false),
      batches: config.validationBatches,
      metrics: program.metrics,
      every: Math.min(config.validateEvery, steps),
      patience: config.patience,
      atStart: true,
      ...(score && { score: (w: Weights, step: number) => score(withWeights(w), step) }),
      criterion(scores) {
        onScores?.(scores)
        if (!(by in scores))
          throw new ConfigError(
            `the score '${by}' is to decide which weights are best; there are ${Object.keys(scores).join(', ')}`,
          )
        if (!Number.isFinite(scores[by])) throw new DataError(`the validation score '${by}' is ${scores[by]}`)
        return sign * scores[by]
      },
    },
    architecture: {
      kind: 'alignment',
      adapt: config.adapt,
      prior: prior.config,
      loss: config.loss,
      space,
      times,
      draws,
      weighted: config.weighted,
    },
    checkpointEvery: config.checkpointEvery,
    label: `alignment, ${loss.name}`,
  })
  const { step = 0, loss: value = Number.NaN } = result.best ?? {}
  const unchanged = step === 0
  if (unchanged && result.stopped !== 'aborted')
    process.stderr.write(`alignment: nothing beat the reference in ${by} (${sign * value}); it is kept\n`)
  return {
    prior: unchanged ? options.prior : withWeights(result.weights),
    ...{ unchanged, best: { step, score: sign * value }, step: result.step, stopped: result.stopped },
  }
}
