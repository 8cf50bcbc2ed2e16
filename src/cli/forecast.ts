import { Command } from 'commander'
import { countOption, numberOption } from './options.ts'
import type { ForecastOptions } from './runForecast.ts'

/** `align-da forecast`: a forecast from a state. */
export function forecastCommand(): Command {
  return new Command('forecast')
    .description('forecast from a state of a file, and write the states on the way')
    .requiredOption('--model <file>', 'forecast.safetensors, the folder it is in, or an .onnx file')
    .requiredOption('--initial <file>', 'Zarr or NetCDF with the state to begin from')
    .requiredOption('-o, --out <file>', 'what to write: .zarr or .nc')
    .option(
      '--descriptor <file>',
      'what an .onnx model takes and gives, such as configs/forecasters/fuxi.yaml',
    )
    .option('--time <time>', 'the state to begin from: a time such as 1984-04-01T06, first or last', 'last')
    .option(
      '--member <number>',
      'of an ensemble in that file, from 1 up (default: the mean, if it is in the file)',
      countOption,
    )
    .option('--hours <hours>', 'length of the forecast', numberOption, 48)
    .option('--every <steps>', 'write every so many steps', countOption, 1)
    .option('--device <name>', 'cpu, webgpu or cuda (default: ALIGN_DA_DEVICE, else cpu)')
    .option('--overwrite', 'replace what is at OUT')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Example:
  align-da forecast --model models/small --initial speedy-64x32.zarr --time 1984-04-01 --hours 48 -o forecast.nc`,
    )
    .action(async (options: ForecastOptions) => (await import('./runForecast.ts')).forecast(options))
}
