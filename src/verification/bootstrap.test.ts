import { describe, expect, it } from 'vitest'
import { stream } from '../random/stream.ts'
import { blockLength, lagOne } from './block-length.ts'
import { bootstrap } from './bootstrap.ts'

/** An AR(1) series of variance 1 about `mean`. */
function ar1(phi: number, n: number, mean: number, ...path: (string | number)[]): Float64Array {
  const x = stream(7, 'ar1', ...path).normal(new Float64Array(n))
  for (let t = 1; t < n; t++) x[t] = phi * x[t - 1] + Math.sqrt(1 - phi * phi) * x[t]
  return x.map((value) => value + mean)
}

const mean = ([m]: number[]) => m

/** Share of 95 % intervals of a mean that hold the true mean. */
function coverage(phi: number, n: number, block?: number, cases = 500): number {
  let held = 0
  for (let k = 0; k < cases; k++) {
    const options = { replicates: 300, seed: k, ...(block ? { block } : {}) }
    const { low, high } = bootstrap([ar1(phi, n, 3, k)], mean, options)
    if (low <= 3 && 3 <= high) held++
  }
  return held / cases
}

describe('moving-block bootstrap', () => {
  it('covers the mean of independent and of correlated dates about as often as it says', () => {
    for (const [phi, n, least] of [[0, 100, 0.92], [0.6, 400, 0.91], [0.8, 91, 0.86]]) {
      const share = coverage(phi, n)
      expect(share).toBeGreaterThan(least)
      expect(share).toBeLessThan(0.98)
    }
  }) // biome-ignore format: a table

  it('would not with blocks of one date, when dates are correlated', () => {
    expect(coverage(0.8, 100, 1)).toBeLessThan(0.75)
  })

  it('is narrower for a paired difference than for the parts, and has the sign right', () => {
    const base = ar1(0.7, 200, 5, 'base')
    const better = base.map((x, t) => 0.9 * x + 0.05 * Math.sin(t))
    const relative = bootstrap([base, better], ([a, b]) => (a - b) / a)
    expect(relative.low).toBeLessThan(0.1)
    expect(relative.high).toBeGreaterThan(0.1)
    expect(relative.high - relative.low).toBeLessThan(0.02)
    const alone = bootstrap([base], mean)
    expect((alone.high - alone.low) / alone.value).toBeGreaterThan(5 * (relative.high - relative.low))
  })

  it('is repeatable by its seed', () => {
    const x = ar1(0.5, 50, 0, 'seed')
    expect(bootstrap([x], mean, { seed: 3 })).toEqual(bootstrap([x], mean, { seed: 3 }))
    expect(bootstrap([x], mean, { seed: 3 }).low).not.toBe(bootstrap([x], mean, { seed: 4 }).low)
  })

  it('takes longer blocks for longer memory', () => {
    // phi = 0.8: (sqrt(6) 0.8 / 0.36)^(2/3) 1000^(1/3) = 30.9.
    expect(blockLength(0.8, 1000)).toBe(31)
    expect(blockLength(0, 1000)).toBe(1)
    expect(blockLength(0.9, 40)).toBe(10)
    expect(Math.abs(lagOne(ar1(0.8, 4000, 2, 'red')) - 0.8)).toBeLessThan(0.05)
    expect(lagOne(new Float64Array(10).fill(0.1))).toBe(0)
  })

  it('refuses unpaired series, single dates and values that are not finite', () => {
    expect(() => bootstrap([[1, 2], [1]], mean)).toThrow(/2 and 1 dates/)
    expect(() => bootstrap([[1]], mean)).toThrow(/at least two/)
    expect(() => bootstrap([[1, Number.NaN]], mean)).toThrow(/date 1 is NaN/)
    expect(() => bootstrap([[1, 2]], mean, { block: 0 })).toThrow(/block of 0/)
  })
})
