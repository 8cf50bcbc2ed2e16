import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { daps } from '../../assimilation/guidance/daps.ts'
import { dps } from '../../assimilation/guidance/dps.ts'
import type { Guidance } from '../../assimilation/guidance/guidance.ts'
import { latentMap } from '../../assimilation/guidance/latentMap.ts'
import {
  bias,
  linearGaussianWorld,
  priorCovariance,
  sampleWorld,
} from '../../assimilation/guidance/linearGaussian.ts'
import { mmps } from '../../assimilation/guidance/mmps.ts'
import { none } from '../../assimilation/guidance/none.ts'
import { pigdm } from '../../assimilation/guidance/pigdm.ts'
import { repaint } from '../../assimilation/guidance/repaint.ts'
import { sda } from '../../assimilation/guidance/sda.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { progress } from '../../base/progress.ts'
import { dpmSolver, edm } from '../../prior/index.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { Runtime } from '../../tensor/index.ts'
import { type GuidanceRow, guidanceFigure } from './figure.ts'

/**
 * Every guidance in a linear-Gaussian world (a ring of 32 points, correlated over 3), where the posterior is known: the
 * error of the mean in posterior standard deviations and the ratio of variances, over densities and errors, to
 * docs/results/guidance-linear-gaussian.json and .png: `npm run eval:guidance [-- --out FOLDER]`.
 */
const n = 32
const members = 400
const densities = [0.03, 0.1, 0.25, 0.5, 1]
const errors = [0.1, 0.5]
const steps = 20
const sampler = dpmSolver({ steps })
const { values: options } = parseArgs({ options: { out: { type: 'string', default: 'docs/results' } } })
const path = join(options.out, 'guidance-linear-gaussian')

const runtime = new Runtime({ device: 'cpu', threads: 1 })
const rows: GuidanceRow[] = []
const all = densities.length * errors.length
let done = 0
const bar = progress('worlds', all)
for (const error of errors)
  for (const density of densities) {
    const world = linearGaussianWorld({ n, density, error, length: 3 })
    const covariance = priorCovariance(world)
    const iterations = Math.min(world.m + 1, 10)
    const methods: [string, Guidance][] = [
      ['none', none()],
      ['repaint', repaint({ schedule: edm() })],
      ['dps, norm', dps()],
      ['dps, raw', dps({ scale: 'raw', zeta: 0.5 })],
      ['sda', sda()],
      ['pigdm, C = I', pigdm({ iterations })],
      ['pigdm', pigdm({ iterations, covariance })],
      ['latent-map', latentMap({ iterations, covariance })],
      ['mmps, 1 iteration', mmps({ iterations: 1 })],
      ['mmps', mmps({ iterations })],
      ['daps', daps({ iterations, covariance, steps: 2 * steps })],
    ]
    for (const [method, guidance] of methods) {
      const samples = await sampleWorld(runtime, world, guidance, { members, sampler })
      const found = bias(samples, world)
      const round = (v: number) => (Number.isFinite(v) ? Number(v.toPrecision(4)) : null)
      rows.push({
        ...{ method, density, error, n, members, steps },
        meanError: round(found.mean),
        varianceRatio: round(found.variance),
        // A guessed covariance or an unfinished solution is an approximation by choice.
        claims: guidance.exact && !['pigdm, C = I', 'mmps, 1 iteration'].includes(method),
      })
    }
    bar.update(++done)
  }
bar.end()
await runtime.close()
await writeFileAtomic(`${path}.json`, `${JSON.stringify(rows, null, 2)}\n`)

await writeFigure(`${path}.png`, guidanceFigure(rows), { scale: 2 })

const table = new Table({ head: ['method', 'density', 'error', 'mean', 'variance'], style: { head: [] } })
for (const r of rows)
  table.push([r.method, r.density, r.error, r.meanError ?? 'diverged', r.varianceRatio ?? 'diverged'])
console.log(String(table))
