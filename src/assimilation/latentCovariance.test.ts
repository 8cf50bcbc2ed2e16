import { describe, expect, it } from 'vitest'
import { stream } from '../random/stream.ts'
import { evaluate } from '../tensor/evaluate.ts'
import { constant } from '../tensor/index.ts'
import { fourierBasis, latentCovariance } from './latentCovariance.ts'

const shape = [2, 3, 8] as const
const [d, h, w] = shape
const size = d * h * w
const count = 4000

/** Noise whose neighbours in both directions correlate, channel 1 three times as large. */
function samples(): Float32Array {
  const e = stream(1, 'e').normal(new Float32Array(count * size))
  return e.map((_, p) => {
    const j = p % w
    const i = Math.floor(p / w) % h
    const c = Math.floor(p / (h * w)) % d
    const row = p - j
    const below = i + 1 < h ? e[p + w] : 0
    return (c ? 3 : 1) * (e[p] + 0.5 * (e[row + ((j + 1) % w)] + e[row + ((j + w - 1) % w)]) + below)
  })
}

/** C x of the covariance by definition. */
function times(u: Float32Array, x: Float64Array): Float64Array {
  const out = new Float64Array(size)
  for (let s = 0; s < count; s++) {
    let dot = 0
    for (let p = 0; p < size; p++) dot += u[s * size + p] * x[p]
    for (let p = 0; p < size; p++) out[p] += (dot * u[s * size + p]) / count
  }
  return out
}

describe('the covariance of latents', () => {
  const u = samples()
  const unit = new Float64Array(size)
  unit[1 * h * w + 1 * w + 4] = 1
  const x = constant(unit, { shape: [1, ...shape], dtype: 'float64' })
  const apply = (kind: 'diagonal' | 'spatial', f: 'C' | 'half') => {
    const C = latentCovariance(u, shape, { kind, shrinkage: 0 })
    const half = (y: typeof x) => C.apply(y, (c) => c.sqrt())
    return evaluate([f === 'C' ? C.apply(x, (c) => c) : half(half(x))], new Map())[0].data
  }

  it('is what the samples say, within their noise', () => {
    const exact = times(u, unit)
    const largest = Math.max(...exact)
    apply('spatial', 'C').forEach((v, p) => {
      expect(Math.abs(v - exact[p]) / largest).toBeLessThan(0.08)
    })
    apply('diagonal', 'C').forEach((v, p) => {
      expect(Math.abs(v - (unit[p] ? exact[p] : 0)) / largest).toBeLessThan(0.08)
    })
  })
  it('is the square of its root', () => {
    const whole = apply('spatial', 'C')
    apply('spatial', 'half').forEach((v, p) => {
      expect(v).toBeCloseTo(whole[p], 9)
    })
  })
  it('has an orthonormal basis along the rings', () => {
    for (const n of [1, 2, 5, 8]) {
      const F = fourierBasis(n)
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++) {
          let dot = 0
          for (let j = 0; j < n; j++) dot += F[j * n + a] * F[j * n + b]
          expect(dot).toBeCloseTo(Number(a === b), 12)
        }
    }
  })
  it('refuses samples of another shape', () => {
    expect(() => latentCovariance(new Float32Array(5), shape)).toThrow('5 values')
  })
})
