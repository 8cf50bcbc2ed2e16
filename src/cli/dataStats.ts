import { Command } from 'commander'
import { rangeOption } from './options.ts'
import type { StatsOptions } from './runStats.ts'

/** `align-da data stats`: mean, standard deviation and extremes of each channel. */
export function statsCommand(): Command {
  return new Command('stats')
    .description('mean, standard deviation and extremes of each channel over time and grid points')
    .argument('<file>', 'Zarr folder or address, or NetCDF')
    .option('--channels <names>', 'channels such as z500,t850,u10 (default: all)')
    .option('--time <range>', 'times such as 1983-01-01..1983-12-31 (default: all)', rangeOption)
    .option('--out <file.json>', 'write the statistics, to be read again or merged')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  align-da data stats era5.zarr --time 1983-01-01..1983-12-31 --out statistics.json',
    )
    .action(async (file: string, options: StatsOptions) =>
      (await import('./runStats.ts')).stats(file, options),
    )
}
