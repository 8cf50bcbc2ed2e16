import { Command } from 'commander'
import { collect, countOption } from './options.ts'
import type { EvaluateOptions } from './runEvaluate.ts'

/** `align-da evaluate`: the observing-system simulation experiment of a configuration. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description(
      'compare analyses by observing-system simulation: tables, intervals, checks, figures; a stopped run goes on',
    )
    .option('--config <file>', 'settings in YAML', 'configs/osse.yaml')
    .option('--set <key=value>', 'change a setting, as in dates=10; may be repeated', collect)
    .option('--only <method>', 'only this method; may be repeated', collect)
    .option('--run <folder>', 'cases that are done, and what is kept for them', 'runs/osse')
    .option('--out <folder>', 'osse.json, comparisons and figures', 'docs/results')
    .option('--processes <count>', 'processes that share the dates', countOption, 1)
    .option('--shard <i/n>', 'compute only the i-th of n shares of the dates, and no tables')
    .option('--summary', 'compute nothing: tables of the cases that are done')
    .option('--tune', 'choose settings on the validation period, and write them to the file `tuned`')
    .option('--device <name>', 'cpu, webgpu or cuda (default: ALIGN_DA_DEVICE, else cpu)')
    .addHelpText(
      'after',
      `
Examples:
  align-da evaluate --processes 2
  align-da evaluate --tune --processes 2
  align-da evaluate --only latent-map --set dates=4 --set 'densities=[0.05]' --out runs/try`,
    )
    .action(async (options: EvaluateOptions) => (await import('./runEvaluate.ts')).evaluate(options))
}
