import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ExactSum, ratio } from './exact-sum.ts'
import { Normaliser } from './normalise.ts'
import { FieldStatistics } from './statistics.ts'

const finite = fc.float({ noNaN: true, noDefaultInfinity: true })

/** The exact integer x / 2^-149 of a float32. */
function units(x: number): bigint {
  const [high, low] = [Math.trunc(x), x - Math.trunc(x)]
  return (BigInt(high) << 149n) + (low === 0 ? 0n : BigInt(low * 2 ** 100 * 2 ** 49))
}

describe('exact sums', () => {
  it('are exact for any float32, subnormal and huge ones too', () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 50 }), (list) => {
        const sum = new ExactSum()
        sum.add(Float32Array.from(list))
        const exact = list.map(units)
        expect(sum.totals).toEqual([exact.reduce((a, x) => a + x, 0n), exact.reduce((a, x) => a + x * x, 0n)])
      }),
    )
  })

  it('divide integers of any size to full precision', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n }),
        fc.integer({ min: 1, max: 1e9 }),
        (a, b) => {
          const expected = Number(a) / b
          expect(Math.abs(ratio(a << 400n, BigInt(b) << 300n, -100) - expected)).toBeLessThanOrEqual(
            Math.abs(expected) * 2 ** -52,
          )
        },
      ),
    )
    expect(ratio(3n, 2n, -1074 + 10)).toBe(1.5 * 2 ** -1064)
  })
})

describe('statistics', () => {
  it('do not depend on order or partition, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 2, maxLength: 60 }),
        fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }),
        (list, owner) => {
          const whole = new FieldStatistics(['a'])
          whole.addChannel(0, Float32Array.from(list))
          const parts = [0, 1, 2, 3].map((part) => {
            const mine = new FieldStatistics(['a'])
            mine.addChannel(0, Float32Array.from(list.filter((_, i) => owner[i] === part)).reverse())
            return FieldStatistics.fromJSON(JSON.parse(JSON.stringify(mine)))
          })
          const merged = parts.pop()!
          for (const part of parts) merged.merge(part)
          expect(merged.toJSON()).toEqual(whole.toJSON())
        },
      ),
    )
  })

  it('know one zero only', () => {
    for (const order of [
      [0, -0, 1],
      [-0, 0, 1],
    ]) {
      const statistics = new FieldStatistics(['a'])
      statistics.addChannel(0, Float32Array.from(order))
      expect(Object.is(statistics.channel(0).minimum, 0)).toBe(true)
    }
  })

  it('do not cancel: a variance of 2/3 on top of 10^7', () => {
    const statistics = new FieldStatistics(['p'])
    for (let k = 0; k < 1000; k++) statistics.addChannel(0, Float32Array.of(1e7 - 1, 1e7, 1e7 + 1))
    const { mean, std } = statistics.channel(0)
    expect(mean).toBe(1e7)
    expect(std).toBe(Math.sqrt(2 / 3))
  })

  it('keep channels apart, count NaN as missing and refuse infinity', () => {
    const statistics = new FieldStatistics(['a', 'b'])
    statistics.add(Float64Array.of(1, 3, Number.NaN, 5, 1, 3, 7, 7), 2)
    expect(statistics.channel(0)).toEqual({ count: 4, missing: 0, mean: 2, std: 1, minimum: 1, maximum: 3 })
    expect(statistics.channel(1)).toMatchObject({ count: 3, missing: 1, minimum: 5, maximum: 7 })
    expect(() => statistics.add(Float32Array.of(1, 2, 3), 2)).toThrow(/whole number of states/)
    expect(() => statistics.addChannel(1, Float32Array.of(Number.POSITIVE_INFINITY))).toThrow(/channel b/)
    expect(() => FieldStatistics.fromJSON({ mean: [1] })).toThrow(/no statistics/)
  })
})

it('normalised states have mean 0 and standard deviation 1, and come back', () => {
  const states = Float32Array.from({ length: 2 * 3 * 50 }, (_, i) => 100 * (i % 3) + ((i * 37) % 101))
  const statistics = new FieldStatistics(['a', 'b', 'c'])
  statistics.add(states, 50)
  const normaliser = new Normaliser(statistics)
  const scores = normaliser.normalise(states, 50)
  const after = new FieldStatistics(['a', 'b', 'c'])
  after.add(scores, 50)
  for (let i = 0; i < 3; i++) {
    expect(after.mean[i]).toBeCloseTo(0, 6)
    expect(after.std[i]).toBeCloseTo(1, 6)
  }
  const back = normaliser.denormalise(scores, 50)
  expect(back.every((x, i) => Math.abs(x - states[i]) < 1e-4)).toBe(true)
  expect(normaliser.select(['c']).mean[0]).toBe(statistics.mean[2])
  expect(() => new Normaliser({ names: ['k'], mean: [1], std: [0] })).toThrow(/channel k cannot/)
})
