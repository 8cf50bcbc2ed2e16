import { Command } from 'commander'
import { countOption, rangeOption } from './options.ts'
import type { CopyOptions } from './statesCopy.ts'

/** Options that all commands writing states share. */
export function writingOptions(command: Command): Command {
  return command
    .option('--channels <names>', 'channels such as z500,t850,u10 (default: all that are known)')
    .option('--time <range>', 'times such as 1983-01-01..1983-01-31 (default: all)', rangeOption)
    .option(
      '--format <name>',
      'zarr2, zarr3 or netcdf (default: by the name; .zarr is zarr2, .nc is NetCDF-4)',
    )
    .option('--time-chunk <steps>', 'times in a chunk', countOption)
    .option('--overwrite', 'replace what is at OUT')
}

/** `align-da data convert`: the same states in another format. */
export function convertCommand(): Command {
  return writingOptions(
    new Command('convert')
      .description(
        'copy states between Zarr v2, Zarr v3 and NetCDF-4, in WeatherBench2 names, SI units and CF metadata',
      )
      .argument('<in>', 'Zarr folder or address, or NetCDF')
      .argument('<out>', 'what to write: .zarr or .nc'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  align-da data convert era5.zarr january.nc --channels z500,t850 --time 1983-01-01..1983-01-31',
    )
    .action(async (file: string, out: string, options: CopyOptions) => {
      const { copyStates } = await import('./statesCopy.ts')
      const done = await copyStates(file, out, options, () => undefined)
      console.log(`wrote ${out}: ${done}`)
    })
}
