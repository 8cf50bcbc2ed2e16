/**
 * The four losses and the rules for pairs at equal compute, to docs/results/alignment-losses.json and .png:
 *   npm run eval:alignment-losses -- --rule M --rule pareto --loss dpo:2000 --loss ipo:2000
 * Candidates and pairs are those of the run that the configuration names.
 */
import { Command } from 'commander'
import { type LossConfig, lossSchema } from '../../alignment/losses/choose.ts'
import { loadPairs } from '../../alignment/trainPairsFile.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { printTable } from '../../report/table.ts'
import { Runtime } from '../../tensor/index.ts'
import { loadAlignment } from '../alignment/config.ts'
import { pairsFile } from '../alignment/pairs.ts'
import { openAlignment } from '../alignment/setting.ts'
import { freshScores } from '../alignment/train.ts'
import { compareLosses, type PairSet } from './compare.ts'
import { lossesFigure } from './figure.ts'

interface Options {
  config: string
  set: string[]
  rule: string[]
  loss: string[]
  run: string
  out: string
}
const many = (value: string, before: string[]) => [...before, value]
const options = new Command('alignment-losses')
  .option('--config <file>', 'the alignment', 'configs/alignment.yaml')
  .option('--set <key=value>', 'change a setting; may be repeated', many, [])
  .option('--rule <name>', 'pairs of a rule; may be repeated (default: all)', many, [])
  .option('--loss <name:beta>', 'a loss; all four by default', many, [])
  .option('--run <folder>', 'where the alignments are kept', 'runs/alignment-losses')
  .option('--out <path>', 'where results go, without an ending', 'docs/results/alignment-losses')
  .parse()
  .opts<Options>()

const config = await loadAlignment(options.config, options.set)
const runtime = new Runtime()
const setting = await openAlignment(runtime, config)
const pairSets: PairSet[] = []
for (const name of options.rule.length ? options.rule : Object.keys(config.rules))
  pairSets.push({ name, pairs: (await loadPairs(pairsFile(config, name))).pairs })
const given = options.loss.length ? options.loss : lossSchema.options.map((one) => one.shape.name.value)
const losses: LossConfig[] = given.map((text) => {
  const [name, beta] = text.split(':')
  return lossSchema.parse({ name, ...(beta && { beta: Number(beta) }) })
})
const rows = await compareLosses({
  ...{ runtime, prior: setting.prior, pairSets, losses, seed: config.seed, folder: options.run },
  ...{ config: config.training, score: await freshScores(setting) },
})
await setting.close()
await runtime.close()
await writeFileAtomic(`${options.out}.json`, `${JSON.stringify(rows, null, 2)}\n`)
await writeFigure(`${options.out}.png`, lossesFigure(rows))
printTable(
  rows.map(({ pairs, loss, score, reference, best, bestStep, curve }) => ({
    ...{ pairs, loss: loss.name, beta: loss.beta, score, reference, best, step: bestStep },
    ...{ kl: curve.find((p) => p.step === bestStep)?.kl },
  })),
)
