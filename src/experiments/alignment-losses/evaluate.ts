/**
 * Preference losses and rules for pairs at equal compute, to docs/results/alignment-losses.json and .png:
 *   npm run eval:alignment-losses -- --set 'losses.rules=[M]'
 * Candidates and pairs are those of the run that the configuration names.
 */
import { Command } from 'commander'
import { printTable } from '../../report/table.ts'
import { Runtime } from '../../tensor/index.ts'
import { loadAlignment } from '../alignment/config.ts'
import { openAlignment } from '../alignment/setting.ts'
import { compareConfigured, writeLosses } from './configured.ts'

interface Options {
  config: string
  set: string[]
  run: string
  out: string
}
const many = (value: string, before: string[]) => [...before, value]
const options = new Command('alignment-losses')
  .option('--config <file>', 'the alignment', 'configs/alignment.yaml')
  .option('--set <key=value>', 'change a setting; may be repeated', many, [])
  .option('--run <folder>', 'where the alignments are kept', 'runs/alignment-losses')
  .option('--out <path>', 'where results go, without an ending', 'docs/results/alignment-losses')
  .parse()
  .opts<Options>()

const runtime = new Runtime()
const setting = await openAlignment(runtime, await loadAlignment(options.config, options.set))
const rows = await compareConfigured(setting, options.run)
await setting.close()
await runtime.close()
await writeLosses(rows, options.out)
printTable(
  rows.map(({ pairs, loss, score, reference, best, bestStep, curve }) => ({
    ...{ pairs, loss: loss.name, beta: loss.beta, score, reference, best, step: bestStep },
    ...{ kl: curve.find((p) => p.step === bestStep)?.kl },
  })),
)
