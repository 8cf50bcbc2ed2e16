import { meanWhereKnown, memberCount, type Values, type Weights } from './sample.ts'

/**
 * Continuous ranked probability score of an ensemble [members, points], units of the field:
 *   mean_m |x_m - y|  -  1 / (2 M (M-1)) sum_mn |x_m - x_n|
 * This is the fair estimator (Ferro 2014, Q. J. R. Meteorol. Soc. 140, 1917-1923): its expectation
 * does not depend on M. With `fair: false` the divisor is 2 M^2, the CRPS of the empirical distribution. One
 * member has no spread term: its CRPS is the absolute error. NaN rule: `isKnown`; a NaN in any member counts
 * as in a forecast.
 */
export function crps(
  ensemble: Values,
  truth: Values,
  weights?: Weights,
  { fair = true }: { fair?: boolean } = {},
): number {
  const members = memberCount(ensemble, truth)
  const points = truth.length
  const sorted = new Float64Array(members)
  const pairs = members === 1 ? 1 : members * (fair ? members - 1 : members)
  return meanWhereKnown(truth, weights, (i) => {
    let error = 0
    for (let m = 0; m < members; m++) {
      sorted[m] = ensemble[m * points + i]
      error += Math.abs(sorted[m] - truth[i])
    }
    sorted.sort()
    // sum over m < n of x_(n) - x_(m), each pair twice in the formula.
    let spread = 0
    for (let m = 0; m < members; m++) spread += (2 * m - members + 1) * sorted[m]
    return error / members - spread / pairs
  })
}
