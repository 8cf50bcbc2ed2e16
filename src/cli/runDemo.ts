import { join } from 'node:path'
import { guidanceNames, guidanceSchema } from '../assimilation/index.ts'
import { writeFileAtomic } from '../base/files.ts'
import { type Progress, progress } from '../base/progress.ts'
import { parseSettings } from '../experiments/config.ts'
import { demoReport } from '../experiments/demo/report.ts'
import { runDemo } from '../experiments/demo/run.ts'
import { shippedModels, shippedSamples } from '../experiments/demo/setting.ts'
import { scoreRows, verdict } from '../experiments/demo/tables.ts'
import { jsonText, tableText } from '../report/table.ts'
import { Runtime } from '../tensor/index.ts'
import { choice } from './options.ts'
import { parseTime } from './times.ts'

export interface DemoCommandOptions {
  out: string
  time: string
  members: number
  error: number
  guidance: string
  steps: number
  seed: number
  models?: string
  samples?: string
  device?: string
}

/** Runs the demo, writes report and scores, and says what to do next. */
export async function demo(options: DemoCommandOptions): Promise<void> {
  const { out, members, error, steps, seed, models = shippedModels, samples = shippedSamples } = options
  const name = choice('--guidance', options.guidance, guidanceNames)
  const guidance = parseSettings(guidanceSchema, { name }, '--guidance')
  const time = parseTime(options.time)
  const started = performance.now()
  const runtime = new Runtime({ device: options.device })
  let bar: { part: string; line: Progress } | undefined
  try {
    const result = await runDemo(runtime, {
      ...{ models, samples, time, members, error, guidance, steps, seed },
      onProgress(part, done, all) {
        if (bar?.part !== part) {
          bar?.line.end()
          bar = { part, line: progress(part.padEnd(14), all) }
        }
        // The end of a part is said once, when the next begins.
        if (done < all) bar.line.update(done)
      },
    })
    bar?.line.end()
    const seconds = (performance.now() - started) / 1000
    const command = `align-da demo --time ${options.time} --members ${members} --error ${error} --guidance ${name} --steps ${steps} --seed ${seed}`
    const report = join(out, 'report.html')
    await writeFileAtomic(report, demoReport(result, { command, seconds }))
    const scores = result.results.map(({ name, settings, scores, forecast }) => ({
      ...{ name, settings, scores, forecast },
    }))
    await writeFileAtomic(join(out, 'scores.json'), `${jsonText(scores)}\n`)
    console.log(`\n${tableText(scoreRows(result), 3)}`)
    console.log(`
${verdict(result)}
One date: what separates methods by a few per cent may be chance.

Open ${report} in a browser: maps, scores, fit to the observations, spectra (${seconds.toFixed(0)} s).
The world is a SPEEDY nature run, calmer than the real one.

Try next:
  align-da demo --guidance daps -o runs/demo-daps        another way to bring the observations in
  align-da demo --error 0.2 -o runs/demo-rough           poorer instruments
  align-da sample --help                                 draw from the prior given your own background`)
  } finally {
    await runtime.close()
  }
}
