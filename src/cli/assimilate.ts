import { Command } from 'commander'
import { collect, countOption, numberOption, refuseWithout } from './options.ts'
import { withQualityOptions } from './qualityOptions.ts'
import type { AssimilateOptions } from './runAssimilate.ts'

/** `align-da assimilate`: an analysis from a background and observations of the user's. */
export function assimilateCommand(): Command {
  const command = new Command('assimilate')
    .description('make an analysis ensemble from a background and observations')
    .requiredOption('--background <file>', 'Zarr or NetCDF with the state to correct')
    .requiredOption('--observations <file>', 'PrepBUFR, Parquet or CSV')
    .requiredOption('-o, --out <file>', 'the analysis: mean, spread and members, .nc or .zarr')
    .option('--models <folder>', 'autoencoder and prior (default: the released ones)')
    .option('--prior <file>', 'another prior of the same latents, such as models/small/prior-M.safetensors')
    .option('--time <time>', 'the state to correct: a time such as 1984-04-01T06, first or last', 'last')
    .option(
      '--member <number>',
      'of an ensemble of backgrounds, from 1 up, or all of them for letkf and enkf (default: the mean, if it is in the file)',
      (text: string) => (text === 'all' ? text : countOption(text)),
    )
    .option(
      '--window <hours>',
      'observations this far from the time of the background are used',
      numberOption,
      3,
    )
    .option('--method <name>', 'how observations are used, see below', 'latent-map')
    .option('--members <count>', 'members of the ensemble', countOption, 16)
    .option('--steps <count>', 'steps of the sampler', countOption, 10)
    .option('--set <key=value>', 'a setting of the guidance, as in iterations=10; may be repeated', collect)
    .option(
      '--background-errors <file>',
      'differences of states, for 3dvar, and members of letkf and enkf (default: draws of the prior)',
    )
    .option(
      '--localisation <km>',
      'of letkf and enkf: Gaspari and Cohn of length L, near exp(-d² / 2 L²) and 0 beyond 3.65 L',
      numberOption,
      350,
    )
    .option('--seed <number>', 'seed of all noise', numberOption, 1)
    .option('--device <name>', 'cpu, webgpu or cuda (default: ALIGN_DA_DEVICE, else cpu)')
    .option('--no-maps', 'draw no maps')
    .option('--overwrite', 'replace what is at OUT')
    .option('--json', 'print JSON')
    .optionsGroup('Quality control and errors:')
  return withQualityOptions(command)
    .addHelpText(
      'after',
      `
Methods: ${methods}.

Writes OUT (mean, spread and members in one file), OUT.json (diagnostics) and OUT-z500.png and others (maps).
Without a usable observation the analysis is a sample of the prior, and says so.

Examples:
  align-da assimilate --background background.nc --observations soundings.csv -o analysis.nc
  align-da assimilate --background background.nc --observations gdas.t12z.prepbufr --thin 300 --representativeness t=1,u=2,v=2 -o analysis.zarr`,
    )
    .action(async (options: AssimilateOptions) => {
      const { checkMethod, withoutEffect } = await import('./analysisMethods.ts')
      checkMethod(options.method)
      const { options: names, why } = withoutEffect(options)
      refuseWithout(command, (option) => names.includes(option.attributeName()), why)
      return (await import('./runAssimilate.ts')).assimilate(options)
    })
}

const methods =
  'none, dps, sda, pigdm, mmps, daps, latent-map, repaint and particles steer the prior; l3dvar is variational in its latents; 3dvar, letkf and enkf are classical'
