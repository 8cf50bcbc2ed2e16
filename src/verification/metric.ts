import type { Channel } from '../atmosphere/channels.ts'
import { anomalyCorrelation } from './anomaly-correlation.ts'
import { bias } from './bias.ts'
import { type BootstrapOptions, bootstrap } from './bootstrap.ts'
import { crps } from './crps.ts'
import { mae } from './mae.ts'
import { mse } from './mse.ts'
import type { Values, Weights } from './sample.ts'
import type { ScoreRow } from './score-table.ts'
import { spreadSkill, spreadSkillRatio } from './spread-skill.ts'

/** What one date's score of one channel is made from: fields on the same points. */
export interface Sample {
  /** [points], or an ensemble [members, points] for the ensemble metrics. */
  forecast: Values
  truth: Values
  /** For the anomaly correlation. */
  climatology?: Values
  /** Number of ensemble members (1 when left out). */
  members?: number
}

/**
 * A score. `perDate` gives one or more numbers for one date (NaN when the sample lacks what it needs);
 * `finish` turns their means over dates into the score, so that roots and ratios are taken last.
 */
export interface Metric {
  name: string
  /** Whether `forecast` is an ensemble. */
  ensemble: boolean
  /** Units of the score of a quantity with these units. */
  units(of: string): string
  perDate(sample: Sample, weights: Weights): number[]
  finish(means: number[], members: number): number
}

const same = (units: string) => units
const first = ([mean]: number[]) => mean

/** The built-in metrics by name. */
export const metrics = {
  rmse: {
    name: 'rmse',
    ensemble: false,
    units: same,
    perDate: ({ forecast, truth }, weights) => [mse(forecast, truth, weights)],
    finish: ([mean]) => Math.sqrt(mean),
  },
  mse: {
    name: 'mse',
    ensemble: false,
    units: (of) => (of === '1' ? '1' : `(${of})^2`),
    perDate: ({ forecast, truth }, weights) => [mse(forecast, truth, weights)],
    finish: first,
  },
  mae: {
    name: 'mae',
    ensemble: false,
    units: same,
    perDate: ({ forecast, truth }, weights) => [mae(forecast, truth, weights)],
    finish: first,
  },
  bias: {
    name: 'bias',
    ensemble: false,
    units: same,
    perDate: ({ forecast, truth }, weights) => [bias(forecast, truth, weights)],
    finish: first,
  },
  acc: {
    name: 'acc',
    ensemble: false,
    units: () => '1',
    perDate: ({ forecast, truth, climatology }, weights) => [
      climatology ? anomalyCorrelation(forecast, truth, climatology, weights) : Number.NaN,
    ],
    finish: first,
  },
  crps: {
    name: 'crps',
    ensemble: true,
    units: same,
    perDate: ({ forecast, truth }, weights) => [crps(forecast, truth, weights)],
    finish: first,
  },
  'spread/skill': {
    name: 'spread/skill',
    ensemble: true,
    units: () => '1',
    perDate: ({ forecast, truth }, weights) => {
      const { variance, mse } = spreadSkill(forecast, truth, weights)
      return [variance, mse]
    },
    finish: ([variance, mse], members) => spreadSkillRatio(variance, mse, members),
  },
} as const satisfies Record<string, Metric>

/**
 * One row of the score table: a metric of one channel over dates, with its bootstrap interval (none for fewer
 * than two dates or where a date has no finite score).
 * @param samples one for each date, in time order.
 */
export function score(
  metric: Metric,
  channel: Channel,
  samples: readonly Sample[],
  weights: Weights,
  { interval, ...labels }: { lead?: number; group?: string; interval?: BootstrapOptions } = {},
): ScoreRow {
  const perDate = samples.map((sample) => metric.perDate(sample, weights))
  const series = (perDate[0] ?? []).map((_, k) => Float64Array.from(perDate, (values) => values[k]))
  const members = samples[0]?.members ?? 1
  const n = samples.length
  const row = {
    metric: metric.name,
    channel: channel.name,
    ...labels,
    units: metric.units(channel.variable.units),
    n,
  }
  if (n >= 2 && series.every((one) => one.every(Number.isFinite))) {
    const { value, low, high } = bootstrap(series, (means) => metric.finish(means, members), interval)
    return { ...row, value, low, high }
  }
  const means = series.map((one) => one.reduce((sum, x) => sum + x, 0) / n)
  return { ...row, value: means.length ? metric.finish(means, members) : Number.NaN }
}
