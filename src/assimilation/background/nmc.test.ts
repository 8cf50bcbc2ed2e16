import { describe, expect, it } from 'vitest'
import { ChannelSet } from '../../atmosphere/channels.ts'
import { earthRadius } from '../../atmosphere/constants.ts'
import { Grid } from '../../atmosphere/grid.ts'
import { stream } from '../../random/stream.ts'
import { gaussianCorrelationRoot } from './horizontal.ts'
import { nmcCovariance } from './nmc.ts'

const grid = Grid.equiangular(6, 12)
const channels = ChannelSet.of('t2m, z500, z850, t500, u500, v500')
const n = channels.length * grid.size
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0)
const normal = (name: string, size = n) => stream(1, name).normal(new Float64Array(size))

/** Smooth geopotential errors, winds and temperatures that follow from them in part. */
function samples(count: number): Float32Array {
  const smooth = gaussianCorrelationRoot(grid, 3000)
  const out = new Float32Array(count * n)
  const at = (name: string) => channels.index(name) * grid.size
  for (let s = 0; s < count; s++) {
    const part = (k: number) => smooth(normal(`${s} ${k}`, grid.size))
    const [a, b, c] = [part(0), part(1), part(2)]
    for (let p = 0; p < grid.size; p++) {
      const [i, j] = [Math.floor(p / 12), p % 12]
      const slope = a[i * 12 + ((j + 1) % 12)] - a[i * 12 + ((j + 11) % 12)]
      out[s * n + at('z500') + p] = a[p]
      out[s * n + at('z850') + p] = 0.8 * a[p] + 0.6 * b[p]
      out[s * n + at('t500') + p] = 0.5 * (a[p] - b[p]) + 0.3 * c[p]
      out[s * n + at('t2m') + p] = 0.5 * c[p]
      out[s * n + at('u500') + p] = 0.4 * c[p]
      out[s * n + at('v500') + p] = 1.5 * slope + 0.2 * c[p]
    }
  }
  return out
}

describe('background errors of model space', () => {
  const record = samples(200)
  const B = nmcCovariance(record, channels, grid)

  it('have an exact adjoint', () => {
    const [v, x] = [normal('v'), normal('x')]
    const [left, right] = [dot(B.transform(v) as Float64Array, x), dot(v, B.adjoint(x) as Float64Array)]
    expect(Math.abs(left / right - 1)).toBeLessThan(1e-12)
  })

  it('have the variances and the balance of the samples', () => {
    const variance = new Float64Array(channels.length)
    const draws = 300
    for (let k = 0; k < draws; k++)
      (B.transform(normal(`draw ${k}`)) as Float64Array).forEach((v, p) => {
        variance[Math.floor(p / grid.size)] += v ** 2 / (draws * grid.size)
      })
    channels.names.forEach((name, c) => {
      let own = 0
      for (let s = 0; s < 200; s++)
        for (let p = 0; p < grid.size; p++) own += record[s * n + c * grid.size + p] ** 2 / (200 * grid.size)
      expect(variance[c] / own, name).toBeGreaterThan(0.75)
      expect(variance[c] / own, name).toBeLessThan(1.3)
    })
    expect(B.explained[channels.index('v500')]).toBeGreaterThan(0.8)
    expect(B.explained[channels.index('u500')]).toBeLessThan(0.1)
    expect(B.explained[channels.index('t500')]).toBeGreaterThan(0.6)
    expect(B.explained[channels.index('z500')]).toBe(0)
  })

  it('find the length of the correlations', () => {
    for (const length of B.lengths) {
      expect(length).toBeGreaterThan(2000)
      expect(length).toBeLessThan(4500)
    }
  })

  it.each([
    [6, 12],
    [5, 9],
  ])('correlate as a Gaussian of the chord, with variance 1, on %i x %i points', (h, w) => {
    const g = Grid.equiangular(h, w)
    const root = gaussianCorrelationRoot(g, 4000)
    const place = (p: number) => {
      const [phi, lambda] = [g.latitude[Math.floor(p / w)], g.longitude[p % w]].map(
        (v) => (v * Math.PI) / 180,
      )
      return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
    }
    for (const at of [0, 2 * w + 5, h * w - 1]) {
      const unit = new Float64Array(g.size)
      unit[at] = 1
      const C = root(root(unit))
      const [x, y, z] = place(at)
      for (let p = 0; p < g.size; p++) {
        const [a, b, c] = place(p)
        const chord = (earthRadius / 1000) * Math.hypot(a - x, b - y, c - z)
        expect(C[p]).toBeCloseTo(Math.exp((-chord * chord) / (2 * 4000 * 4000)), 9)
      }
    }
  })

  it('refuse too few samples', () => {
    expect(() => nmcCovariance(new Float32Array(n), channels, grid)).toThrow('no two background errors')
  })
})
