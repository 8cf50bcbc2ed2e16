import { Command } from 'commander'
import { convertCommand } from './dataConvert.ts'
import { infoCommand } from './dataInfo.ts'
import { obsCommand } from './dataObs.ts'
import { plotCommand } from './dataPlot.ts'
import { regridCommand } from './dataRegrid.ts'
import { statsCommand } from './dataStats.ts'

/** `align-da data`: look at files, convert them, draw them. */
export function dataCommand(): Command {
  return new Command('data')
    .description('look at gridded data and observations, convert, regrid and draw them')
    .addCommand(infoCommand())
    .addCommand(statsCommand())
    .addCommand(convertCommand())
    .addCommand(regridCommand())
    .addCommand(plotCommand())
    .addCommand(obsCommand())
}
