import { Command } from 'commander'
import { countOption, numberOption, numbersOption } from './options.ts'
import type { PlotOptions } from './runPlot.ts'

/** `align-da data plot`: maps of fields. */
export function plotCommand(): Command {
  return new Command('plot')
    .description('draw maps of one or several fields, with winds and contours, or of differences')
    .argument('<file>', 'Zarr folder or address, or NetCDF')
    .requiredOption(
      '--variable <names...>',
      'z500, t850, u10, msl, wind850 (speed), land_sea_mask ...; a map each',
    )
    .requiredOption('-o, --out <file>', 'figure to write: .png or .svg')
    .option('--time <time>', 'such as 1984-04-01T06 (UTC), first or last', 'first')
    .option(
      '--member <number>',
      'of an ensemble in FILE, from 1 up (default: the mean, if it is in the file)',
      countOption,
    )
    .option(
      '--projection <name>',
      'robinson, orthographic, equirectangular (default: robinson, or equirectangular for a region)',
    )
    .option('--centre <lon,lat>', 'middle of the map', numbersOption(2))
    .option('--region <w,s,e,n>', 'a part of the world, degrees', numbersOption(4))
    .option('--wind <level>', 'arrows of the wind at a level in hPa, or 10m')
    .option('--barbs', 'wind barbs in place of arrows')
    .option('--contours <name>', 'contour lines of another channel')
    .option('--minus <file>', 'compare with another file: both, and the difference')
    .option('--minus-time <time>', 'compare with another time')
    .option('--bands <count>', 'about so many colour bands in place of smooth colours', countOption)
    .option('--min <value>', 'lower end of the colours, in the units shown', numberOption)
    .option('--max <value>', 'upper end of the colours', numberOption)
    .option('--map <name>', 'colour map (default: by variable); _r reverses')
    .option('--interpolation <how>', 'nearest (cells), linear or cubic', 'cubic')
    .option('--columns <count>', 'maps side by side', countOption)
    .option('--width <pixels>', 'width of the figure', countOption)
    .option('--scale <ratio>', 'device pixels of a PNG to one of --width', numberOption, 2)
    .option('--title <text>')
    .addHelpText('after', examples)
    .action(async (file: string, options: PlotOptions) => (await import('./runPlot.ts')).plot(file, options))
}

const examples = `
Examples:
  align-da data plot era5.zarr --variable z500 --time 2020-01-01T12 -o z500.png
  align-da data plot era5.zarr --variable wind250 --wind 250 --projection orthographic --centre -60,40 -o jet.svg
  align-da data plot analysis.nc --variable t850 --minus background.nc --bands 16 -o increment.png`
