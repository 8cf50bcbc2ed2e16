#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { alignCommand } from './align.ts'
import { assimilateCommand } from './assimilate.ts'
import { dataCommand } from './data.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { evaluateCommand } from './evaluate.ts'
import { exportCommand } from './export.ts'
import { forecastCommand } from './forecast.ts'
import { observeCommand } from './observe.ts'
import { reproduceCommand } from './reproduce.ts'
import { run } from './run.ts'
import { sampleCommand } from './sample.ts'
import { trainCommand } from './train.ts'
import { verifyCommand } from './verify.ts'

/** The version in package.json, which lies two folders above this file in the source and in the build. */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('align-da')
  .description('Generative data assimilation: a diffusion prior of the atmosphere, guided by observations.')
  .version(version)
  .showSuggestionAfterError()
  .addCommand(demoCommand())
  .addCommand(alignCommand())
  .addCommand(assimilateCommand())
  .addCommand(doctorCommand())
  .addCommand(dataCommand())
  .addCommand(exportCommand())
  .addCommand(trainCommand())
  .addCommand(forecastCommand())
  .addCommand(observeCommand())
  .addCommand(sampleCommand())
  .addCommand(verifyCommand())
  .addCommand(evaluateCommand())
  .addCommand(reproduceCommand())

await run(program, process.argv)
