import { Command } from 'commander'

/** `align-da data info`: what a file is, in a screenful. */
export function infoCommand(): Command {
  return new Command('info')
    .description('say what is in a file: grid, times, levels, variables, units, and what looks wrong')
    .argument('<file>', 'Zarr folder or address, NetCDF, PrepBUFR, Parquet or CSV')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  align-da data info era5.zarr\n  align-da data info https://host/store.zarr --json',
    )
    .action(async (file: string, options: { json?: boolean }) =>
      (await import('./runInfo.ts')).info(file, options),
    )
}
