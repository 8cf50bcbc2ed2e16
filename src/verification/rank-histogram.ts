import type { Stream } from '../random/stream.ts'
import { isKnown, memberCount, type Values } from './sample.ts'

/**
 * How often the truth falls in each of the M + 1 ranks among the members of an ensemble [members, points];
 * flat when the truth is exchangeable with the members (Hamill 2001, Mon. Wea. Rev. 129, 550-560). A truth
 * that equals some members takes one of the tied ranks at random: the draw of point i is element i of `ties`.
 * Points where the truth or a member is NaN are not counted. `antithetic`: members 2k and 2k + 1 mirror each other, so
 * that the truth, which has no partner, is not exchangeable with them; it is with one of each pair, and its ranks are
 * those among members 0, 2, 4, ..
 */
export function rankHistogram(
  ensemble: Values,
  truth: Values,
  ties: Stream,
  { antithetic = false }: { antithetic?: boolean } = {},
): Float64Array {
  const members = memberCount(ensemble, truth)
  const step = antithetic ? 2 : 1
  const points = truth.length
  const counts = new Float64Array(Math.ceil(members / step) + 1)
  const draws = ties.uniform(new Float64Array(points))
  for (let i = 0; i < points; i++) {
    let below = 0
    let equal = 0
    let known = isKnown(truth[i])
    for (let m = 0; m < members; m += step) {
      const x = ensemble[m * points + i]
      if (Number.isNaN(x)) known = false
      else if (x < truth[i]) below++
      else if (x === truth[i]) equal++
    }
    if (known) counts[below + Math.floor(draws[i] * (equal + 1))]++
  }
  return counts
}

/**
 * Distance of a rank histogram from flatness: sum over ranks of |share - 1 / (M + 1)|, 0 (flat) to nearly 2
 * (Delle Monache et al. 2006, the reliability index).
 */
export function reliabilityIndex(counts: ArrayLike<number>): number {
  const list = Array.from(counts)
  const total = list.reduce((sum, c) => sum + c, 0)
  return list.reduce((sum, c) => sum + Math.abs(c / total - 1 / list.length), 0)
}
