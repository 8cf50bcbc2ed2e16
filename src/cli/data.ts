import { Command } from 'commander'
import { obsCommand } from './dataObs.ts'

/** `align-da data`: look at files, convert them, draw them. */
export function dataCommand(): Command {
  return new Command('data')
    .description('look at gridded data and observations, convert, regrid and draw them')
    .addCommand(obsCommand())
}
