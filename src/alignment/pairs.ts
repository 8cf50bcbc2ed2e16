import { z } from 'zod'
import { ConfigError, DataError } from '../base/errors.ts'

const names = z.array(z.string().min(1)).min(1)
const each = z.int().positive().default(5).describe('best and worst candidates of a date that are paired')

/** How pairs are made from the rewards of a date's candidates. */
export const ruleSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ranks'),
    rewards: names.describe('by the mean of the ranks in these; one reward gives the "-P" of the paper'),
    weights: z.array(z.number().positive()).optional().describe('of the rewards, equal by default'),
    each,
    margin: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('least difference of mean ranks, as a share of candidates'),
  }),
  z.strictObject({
    kind: z.literal('pareto'),
    rewards: names.describe('winners are better than their losers in all of these'),
    each: z.int().positive().default(25).describe('pairs of a date, those of the largest least margin'),
  }),
])
/** How winners and losers are chosen among the candidates of a date. */
export type PairRule = z.infer<typeof ruleSchema>

/** Numbers of the preferred candidate and of the other. */
export type Pair = readonly [winner: number, loser: number]

/**
 * The pairs of one date, from the rewards of its n candidates by name (larger is better), each [n].
 * - `ranks`: the `each` best by weighted mean rank against the `each` worst, every one with every one. The paper's top
 *   and bottom decile on all rewards at once leave almost nobody of 32 candidates; the mean rank orders all of them.
 * - `pareto`: pairs in which the winner is better in every reward (CaPO; Lee et al. 2025), by the least of the
 *   differences of ranks, each candidate as winner or as loser in at most five.
 * @throws DataError for a reward that is not there
 * @throws ConfigError for more candidates wanted than there are
 */
export function selectPairs(rewards: ReadonlyMap<string, ArrayLike<number>>, rule: PairRule): Pair[] {
  const ranks = rule.rewards.map((name) => {
    const values = rewards.get(name)
    if (!values)
      throw new DataError(
        `there is no reward ${name} of these candidates; there are ${[...rewards.keys()].join(', ')}`,
      )
    return ranksOf(values)
  })
  const n = ranks[0].length
  if (rule.kind === 'pareto') return pareto(ranks, rule.each)
  if (2 * rule.each > n)
    throw new ConfigError(`${rule.each} best and ${rule.each} worst of ${n} candidates: there are too few`)
  const weights = rule.weights ?? ranks.map(() => 1)
  if (weights.length !== ranks.length)
    throw new ConfigError(`${weights.length} weights for ${ranks.length} rewards`)
  const total = weights.reduce((a, b) => a + b, 0)
  const mean = Array.from(
    { length: n },
    (_, i) => ranks.reduce((sum, r, k) => sum + weights[k] * r[i], 0) / total,
  )
  const order = mean.map((_, i) => i).sort((a, b) => mean[b] - mean[a] || a - b)
  const [best, worst] = [order.slice(0, rule.each), order.slice(-rule.each)]
  return best.flatMap((w) =>
    worst.filter((l) => mean[w] - mean[l] >= rule.margin * n && mean[w] > mean[l]).map((l): Pair => [w, l]),
  )
}

function pareto(ranks: readonly Float64Array[], most: number): Pair[] {
  const n = ranks[0].length
  const found: { pair: Pair; margin: number }[] = []
  for (let w = 0; w < n; w++)
    for (let l = 0; l < n; l++) {
      const margin = Math.min(...ranks.map((r) => r[w] - r[l]))
      if (margin > 0) found.push({ pair: [w, l], margin })
    }
  found.sort((a, b) => b.margin - a.margin || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1])
  const uses = new Int32Array(2 * n)
  const chosen: Pair[] = []
  for (const { pair } of found) {
    const [w, l] = pair
    if (chosen.length === most) break
    if (uses[w] >= 5 || uses[n + l] >= 5) continue
    uses[w]++
    uses[n + l]++
    chosen.push(pair)
  }
  return chosen
}

/** Rank of each value from 0, the least; equal ones share the mean of their ranks. */
export function ranksOf(values: ArrayLike<number>): Float64Array {
  const n = values.length
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a] - values[b])
  const out = new Float64Array(n)
  for (let from = 0; from < n; ) {
    let to = from
    while (to + 1 < n && values[order[to + 1]] === values[order[from]]) to++
    for (let k = from; k <= to; k++) out[order[k]] = (from + to) / 2
    from = to + 1
  }
  return out
}
