import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stream } from '../random/stream.ts'
import { crps } from './crps.ts'
import { energyScore } from './energy-score.ts'
import { mae } from './mae.ts'
import { rankHistogram, reliabilityIndex } from './rank-histogram.ts'
import { rmse } from './rmse.ts'
import { spreadSkill, spreadSkillRatio } from './spread-skill.ts'

const points = 20_000
/** An ensemble of `members` and a truth, all standard normal and independent. */
function exchangeable(members: number, spread = 1) {
  const random = stream(1, 'exchangeable', members)
  const ensemble = random.child('members').normal(new Float64Array(members * points))
  return {
    ensemble: ensemble.map((x) => spread * x),
    truth: random.child('truth').normal(new Float64Array(points)),
  }
}

/** The same with members in pairs that mirror each other about the mean of all; of an odd number the last is alone. */
function mirrored(members: number) {
  const { ensemble, truth } = exchangeable(members)
  for (let m = 0; m + 1 < members; m += 2)
    for (let i = 0; i < points; i++) ensemble[(m + 1) * points + i] = -ensemble[m * points + i]
  return { ensemble, truth }
}

describe('antithetic members', () => {
  const antithetic = true

  // A reliable Gaussian ensemble has a CRPS of 1 / sqrt(pi) and a spread/skill of 1.
  it.each([2, 3, 4, 5, 7, 16])('%i have the scores of as many independent ones', (members) => {
    const { ensemble, truth } = mirrored(members)
    expect(Math.abs(crps(ensemble, truth, undefined, { antithetic }) - 1 / Math.sqrt(Math.PI))).toBeLessThan(
      0.01,
    )
    expect(Math.abs(spreadSkill(ensemble, truth, undefined, { antithetic }).ratio - 1)).toBeLessThan(0.02)
    // As independent ones they would be flattered.
    expect(crps(ensemble, truth)).toBeLessThan(1 / Math.sqrt(Math.PI) - 0.01)
    expect(spreadSkill(ensemble, truth).ratio).toBeGreaterThan(1.04)
  })

  it('CRPS is that of the double sum over members of different pairs', () => {
    const ensemble = Float64Array.of(3, -1, 4, 0.5, 2)
    const ofOne = (f: (m: number) => number) => ensemble.reduce((sum, _, m) => sum + f(m) / 5, 0)
    let [sum, pairs] = [0, 0]
    for (let m = 0; m < 5; m++)
      for (let k = 0; k < 5; k++) {
        if (m === k || (m ^ 1) === k) continue
        sum += Math.abs(ensemble[m] - ensemble[k])
        pairs++
      }
    const expected = ofOne((m) => Math.abs(ensemble[m] - 1)) - sum / pairs / 2
    expect(crps(ensemble, Float64Array.of(1), undefined, { antithetic })).toBeCloseTo(expected, 13)
  })
})

describe('CRPS', () => {
  it('of one member is the absolute error', () => {
    const { ensemble, truth } = exchangeable(1)
    expect(crps(ensemble, truth)).toBeCloseTo(mae(ensemble, truth), 14)
  })

  it('of a perfect ensemble is 0', () => {
    const truth = Float64Array.of(1, 2)
    expect(crps(Float64Array.of(1, 2, 1, 2, 1, 2), truth)).toBe(0)
  })

  it('equals the double sum of its definition, weights, fairness and NaN included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (list) => {
          const ensemble = Float64Array.from(list.slice(0, 6))
          const truth = Float64Array.from(list.slice(6))
          for (const fair of [true, false]) {
            const at = [0, 1].map((i) => {
              const x = [0, 1, 2].map((m) => ensemble[2 * m + i])
              const error = x.reduce((s, a) => s + Math.abs(a - truth[i]), 0) / 3
              const pairs = x.flatMap((a) => x.map((b) => Math.abs(a - b))).reduce((s, d) => s + d, 0)
              return error - pairs / (fair ? 12 : 18)
            })
            expect(crps(ensemble, truth, [1, 3], { fair })).toBeCloseTo((at[0] + 3 * at[1]) / 4, 12)
          }
        },
      ),
    )
    expect(crps(Float64Array.of(1, 5, 1, 7), Float64Array.of(3, Number.NaN))).toBe(2)
    expect(crps(Float64Array.of(1, Number.NaN), Float64Array.of(3))).toBeNaN()
  })

  it.each([2, 3, 10])(
    'of %i standard normal members has expectation 1/sqrt(pi), whatever their number',
    (members) => {
      const { ensemble, truth } = exchangeable(members)
      // E|X - Y| - E|X - X'| / 2 for independent standard normals is 2/sqrt(pi) - 1/sqrt(pi).
      expect(Math.abs(crps(ensemble, truth) - 1 / Math.sqrt(Math.PI))).toBeLessThan(0.015)
    },
  )

  it('of a large ensemble approaches the closed form for a Gaussian', () => {
    // Many members of N(mu, sigma).
    const [mu, sigma, members] = [1, 2, 2000]
    const normal = stream(5, 'gaussian').normal(new Float64Array(400_000))
    for (const y of [-2, 1, 4.5]) {
      const z = (y - mu) / sigma
      const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
      const below = cumulative(z)
      // The closed form of Gneiting & Raftery 2007, with the sign turned so that less is better.
      const closed = sigma * (z * (2 * below - 1) + 2 * density - 1 / Math.sqrt(Math.PI))
      let mean = 0
      const draws = normal.length / members
      for (let k = 0; k < draws; k++)
        mean +=
          crps(
            normal.subarray(k * members, (k + 1) * members).map((x) => mu + sigma * x),
            Float64Array.of(y),
          ) / draws
      expect(Math.abs(mean - closed)).toBeLessThan(0.01)
    }
  })
})

/** The normal distribution function, by Simpson's rule. */
function cumulative(z: number): number {
  const n = 2000
  let sum = 0
  for (let i = 0; i <= n; i++) {
    const x = (z * i) / n
    sum += (i === 0 || i === n ? 1 : i % 2 ? 4 : 2) * Math.exp((-x * x) / 2)
  }
  return 0.5 + (sum * z) / (3 * n) / Math.sqrt(2 * Math.PI)
}

describe('spread and skill', () => {
  it.each([2, 5, 20])(
    'of %i exchangeable members have ratio 1, and half the spread half of it',
    (members) => {
      const { ensemble, truth } = exchangeable(members)
      expect(Math.abs(spreadSkill(ensemble, truth).ratio - 1)).toBeLessThan(0.02)
      const narrow = exchangeable(members, 0.5)
      const { ratio } = spreadSkill(narrow.ensemble, narrow.truth)
      // Variance 1/4, error of the mean 1 + 1/(4 M).
      const expected = Math.sqrt((((members + 1) / members) * 0.25) / (1 + 0.25 / members))
      expect(Math.abs(ratio - expected)).toBeLessThan(0.02)
    },
  )

  it('of one member do not exist', () => {
    expect(spreadSkillRatio(1, 1, 1)).toBeNaN()
  })
})

describe('rank histogram', () => {
  it.each([1, 4, 9])('of %i exchangeable members is flat', (members) => {
    const { ensemble, truth } = exchangeable(members)
    const counts = rankHistogram(ensemble, truth, stream(0, 'ties'))
    const expected = points / (members + 1)
    const chi2 = counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)
    // 99.9 % quantile of chi-squared with 9 degrees of freedom, more than enough for fewer.
    expect(chi2).toBeLessThan(27.9)
    expect(reliabilityIndex(counts)).toBeLessThan(0.05)
  })

  it.each([2, 5, 8])('of %i mirrored members is flat among one of each pair', (members) => {
    const { ensemble, truth } = mirrored(members)
    const counts = rankHistogram(ensemble, truth, stream(0, 'ties'), { antithetic: true })
    expect(counts.length).toBe(Math.ceil(members / 2) + 1)
    const expected = points / counts.length
    // 99.9 % quantile of chi-squared with 4 degrees of freedom, more than enough for fewer.
    expect(counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)).toBeLessThan(18.5)
    // Among both of each pair it crowds in the middle.
    const all = rankHistogram(ensemble, truth, stream(0, 'ties'))
    expect(Math.max(...all) * all.length).toBeGreaterThan(1.2 * points)
  })

  it('stays flat with ties, which are broken at random and repeatably', () => {
    const { ensemble, truth } = exchangeable(4)
    const coarse = (x: Float64Array) => x.map((value) => Math.round(value))
    const counts = rankHistogram(coarse(ensemble), coarse(truth), stream(0, 'ties'))
    expect(reliabilityIndex(counts)).toBeLessThan(0.05)
    expect(rankHistogram(coarse(ensemble), coarse(truth), stream(0, 'ties'))).toEqual(counts)
  })

  it('is a U for a narrow ensemble and one-sided for a biased one; NaN points are not counted', () => {
    const { ensemble, truth } = exchangeable(9, 0.3)
    const counts = rankHistogram(ensemble, truth, stream(0, 'ties'))
    expect(Math.min(counts[0], counts[9])).toBeGreaterThan(3 * Math.max(...counts.subarray(1, 9)))
    const low = ensemble.map((x) => x - 100)
    truth[0] = Number.NaN
    expect([...rankHistogram(low, truth, stream(0, 'ties'))]).toEqual([...new Array(9).fill(0), points - 1])
  })
})

describe('energy score', () => {
  it('of one member is its RMSE, of a perfect ensemble 0, at a single point the fair CRPS', () => {
    const { ensemble, truth } = exchangeable(1)
    expect(energyScore(ensemble, truth)).toBeCloseTo(rmse(ensemble, truth), 14)
    expect(energyScore(Float64Array.of(1, 2, 1, 2), Float64Array.of(1, 2))).toBe(0)
    const members = Float64Array.of(3, -1, 4, 1.5, 0)
    expect(energyScore(members, Float64Array.of(1))).toBeCloseTo(crps(members, Float64Array.of(1)), 14)
  })

  it('is lowest, on average, for the distribution the truth is drawn from', () => {
    const [members, size, cases] = [8, 6, 400]
    const random = stream(3, 'energy')
    const truth = random.child('truth').normal(new Float64Array(cases * size))
    const noise = random.child('noise').normal(new Float64Array(cases * members * size))
    const mean = (spread: number) => {
      let sum = 0
      for (let c = 0; c < cases; c++)
        sum += energyScore(
          noise.subarray(c * members * size, (c + 1) * members * size).map((x) => spread * x),
          truth.subarray(c * size, (c + 1) * size),
        )
      return sum / cases
    }
    expect(mean(1)).toBeLessThan(mean(0.6))
    expect(mean(1)).toBeLessThan(mean(1.6))
  })
})
