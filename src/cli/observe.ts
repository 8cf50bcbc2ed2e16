import { Command } from 'commander'
import { numberOption, refuseWithout } from './options.ts'
import { withQualityOptions } from './qualityOptions.ts'
import type { ObserveOptions } from './runObserve.ts'

/** `align-da observe`: observations, simulated or real, as a table that has been looked through. */
export function observeCommand(): Command {
  const command = new Command('observe')
    .description('simulate observations of a true state, or read real ones through quality control')
    .option('--truth <file>', 'Zarr or NetCDF with the state that is observed')
    .option('--from <file>', 'real observations in its place: PrepBUFR, Parquet or CSV')
    .option('-o, --out <file>', 'the table to write: .csv or .parquet')
    .option('--overwrite', 'replace what is at OUT')
    .option('--json', 'print JSON')
    .optionsGroup(simulated)
    .option('--models <folder>', 'whose channels and units are used (default: the released ones)')
    .option('--time <time>', 'the state: a time such as 1984-04-01T06, first or last', 'last')
    .option('--density <share>', 'this share of the grid columns, drawn at random', numberOption)
    .option('--elements <share>', 'this share of all values of the state, drawn at random', numberOption)
    .option('--stations <file>', 'the places of a station list (JSON, METAR CSV) or of PrepBUFR soundings')
    .option('--swath', 'where a polar-orbiting satellite scans in six hours')
    .option('--error <number>', 'standard deviation of errors, in units of each channel', numberOption, 0.05)
    .option('--seed <number>', 'seed of places and errors', numberOption, 1)
    .optionsGroup(real)
    .option('--report <folder>', 'write counts, O-B by level and figures into a folder')
  return withQualityOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  align-da observe --truth truth.nc --density 0.05 -o soundings.csv
  align-da observe --truth truth.nc --stations radiosondes.json --error 0.1 -o soundings.parquet
  align-da observe --from gdas.t12z.prepbufr --report quality
  align-da observe --from gdas.t12z.prepbufr --thin 200 -o thinned.parquet

Real observations are checked against the background that came with them. align-da assimilate checks what it is given
itself, against its own background: it takes files as they are.`,
    )
    .action(async (options: ObserveOptions) => {
      const [other, why] =
        options.from === undefined ? [real, 'on simulated observations'] : [simulated, 'with --from']
      refuseWithout(command, ({ helpGroupHeading }) => helpGroupHeading === other, why)
      return (await import('./runObserve.ts')).observe(options)
    })
}

const simulated = 'Simulated observations:'
const real = 'Real observations:'
