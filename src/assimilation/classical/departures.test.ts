import { expect, it } from 'vitest'
import { stream } from '../../random/stream.ts'
import { departures } from './departures.ts'
import { desroziers } from './desroziers.ts'

it('sums up O-B and O-A by kind', () => {
  const y = Float64Array.of(1, 2, 10)
  const found = departures(y, Float64Array.of(0, 4, 7), Float64Array.of(1, 1, 10), ['t', 't', 'u'])
  expect(found).toEqual([
    {
      kind: 't',
      background: { count: 2, mean: -0.5, rms: Math.sqrt(2.5) },
      analysis: { count: 2, mean: 0.5, rms: Math.SQRT1_2 },
    },
    {
      kind: 'u',
      background: { count: 1, mean: 3, rms: 3 },
      analysis: { count: 1, mean: 0, rms: 0 },
    },
  ])
  expect(() => departures(y, y, y.subarray(1))).toThrow('2 H(x_a)')
})

it('Desroziers: the right gain gives back R, HBHᵀ and HAHᵀ; a wrong gain does not', () => {
  const n = 200_000
  const [b, r] = [2, 0.5]
  const eb = stream(1, 'b').normal(new Float64Array(n))
  const eo = stream(1, 'o').normal(new Float64Array(n))
  const Hxb = eb.map((e) => Math.sqrt(b) * e)
  const y = eo.map((e) => Math.sqrt(r) * e)
  const withGain = (k: number) =>
    desroziers(
      y,
      Hxb,
      Hxb.map((x, i) => x + k * (y[i] - x)),
    )
  const right = withGain(b / (b + r))
  const sigma = (b + r) * Math.sqrt(2 / n)
  expect(Math.abs(right.observation - r)).toBeLessThan(5 * sigma)
  expect(Math.abs(right.background - b)).toBeLessThan(5 * sigma)
  expect(Math.abs(right.analysis - (b * r) / (b + r))).toBeLessThan(5 * sigma)
  expect(Math.abs(right.innovation - (b + r))).toBeLessThan(5 * sigma)
  // Eq. 2 and 3 with gain k: (1 - k)(b + r) and k (b + r).
  expect(Math.abs(withGain(0.5).observation - 1.25)).toBeLessThan(5 * sigma)
})
