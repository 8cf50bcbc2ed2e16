import { describe, expect, it } from 'vitest'
import { stream } from './stream.ts'

// Seeds are fixed, so these tests never flicker; the limits are those a right generator meets but for one case in
// a million (5 standard errors; Kolmogorov's 2.7).
const N = 400_000
const precisions = [
  ['single', Float32Array],
  ['double', Float64Array],
] as const

/** Distribution function of the standard normal (Marsaglia, "Evaluating the normal distribution", 2004). */
function phi(x: number): number {
  if (x < -8.5) return 0
  if (x > 8.5) return 1
  let sum = x
  let term = x
  for (let i = 3; Math.abs(term) > 1e-17; i += 2) {
    term *= (x * x) / i
    sum += term
  }
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI)
}

/** sqrt(n) times the largest distance between the sample's distribution and `cdf`. */
function kolmogorov(sample: Float32Array | Float64Array, cdf: (x: number) => number): number {
  const sorted = sample.slice().sort()
  const n = sorted.length
  let distance = 0
  for (let i = 0; i < n; i++) {
    const p = cdf(sorted[i])
    distance = Math.max(distance, p - i / n, (i + 1) / n - p)
  }
  return distance * Math.sqrt(n)
}

const mean = (a: ArrayLike<number>, f: (x: number, i: number) => number) => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += f(a[i], i)
  return sum / a.length
}

describe.each(precisions)('%s precision', (name, Kind) => {
  const z = stream(2026, 'normal', name).normal(new Kind(N))
  const u = stream(2026, 'uniform', name).uniform(new Kind(N))

  it('normals have the moments 0, 1, 0, 3, 0, 15', () => {
    // Standard errors from the moments of order 2k: var(z^k) = m_2k - m_k^2.
    const moments = [1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395]
    for (let k = 1; k <= 6; k++) {
      const error = Math.sqrt((moments[2 * k] - moments[k] ** 2) / N)
      expect(Math.abs(mean(z, (x) => x ** k) - moments[k])).toBeLessThan(5 * error)
    }
  })
  it('uniforms have the moments 1/(k + 1) and stay in [0, 1)', () => {
    for (let k = 1; k <= 4; k++) {
      const error = Math.sqrt((1 / (2 * k + 1) - 1 / (k + 1) ** 2) / N)
      expect(Math.abs(mean(u, (x) => x ** k) - 1 / (k + 1))).toBeLessThan(5 * error)
    }
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true)
  })
  it('follow their distributions (Kolmogorov and Smirnov)', () => {
    expect(kolmogorov(z, phi)).toBeLessThan(2.7)
    expect(kolmogorov(u, (x) => x)).toBeLessThan(2.7)
  })
  it('elements are independent of those after them', () => {
    for (const lag of [1, 2, 3, 4, 5, 1024]) {
      const pairs = z.subarray(0, N - lag)
      expect(Math.abs(mean(pairs, (x, i) => x * z[i + lag]))).toBeLessThan(5 / Math.sqrt(N))
      // Sizes too: the two of a pair share their radius.
      expect(Math.abs(mean(pairs, (x, i) => (x * x - 1) * (z[i + lag] ** 2 - 1)))).toBeLessThan(
        (5 * 2) / Math.sqrt(N),
      )
    }
  })
})

describe('neighbouring streams', () => {
  const n = 100_000
  const pairs = [
    ['step', stream(7, 'noise', 0, 0, 0), stream(7, 'noise', 0, 0, 1)],
    ['candidate', stream(7, 'noise', 0, 0, 0), stream(7, 'noise', 0, 1, 0)],
    ['seed', stream(7, 'noise', 0, 0, 0), stream(8, 'noise', 0, 0, 0)],
    ['high half of the seed', stream(7, 'noise'), stream(7n + (1n << 32n), 'noise')],
    ['name', stream(7, 'a'), stream(7, 'b')],
  ] as const
  it.each(pairs)('that differ in %s are independent', (_, a, b) => {
    const x = a.normal(new Float32Array(n + 8))
    const y = b.normal(new Float32Array(n + 8))
    for (let lag = 0; lag < 8; lag++) {
      const r = mean(x.subarray(0, n), (v, i) => v * y[i + lag])
      expect(Math.abs(r)).toBeLessThan(5 / Math.sqrt(n))
    }
  })
  it('fill the square evenly: chi-square of 64 x 64 cells', () => {
    const x = pairs[0][1].uniform(new Float64Array(4 * N))
    const y = pairs[0][2].uniform(new Float64Array(4 * N))
    const counts = new Float64Array(4096)
    for (let i = 0; i < x.length; i++) counts[64 * Math.floor(64 * x[i]) + Math.floor(64 * y[i])]++
    const expected = x.length / 4096
    const chi2 = counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)
    expect(Math.abs(chi2 - 4095) / Math.sqrt(2 * 4095)).toBeLessThan(5)
  })
  it('across many streams the first element is standard normal', () => {
    const first = Float64Array.from({ length: 20_000 }, (_, i) => {
      return stream(7, 'case', i).normal(new Float64Array(1))[0]
    })
    expect(kolmogorov(first, phi)).toBeLessThan(2.7)
  })
})

describe('integers and permutations', () => {
  it('give every integer its share, also where a third of the words is refused', () => {
    const dice = new Float64Array(6)
    for (const d of stream(3).integers(new Int32Array(N), 1, 7)) dice[d - 1]++
    const chi2 = dice.reduce((sum, c) => sum + (c - N / 6) ** 2 / (N / 6), 0)
    expect(chi2).toBeLessThan(35.9) // the one-in-a-million point of chi-square with 5 degrees of freedom
    const wide = stream(3).integers(new Uint32Array(N), 0, 3e9)
    expect(kolmogorov(Float64Array.from(wide), (x) => x / 3e9)).toBeLessThan(2.7)
  })
  it('give each of the 24 orders of four its share', () => {
    const counts = new Map<string, number>()
    const n = 24_000
    for (let i = 0; i < n; i++) {
      const order = stream(3, i).permutation(4).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chi2 = [...counts.values()].reduce((sum, c) => sum + (c - 1000) ** 2 / 1000, 0)
    expect(chi2).toBeLessThan(73) // one in a million, 23 degrees of freedom
  })
})
