import { meanWhereKnown, memberCount, type Values, type Weights } from './sample.ts'

/** Spread of an ensemble and error of its mean. */
export interface SpreadSkill {
  /** Mean over points of the members' variance with divisor M - 1, for antithetic members see `spreadSkill`. */
  variance: number
  /** Root mean square over points of the members' standard deviation, without bias for mirrored members too. */
  spread: number
  /** Mean squared error of the ensemble mean. */
  mse: number
  /**
   * sqrt((M + 1) / M * variance / mse): 1 for a reliable ensemble of any size, below 1 when it is too narrow.
   */
  ratio: number
}

/**
 * Spread and skill of an ensemble [members, points] of at least two members. The factor (M + 1) / M makes up
 * for the ensemble mean's own sampling error (Fortin et al. 2014, J. Hydrometeor. 15, 1708-1713).
 * `antithetic`: members 2k and 2k + 1 mirror each other, so that of an even number of them the mean has no sampling error
 * to speak of and the squared deviations sum to M σ². A last odd member has no partner: it moves the mean by 1 / M of
 * its own deviation, and the sum is (M - 1 / M) σ². The divisors M + 1 and (M² - 1)(M + 1) / (M² + 1) make the same
 * formula right for them. Over several dates average `variance` and `mse` first and call `spreadSkillRatio`. NaN rule:
 * `isKnown`.
 */
export function spreadSkill(
  ensemble: Values,
  truth: Values,
  weights?: Weights,
  { antithetic = false }: { antithetic?: boolean } = {},
): SpreadSkill {
  const members = memberCount(ensemble, truth)
  const points = truth.length
  const odd = members % 2 ? (members ** 2 - 1) / (members ** 2 + 1) : 1
  const divisor = antithetic ? (members + 1) * odd : members - 1
  const mean = new Float64Array(points)
  for (let i = 0; i < ensemble.length; i++) mean[i % points] += ensemble[i] / members
  const variance = meanWhereKnown(truth, weights, (i) => {
    let sum = 0
    for (let m = 0; m < members; m++) sum += (ensemble[m * points + i] - mean[i]) ** 2
    return sum / divisor
  })
  const mse = meanWhereKnown(truth, weights, (i) => (mean[i] - truth[i]) ** 2)
  const spread = Math.sqrt((variance * divisor) / deviationsDivisor(members, antithetic))
  return { variance, spread, mse, ratio: spreadSkillRatio(variance, mse, members) }
}

/** Squared deviations of `members` from their mean add up to this many variances. */
export function deviationsDivisor(members: number, antithetic: boolean): number {
  if (!antithetic) return members - 1
  // A last odd member has no partner and moves the mean by a part of its own deviation.
  return members % 2 ? members - 1 / members : members
}

/** sqrt((M + 1) / M * variance / mse); NaN for a single member. */
export function spreadSkillRatio(variance: number, mse: number, members: number): number {
  return members < 2 ? Number.NaN : Math.sqrt((((members + 1) / members) * variance) / mse)
}
