import { Command } from 'commander'
import { collect } from './options.ts'
import type { TrainOptions } from './runTrain.ts'

/** `align-da train`: the three models of a configuration. */
export function trainCommand(): Command {
  return new Command('train')
    .description('train the forecast model, the autoencoder (latent) and the prior; a stopped run goes on')
    .argument('<model>', 'forecast, latent, prior, or all in this order')
    .requiredOption('--config <file>', 'settings in YAML, such as configs/small.yaml')
    .option('--set <key=value>', 'change a setting, as in forecast.steps=100; may be repeated', collect)
    .option('--run <folder>', 'checkpoints, metrics and curves (default: runs/NAME of the configuration)')
    .option('--device <name>', 'cpu, webgpu or cuda (default: ALIGN_DA_DEVICE, else cpu)')
    .option('--dry-run', 'print parameters and memory, and train nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  align-da train all --config configs/small.yaml
  align-da train prior --config configs/small.yaml --set prior.steps=2000 --run runs/longer
  align-da train all --config configs/paper.yaml --dry-run`,
    )
    .action(async (model: string, options: TrainOptions) =>
      (await import('./runTrain.ts')).train(model, options),
    )
}
