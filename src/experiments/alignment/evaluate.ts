/**
 * Aligned priors against their reference in observing-system experiments, to docs/results/alignment.json and .png.
 * Usage: evaluate.ts [--config configs/alignment-osse.yaml] [--run runs/alignment-osse] [--processes 2] [--summary]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeFileAtomic } from '../../base/files.ts'
import { progress } from '../../base/progress.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { jsonText, tableText } from '../../report/table.ts'
import { loadOsse } from '../osse/config.ts'
import { runOsse } from '../osse/run.ts'
import { type Comparison, compare, summarise } from '../osse/summary.ts'
import { gainFigure } from './figure.ts'

const { values: options } = parseArgs({
  options: {
    config: { type: 'string', default: 'configs/alignment-osse.yaml' },
    run: { type: 'string', default: 'runs/alignment-osse' },
    processes: { type: 'string', default: '1' },
    summary: { type: 'boolean', default: false },
    set: { type: 'string', multiple: true },
    out: { type: 'string', default: 'docs/results' },
  },
})

const config = await loadOsse(options.config, options.set)
let bar: ReturnType<typeof progress> | undefined
const results = await runOsse(config, {
  folder: options.run,
  processes: Number(options.processes),
  summary: options.summary,
  command: 'npm run eval:align',
  onProgress(done, all, note) {
    bar ??= progress('cases', all)
    bar.update(done, note)
  },
})
bar?.end()

const rows = summarise(results)
const chosen = [...new Set(config.methods.map((m) => m.name))]
const aligned = Object.keys(config.models).filter((m) => m !== 'base')
const comparisons = chosen.flatMap((method) =>
  aligned.flatMap((model) =>
    compare(results, { method, model }, { method, model: 'base' }, { channels: [] }),
  ),
)
const gainOf = (row: (typeof rows)[number], score: string): Comparison['change'] | undefined =>
  comparisons.find(
    (c) =>
      c.score === score &&
      c.next.method === row.method &&
      c.next.model === row.model &&
      c.density === row.density &&
      c.noise === row.noise,
  )?.change
const written = rows.map((row) => {
  const [gain, fcGain] = [gainOf(row, 'mse'), gainOf(row, 'fcMse')]
  return {
    ...row,
    ...(gain && { gain: gain.value, gainLow: gain.low, gainHigh: gain.high }),
    ...(fcGain && { fcGain: fcGain.value, fcGainLow: fcGain.low, fcGainHigh: fcGain.high }),
  }
})
await writeFileAtomic(join(options.out, 'alignment.json'), `${jsonText(written)}\n`)

console.log('Analyses and 48-h forecasts of single members; means of ensembles')
console.log(
  tableText(
    written.map((r) => ({
      method: r.method,
      model: r.model,
      density: r.density,
      dates: r.dates,
      ...Object.fromEntries(
        ['mse', 'z500', 'fcMse', 'meanMse', 'crps', 'spreadSkill', 'geo', 'hydro'].map((k) => [
          k,
          (r as Record<string, unknown>)[k],
        ]),
      ),
    })) as never,
    4,
  ),
)
const percent = ({ value, low, high }: Comparison['change']) =>
  `${(100 * value).toFixed(1)} (${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)})`
console.log('\nGain over the reference, per cent, with 95 % intervals over dates')
console.log(
  tableText(
    written
      .filter((r) => r.model !== 'base')
      .map((r) => ({
        ...{ method: r.method, model: r.model, density: r.density },
        ...Object.fromEntries(
          ['mse', 'meanMse', 'crps', 'fcMse', 'fcMeanMse', 'geo', 'hydro'].flatMap((score) => {
            const gain = gainOf(r, score)
            return gain ? [[score, percent(gain)]] : []
          }),
        ),
      })) as never,
  ),
)

// In the order of the configuration: keys such as 4 come first in an object.
const figure = gainFigure(
  written,
  [...new Set(config.methods.map((m) => m.model))].filter((m) => m !== 'base'),
)
if (figure) await writeFigure(join(options.out, 'alignment.png'), figure)
