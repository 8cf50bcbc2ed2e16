import { eachCandidate, type Reward } from '../reward.ts'

/**
 * What a candidate adds to the ensemble of all of them: the fair CRPS of the others minus that with it, mean over
 * channels and points. By |x - y| - ½ E|x - x'| a candidate counts for being near the truth and for being far from
 * the others, so that preferring it does not shrink the spread.
 */
export const ensembleSkill: Reward = {
  name: 'ensemble',
  larger: true,
  relative: true,
  evaluate(candidates, { truth }) {
    const size = truth.length
    const n = candidates.length / size
    // The fair CRPS is A / n - S / (2 n (n - 1)), A the sum of errors and S that of distances, both ways.
    const errors = new Float64Array(n)
    const distances = new Float64Array(n)
    const order = new Int32Array(n)
    const column = new Float64Array(n)
    for (let p = 0; p < size; p++) {
      for (let k = 0; k < n; k++) {
        column[k] = candidates[k * size + p]
        order[k] = k
        errors[k] += Math.abs(column[k] - truth[p])
      }
      order.sort((a, b) => column[a] - column[b])
      let [below, all] = [0, 0]
      for (let k = 0; k < n; k++) all += column[k]
      for (let r = 0; r < n; r++) {
        const x = column[order[r]]
        distances[order[r]] += x * r - below + (all - below - x - x * (n - r - 1))
        below += x
      }
    }
    const [A, S] = [errors, distances].map((x) => x.reduce((a, b) => a + b, 0) / size)
    const fair = (a: number, s: number, m: number) => a / m - s / (2 * m * (m - 1))
    const whole = fair(A, S, n)
    return eachCandidate(
      candidates,
      size,
      (_, k) => fair(A - errors[k] / size, S - (2 * distances[k]) / size, n - 1) - whole,
    )
  },
}
