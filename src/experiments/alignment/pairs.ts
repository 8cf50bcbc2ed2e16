import { join } from 'node:path'
import { type PairRule, ranksOf, selectPairs } from '../../alignment/pairs.ts'
import type { PreferencePairs } from '../../alignment/trainPairs.ts'
import { savePairs } from '../../alignment/trainPairsFile.ts'
import { ConfigError, DataError } from '../../base/errors.ts'
import type { Candidates } from './candidates.ts'
import type { AlignmentConfig } from './config.ts'
import type { AlignmentSetting } from './setting.ts'

export interface RulePairs {
  readonly pairs: PreferencePairs
  /** Of pairs by reward: how much better winners are than losers, in deviations over the candidates of a date. */
  readonly margins: Readonly<Record<string, number>>
  /** Dates that gave a pair. */
  readonly dates: number
}

export const pairsFile = (config: AlignmentConfig, rule: string) =>
  join(config.run, 'pairs', `${rule}.safetensors`)

/** The rule of a name. @throws ConfigError for one that is not there */
export function ruleOf(config: AlignmentConfig, name: string): PairRule {
  const rule = config.rules[name]
  if (!rule)
    throw new ConfigError(`there is no rule ${name}; there are ${Object.keys(config.rules).join(', ')}`)
  return rule
}

/** Pairs by a rule, date by date, in the order of dates. @throws DataError when fewer than two dates give any */
export function pairsOf(candidates: readonly Candidates[], rule: PairRule): RulePairs {
  const size = candidates[0].background.length
  const chosen = candidates.map(({ rewards }) => selectPairs(rewards, rule))
  const n = chosen.reduce((sum, c) => sum + c.length, 0)
  const dates = chosen.filter((c) => c.length > 0).length
  if (dates < 2) throw new DataError(`only ${dates} of ${candidates.length} dates give pairs by this rule`)
  const backgrounds = new Float32Array(candidates.length * size)
  const [winner, loser] = [new Float32Array(n * size), new Float32Array(n * size)]
  const times = new Float64Array(n)
  const place = new Int32Array(n)
  const margins: Record<string, number> = {}
  let at = 0
  for (const [d, { time, background, latents, rewards }] of candidates.entries()) {
    backgrounds.set(background, d * size)
    for (const [w, l] of chosen[d]) {
      winner.set(latents.subarray(w * size, (w + 1) * size), at * size)
      loser.set(latents.subarray(l * size, (l + 1) * size), at * size)
      times[at] = time
      place[at++] = d
      for (const [name, values] of rewards)
        margins[name] = (margins[name] ?? 0) + (values[w] - values[l]) / (deviation(values) * n)
    }
  }
  return { pairs: { times, backgrounds, place, winner, loser }, margins, dates }
}

/** Makes and writes the pairs of a rule. */
export async function writePairs(
  { config, prior, reference }: AlignmentSetting,
  candidates: readonly Candidates[],
  name: string,
): Promise<RulePairs> {
  const rule = ruleOf(config, name)
  const found = pairsOf(candidates, rule)
  await savePairs(pairsFile(config, name), {
    pairs: found.pairs,
    shape: prior.shape as [number, number, number],
    provenance: {
      rule,
      reference,
      dates: candidates.length,
      candidates: config.candidates,
      seed: config.seed,
    },
  })
  return found
}

/** Rank correlation of rewards over the candidates of a date, averaged over dates: rows of a table. */
export function rewardCorrelations(candidates: readonly Candidates[]): Record<string, string | number>[] {
  const names = [...candidates[0].rewards.keys()]
  return names.map((a) => ({
    reward: a,
    ...Object.fromEntries(
      names.map((b) => [
        b,
        candidates.reduce((sum, { rewards }) => {
          const [x, y] = [a, b].map((k) => ranksOf(rewards.get(k) as Float64Array))
          return sum + correlation(x, y) / candidates.length
        }, 0),
      ]),
    ),
  }))
}

function correlation(x: Float64Array, y: Float64Array): number {
  const mean = (v: Float64Array) => v.reduce((a, b) => a + b, 0) / v.length
  const [mx, my] = [mean(x), mean(y)]
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    xx += (x[i] - mx) ** 2
    yy += (y[i] - my) ** 2
    xy += (x[i] - mx) * (y[i] - my)
  }
  return xy / Math.sqrt(xx * yy)
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)
}
