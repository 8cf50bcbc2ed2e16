import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  bradleyTerryPairs,
  type Mixture,
  type Reward,
  sampleMixture,
  tilted,
} from '../../alignment/toy/mixture.ts'
import { planePrior, samplePlane } from '../../alignment/toy/plane.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { progress } from '../../base/progress.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { lineChart } from '../../report/lineChart.ts'
import { printTable } from '../../report/table.ts'
import { Runtime } from '../../tensor/index.ts'
import { planePanel, rowsOf } from './figure.ts'
import { type ToyRow, type ToyRun, type ToyWorld, toyRun } from './runs.ts'

/**
 * Preference optimisation in the plane, where p_ref exp(r / beta') is known: a ring of Gaussians aligned by every loss,
 * and what the beta of Diffusion-DPO stands for, to docs/results/alignment-toy.json and .png:
 * `npm run eval:alignment-toy [-- --out FOLDER]`.
 *
 * beta' of a beta. With Delta the mean over d elements and lambda = log(mu / sigma) spread evenly over a range L, the
 * bound on log p_theta / p_ref is -L d Delta averaged over lambda and noise, and it is tight for the network of a
 * density, so that beta / 2 Delta stands for beta' = beta / (2 d L). Two things come between. One draw a pair takes the
 * mean over times and noise out of the sigmoid, and each draw is asked to explain the order alone. And the loss fixes the
 * mean over times, not how a network spreads it over them: samples follow the tilted density as far as the network
 * changes like that of a density, which it does while it moves little.
 */
const { values: options } = parseArgs({ options: { out: { type: 'string', default: 'docs/results' } } })
const path = join(options.out, 'alignment-toy')
const pairCount = 32768
const runtime = new Runtime({ device: 'cpu', threads: 1 })

const reward: Reward = [0.75, 0.45]
const gaussian: Mixture = { weights: [1], means: [[0, 0]], deviation: 1 }
const around = Array.from({ length: 8 }, (_, k) => (k * Math.PI) / 4)
const ring: Mixture = {
  weights: around.map(() => 1 / 8),
  means: around.map((angle) => [2 * Math.cos(angle), 2 * Math.sin(angle)]),
  deviation: 0.3,
}
const world = async (name: string, density: Mixture, network: object): Promise<ToyWorld> => ({
  ...{ name, density, reward, pairs: bradleyTerryPairs(density, reward, pairCount, 3) },
  prior: await planePrior(runtime, density, network),
})

// lambda from -3.5 to 5, two elements.
const bound = 2 * 2 * 8.5
const variants: Record<string, Omit<ToyRun, 'loss' | 'beta'>> = {
  'ε, 8 draws a pair, even in λ': { draws: 8, times: 'logSnr' },
  'ε, 1 draw, even in λ': { draws: 1, times: 'logSnr' },
  'ε, 1 draw, even in t (the papers)': { draws: 1, times: 'uniform' },
  'v, 1 draw, even in t': { draws: 1, times: 'uniform', space: 'v' },
}
const betas = [0.5, 1, 2].map((beta) => beta * bound)
const losses: Record<ToyRun['loss'], readonly number[]> = {
  dpo: [bound, Math.SQRT2 * bound, 2 * bound],
  ipo: [bound / 16, bound / 8, bound / 5],
  dspo: [0.001, 1, 1.5],
  kto: [bound / 4, bound],
}
// What is not linear takes more pairs a step.
const longer = { evaluations: 512, rate: 5e-4, steps: 400 }

const rows: ToyRow[] = []
const samples = new Map<ToyRow, Float32Array>()
const all = Object.keys(variants).length * betas.length + Object.values(losses).flat().length
const bar = progress('alignments', all)
const run = async (of: ToyWorld, settings: ToyRun) => {
  const result = await toyRun(runtime, of, settings)
  rows.push(result.row)
  samples.set(result.row, result.samples)
  bar.update(rows.length)
}
const plain = await world('gaussian', gaussian, { width: 32, blocks: 2 })
for (const variant of Object.values(variants))
  for (const beta of betas) await run(plain, { loss: 'dpo', beta, ...variant })
const round = await world('ring', ring, { steps: 3000 })
for (const [loss, values] of Object.entries(losses))
  for (const beta of values) await run(round, { loss: loss as ToyRun['loss'], beta, ...longer })
bar.end()

const extent = 3.4
const names = { dpo: 'Diffusion-DPO', ipo: 'IPO', dspo: 'DSPO', kto: 'Diffusion-KTO' }
const target = tilted(ring, reward, 1)
const number = (v: number | null) => v?.toPrecision(3) ?? 'none'
const panels = Object.keys(losses).map((loss, k) => {
  // Of the betas tried the one that comes closest to p_ref exp(r).
  const own = rows.filter((r) => r.world === 'ring' && r.loss === loss)
  const best = own.reduce((a, b) => (b.distanceToTarget < a.distanceToTarget ? b : a))
  return planePanel({
    title: `${names[best.loss]}, β ${number(best.beta)}`,
    subtitle: `mean reward ${number(best.reward)} of ${number(best.closedReward)}, β′ ${number(best.effectiveBeta)}`,
    ...{ samples: samples.get(best) as Float32Array, colour: k, expected: target, extent },
  })
})
const before = planePanel({
  title: 'Before: samples of the prior',
  subtitle: 'contours: p_ref',
  ...{ samples: await samplePlane(runtime, round.prior, 4096), colour: 6, expected: ring, extent },
})
await runtime.close()
const meaning = lineChart({
  title: 'What the β of Diffusion-DPO stands for',
  subtitle: 'Gaussian world; β′: the tilted density with the same mean reward',
  ...{ width: 1080, height: 300, log: 'both', xTicks: betas },
  xLabel: 'β',
  yLabel: 'β′ of the samples',
  series: [
    {
      name: 'β′ = β / (2 d L), the bound',
      x: betas,
      y: betas.map((b) => b / bound),
      dashed: true,
      colour: '#1c2733',
    },
    ...Object.entries(variants).map(([name, v]) => {
      const own = rows.filter(
        (r) =>
          r.world === 'gaussian' &&
          r.draws === v.draws &&
          r.times === v.times &&
          r.space === (v.space ?? 'epsilon'),
      )
      return {
        name,
        x: betas,
        y: own.map((r) => r.effectiveBeta ?? Number.NaN),
        dots: true,
        colour: undefined,
      }
    }),
  ],
})
const goal = planePanel({
  title: 'The goal: p_ref exp(r)',
  subtitle: `samples of the closed form, mean reward ${number(rows[rows.length - 1].closedReward)}`,
  ...{ samples: sampleMixture(target, 4096, 9, 'goal'), colour: 6, expected: target, extent },
})
const table = rows.map(({ steps, rate, evaluations, closedReward, referenceReward, ...rest }) => rest)
await writeFigure(`${path}.png`, rowsOf([[before, goal, panels[0]], panels.slice(1), [meaning]]))
await writeFileAtomic(
  `${path}.json`,
  `${JSON.stringify({ bound, reward, pairs: pairCount, rows }, null, 2)}\n`,
)
printTable(table.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, v ?? undefined]))))
