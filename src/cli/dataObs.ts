import { Command } from 'commander'
import { countOption, numberOption, numberRangeOption, numbersOption } from './options.ts'
import type { ObsOptions } from './runObs.ts'

/** `align-da data obs`: what is in a file of observations. */
export function obsCommand(): Command {
  return new Command('obs')
    .description('list observations by report type, variable and quality mark; convert and map them')
    .argument('<file>', 'PrepBUFR, Parquet or CSV')
    .option('--variable <names...>', 'keep these variables: t q u v z ps t2m q2m u10 v10 ...')
    .option('--level <hPa>', 'keep a pressure level or a range such as 300..700', numberRangeOption)
    .option('--max-quality <mark>', 'keep marks up to this; NCEP uses 0 to 3', numberOption)
    .option('--out <file>', 'write the table: .parquet or .csv')
    .option('--overwrite', 'replace the table at --out')
    .option('--plot <file>', 'draw a map of the stations: .png or .svg')
    .option('--profile <file>', 'draw observation minus background by pressure, for one variable')
    .option('--departures', 'colour the map by observation minus background')
    .option('--region <w,s,e,n>', 'map a part of the world, degrees', numbersOption(4))
    .option('--width <pixels>', 'width of the map', countOption)
    .option('--scale <ratio>', 'device pixels of a PNG to one of --width', numberOption, 2)
    .option('--title <text>', 'title of the figure')
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async (file: string, options: ObsOptions) => (await import('./runObs.ts')).obs(file, options))
}

const examples = `
Examples:
  align-da data obs gdas.t12z.prepbufr
  align-da data obs gdas.t12z.prepbufr --variable t --level 300..700 --max-quality 3 --json
  align-da data obs gdas.t12z.prepbufr --variable t --level 500 --plot stations.png --departures
  align-da data obs gdas.t12z.prepbufr --out observations.parquet`
