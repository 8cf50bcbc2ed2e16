import { meanWhereKnown, memberCount, type Values, type Weights } from './sample.ts'

/**
 * Energy score of an ensemble [members, points] as one vector (Gneiting & Raftery 2007, J. Am. Stat. Assoc.
 * 102), with the fair divisor:  mean_m ||x_m - y||  -  1 / (2 M (M-1)) sum_mn ||x_m - x_n||. The norm
 * is the weighted root mean square over points, so that the score has the field's units and one member scores
 * its RMSE; for several variables give normalised values. NaN rule: `isKnown`.
 */
export function energyScore(ensemble: Values, truth: Values, weights?: Weights): number {
  const members = memberCount(ensemble, truth)
  const points = truth.length
  const at = (m: number, i: number) => (m < 0 ? truth[i] : ensemble[m * points + i])
  const distance = (a: number, b: number) =>
    Math.sqrt(meanWhereKnown(truth, weights, (i) => (at(a, i) - at(b, i)) ** 2))
  let error = 0
  let spread = 0
  for (let m = 0; m < members; m++) {
    error += distance(m, -1)
    for (let n = 0; n < m; n++) spread += distance(m, n)
  }
  return error / members - (members > 1 ? spread / (members * (members - 1)) : 0)
}
