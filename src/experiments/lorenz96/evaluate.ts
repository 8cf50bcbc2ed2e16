import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { ConfigError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { progress } from '../../base/progress.ts'
import { lorenz96Methods } from './methods.ts'
import { twin } from './twin.ts'

/**
 * Every method on the same truth and observations, to docs/results/lorenz96.json:
 * `npm run eval:lorenz96 [-- cycles] [--out FOLDER]`, cycles by default 5000.
 */
const { values: options, positionals } = parseArgs({
  options: { out: { type: 'string', default: 'docs/results' } },
  allowPositionals: true,
})
const seed = 1
const cycles = Number(positionals[0] ?? 5000)
if (!(Number.isInteger(cycles) && cycles >= 20))
  throw new ConfigError(`cycles are 20 or more, not ${positionals[0]}`)
const path = join(options.out, 'lorenz96.json')

const rows = []
for (const { method, stepsPerCycle, settings, published, run } of lorenz96Methods) {
  const experiment = twin({ seed, cycles, stepsPerCycle })
  const bar = progress(method.padEnd(22), experiment.observations.length)
  const score = await run(experiment, seed, (cycle) => bar.update(cycle))
  bar.end(`rmse ${score.rmse.toFixed(3)}`)
  rows.push({
    method,
    rmse: Number(score.rmse.toFixed(4)),
    published,
    standardError: Number(score.standardError.toFixed(4)),
    cycles: score.cycles,
    burnInCycles: experiment.burnIn,
    seed,
    n: experiment.n,
    F: experiment.F,
    dt: experiment.dt,
    observationInterval: Number((experiment.dt * stepsPerCycle).toFixed(4)),
    ...settings,
  })
}
await writeFileAtomic(path, `${JSON.stringify(rows, null, 2)}\n`)

const table = new Table({ head: ['method', 'rmse', '±', 'published', 'difference'], style: { head: [] } })
for (const { method, rmse, standardError, published } of rows)
  table.push([
    method,
    rmse.toFixed(3),
    standardError.toFixed(3),
    String(published),
    (rmse - published).toFixed(3),
  ])
console.log(String(table))
