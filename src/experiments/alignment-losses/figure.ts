import { lineChart } from '../../report/lineChart.ts'
import { panels } from '../../report/svg.ts'
import type { ComparedLoss, CurvePoint } from './compare.ts'

/** What the scores that can decide are called on an axis; others stand for themselves. */
const scoreNames: Readonly<Record<string, string>> = {
  objective: 'MSE of single members',
  memberMse: 'MSE of single members',
  meanMse: 'MSE of the mean',
  crps: 'CRPS',
}
const names = { dpo: 'Diffusion-DPO', ipo: 'IPO', dspo: 'DSPO', kto: 'Diffusion-KTO' }

/**
 * For each set of pairs, the deciding score of fresh samples over the steps of each loss, and over how far the prior has
 * moved from its reference (the KL estimate): what a loss reaches, and at what price.
 */
export function lossesFigure(rows: readonly ComparedLoss[]): string {
  const sets = [...new Set(rows.map((r) => r.pairs))]
  const scores = rows.flatMap((r) => r.curve.map((point) => point[r.score]))
  const [low, high] = [Math.min(...scores), Math.max(...scores)]
  const margin = 0.05 * (high - low || 1)
  const row = (set: string) => {
    const own = rows.filter((r) => r.pairs === set)
    const several = (name: string) => own.filter((r) => r.loss.name === name).length > 1
    const series = (x: (point: CurvePoint) => number) =>
      own.map(({ loss, curve, score }) => ({
        name: several(loss.name) ? `${names[loss.name]}, β ${loss.beta}` : names[loss.name],
        x: curve.map(x),
        y: curve.map((point) => point[score]),
        dots: true,
      }))
    const common = {
      ...{
        width: 520,
        height: 300,
        yLabel: scoreNames[own[0].score] ?? own[0].score,
        rules: [own[0].reference],
      },
      yDomain: [low - margin, high + margin] as const,
    }
    return [
      lineChart({
        ...{ ...common, title: `Pairs ${set}`, xLabel: 'training step', series: series((p) => p.step) },
        subtitle: `${own[0].pairCount} pairs, ${own[0].batch} a step; dotted: the reference`,
      }),
      lineChart({
        ...{ ...common, title: 'The same over the distance from the reference' },
        ...{ xLabel: 'estimated KL, nats a sample', series: series((p) => p.kl) },
        subtitle: 'of the paths of the sampler',
      }),
    ]
  }
  return panels(sets.flatMap(row), 2)
}
