import { Command } from 'commander'
import { collect } from './options.ts'
import type { AlignOptions } from './runAlign.ts'

/** `align-da align`: candidates, pairs and the preference optimisation of a prior. */
export function alignCommand(): Command {
  const align = new Command('align').description(
    'align the prior with rewards: draw candidates, pair them, train on the pairs',
  )
  const add = (name: string, description: string) =>
    align
      .command(name)
      .description(description)
      .option('--config <file>', 'settings in YAML', 'configs/alignment.yaml')
      .option('--set <key=value>', 'change a setting, as in dates=10; may be repeated', collect)
      .option('--device <name>', 'cpu, webgpu or cuda (default: ALIGN_DA_DEVICE, else cpu)')
  add('candidates', 'sample candidates for each background and score them; a stopped run goes on')
    .option('--shard <i/n>', 'only the i-th of n shares of the dates')
    .action(async (options: AlignOptions) => (await import('./runAlign.ts')).candidates(options))
  add('pairs', 'pair candidates by the rules, and say how rewards go together')
    .option('--rule <name>', 'only this rule; may be repeated', collect)
    .action(async (options: AlignOptions) => (await import('./runAlign.ts')).pairs(options))
  add('train', 'train on the pairs of a rule; a stopped run goes on')
    .option('--rule <name>', 'only this rule; may be repeated', collect)
    .action(async (options: AlignOptions) => (await import('./runAlign.ts')).train(options))
  add('soup', 'interpolate aligned priors and score them on the validation dates')
    .requiredOption('--rule <name>', 'aligned priors to mix; two of them', collect)
    .option('--points <count>', 'mixtures from one to the other', Number, 5)
    .action(async (options: AlignOptions) => (await import('./runAlign.ts')).soup(options))
  add('report', 'a page of how rewards go together, pairs, training and soups, as far as there are any')
    .option('--figures <folder>', 'also write its figures there, as PNG')
    .action(async (options: AlignOptions) => (await import('./runAlign.ts')).report(options))
  return align.addHelpText(
    'after',
    '\nExamples:\n  align-da align candidates\n  align-da align pairs --rule M\n  align-da align train --rule M',
  )
}
