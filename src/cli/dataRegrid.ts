import { Command } from 'commander'
import { writingOptions } from './dataConvert.ts'
import type { RegridOptions } from './runRegrid.ts'

/** `align-da data regrid`: states on another grid. */
export function regridCommand(): Command {
  return writingOptions(
    new Command('regrid')
      .description('put states on another latitude-longitude grid')
      .argument('<in>', 'Zarr folder or address, or NetCDF')
      .argument('<out>', 'what to write: .zarr or .nc')
      .requiredOption('--grid <columns x rows>', 'such as 64x32, 240x121-poles or 64x32-gaussian')
      .option('--method <name>', 'conservative (keeps area means) or bilinear', 'conservative'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  align-da data regrid era5.zarr small.zarr --grid 64x32 --method conservative',
    )
    .action(async (file: string, out: string, options: RegridOptions) =>
      (await import('./runRegrid.ts')).regrid(file, out, options),
    )
}
