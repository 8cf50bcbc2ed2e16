import { Command } from 'commander'
import { collect, countOption } from './options.ts'
import type { ReproduceOptions } from './runReproduce.ts'

/** `align-da reproduce`: from data to the tables of the documentation. */
export function reproduceCommand(): Command {
  return new Command('reproduce')
    .description(
      'data, models, candidates, alignment, tables and figures of the documentation, in one go; a stopped run goes on',
    )
    .option('--preset <name>', 'what to reproduce: configs/reproduce-NAME.yaml', 'small')
    .option('--data <folder>', 'folder of the store (default: ALIGN_DA_DATA)')
    .option('--out <folder>', 'models, work and results (default: runs/reproduce-PRESET)')
    .option('--set <key=value>', 'change a setting, as in osse.dates=10; may be repeated', collect)
    .option('--quick', 'tiny sizes, which show only that everything runs')
    .option('--only <stage>', 'only this stage; may be repeated', collect)
    .option('--from <stage>', 'this stage and all that depend on it, again from the beginning')
    .option('--processes <count>', 'processes that share dates (default: 2, or the cores)', countOption)
    .option('--device <name>', 'cpu, webgpu or cuda (default: ALIGN_DA_DEVICE, else cpu)')
    .option('--release', 'at the end copy models and results over those of the repository')
    .option('--dry-run', 'print the stages, done and to do, and do nothing')
    .addHelpText(
      'after',
      `
Examples:
  align-da reproduce --preset small --data ~/data
  align-da reproduce --dry-run
  align-da reproduce --quick --out runs/reproduce-quick
  align-da reproduce --from candidates --set alignment.candidates=64`,
    )
    .action(async (options: ReproduceOptions) => (await import('./runReproduce.ts')).reproduce(options))
}
