import { meanWhereKnown, memberCount, type Values, type Weights } from './sample.ts'

/**
 * Continuous ranked probability score of an ensemble [members, points], units of the field:
 *   mean_m |x_m - y|  -  1 / (2 M (M-1)) sum_mn |x_m - x_n|
 * This is the fair estimator (Ferro 2014, Q. J. R. Meteorol. Soc. 140, 1917-1923): its expectation
 * does not depend on M. With `fair: false` the divisor is 2 M^2, the CRPS of the empirical distribution. One
 * member has no spread term: its CRPS is the absolute error. NaN rule: `isKnown`; a NaN in any member counts
 * as in a forecast. `antithetic`: members 2k and 2k + 1 mirror each other and are further apart than independent ones;
 * the spread then is that of members of different pairs (a last odd member has no partner), which keeps the estimator
 * fair. Two members have no such pairs: their distance is that of independent Gaussian ones times sqrt(2).
 */
export function crps(
  ensemble: Values,
  truth: Values,
  weights?: Weights,
  { fair = true, antithetic = false }: { fair?: boolean; antithetic?: boolean } = {},
): number {
  const members = memberCount(ensemble, truth)
  const points = truth.length
  const sorted = new Float64Array(members)
  const paired = antithetic && members > 2
  const mirrored = paired ? 2 * Math.floor(members / 2) : 0
  // Ordered pairs of the spread, as the double sum counts them.
  const pairs = members === 1 ? 1 : members * (paired || fair ? members - 1 : members) - mirrored
  const scale = antithetic && members === 2 ? Math.SQRT1_2 : 1
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
    if (paired)
      for (let m = 0; m + 1 < members; m += 2)
        spread -= Math.abs(ensemble[m * points + i] - ensemble[(m + 1) * points + i])
    return error / members - (scale * spread) / pairs
  })
}
