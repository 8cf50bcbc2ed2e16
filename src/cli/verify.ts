import { Command } from 'commander'
import type { VerifyOptions } from './runVerify.ts'

/** `align-da verify`: errors of a state against the truth. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('errors of an analysis or a forecast against the truth, by channel; of its ensemble too')
    .argument('<file>', 'Zarr or NetCDF with the state, such as what assimilate writes')
    .requiredOption('--truth <file>', 'what is taken for the truth, such as ERA5, on the same grid')
    .option('--background <file>', 'a state to compare with')
    .option('--time <time>', 'of the state: such as 1984-04-01T06, first or last', 'last')
    .option('--channels <names>', 'channels such as z500,t850,u10 (default: all that both files have)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Means over the globe, weighted by area: RMSE and bias of the state; of an ensemble those of its mean, the spread, the
CRPS, and spread over error (1 for a reliable ensemble).

Example:
  align-da verify analysis.nc --truth era5.zarr --background background.nc --channels z500,t850,u10`,
    )
    .action(async (file: string, options: VerifyOptions) =>
      (await import('./runVerify.ts')).verify(file, options),
    )
}
