import { Command } from 'commander'
import { countOption } from './options.ts'
import type { ExportModelOptions } from './runExport.ts'

/** `align-da export`: trained networks as standard ONNX files. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write a trained model as ONNX; an autoencoder becomes two files, encoder and decoder')
    .requiredOption('--model <file>', 'forecast, autoencoder or prior, as training left it (.safetensors)')
    .requiredOption('-o, --out <file.onnx>', 'what to write')
    .option('--batch <n>', 'states the network takes at once', countOption, 1)
    .option('--half', 'store the weights as float16; it computes in float32 either way')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Inputs are z-scored; channels, grid, means and deviations are in the file's metadata ("world").

Examples:
  align-da export --model models/small/forecast.safetensors -o forecast.onnx
  align-da export --model models/small/autoencoder.safetensors -o codec.onnx --batch 16 --half`,
    )
    .action(async (options: ExportModelOptions) => (await import('./runExport.ts')).exportModel(options))
}
