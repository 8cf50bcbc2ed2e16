import { Command } from 'commander'
import { countOption, numberOption } from './options.ts'
import type { SampleCommandOptions } from './runSample.ts'

/** `align-da sample`: states that may lie behind a background. */
export function sampleCommand(): Command {
  return new Command('sample')
    .description('draw states from the prior given a background, without observations')
    .requiredOption('--background <file>', 'Zarr or NetCDF with the background, such as a forecast')
    .requiredOption('--models <folder>', 'folder with autoencoder.safetensors and prior.safetensors')
    .requiredOption('-o, --out <file>', 'what to write: .zarr or .nc; the member goes before the ending')
    .option('--time <time>', 'time of the background: such as 1984-04-03T06, first or last', 'last')
    .option(
      '--member <number>',
      'of an ensemble of backgrounds, from 1 up (default: the mean, if it is in the file)',
      countOption,
    )
    .option('--members <count>', 'members of the ensemble', countOption, 16)
    .option('--sampler <name>', 'dpm-solver++, ddim, edm-heun or predictor-corrector', 'dpm-solver++')
    .option('--steps <count>', 'steps of the sampler (default: its own)', countOption)
    .option('--seed <number>', 'seed of all noise', numberOption, 1)
    .option('--device <name>', 'cpu, webgpu or cuda (default: ALIGN_DA_DEVICE, else cpu)')
    .option('--overwrite', 'replace what is at OUT')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Writes OUT with the ensemble mean, and OUT-01, OUT-02 ... with the members.

Example:
  align-da sample --background forecast.nc --models models/small --members 16 -o ensemble.zarr`,
    )
    .action(async (options: SampleCommandOptions) => (await import('./runSample.ts')).sample(options))
}
