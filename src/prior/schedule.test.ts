import { afterAll, describe, expect, it } from 'vitest'
import { evaluate } from '../tensor/evaluate.ts'
import { compile, input, Runtime } from '../tensor/index.ts'
import { cosine, edm, linear, logSnr, timeOf } from './schedule.ts'
import { spacings, timeGrid } from './timeGrid.ts'

const all = [cosine(), linear(), edm(), cosine({ eta: 0.05 })]
const times = Array.from({ length: 21 }, (_, k) => k / 20)

const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

describe('noise schedules', () => {
  it('are the published formulae', () => {
    const eta = 1e-3
    const c = cosine({ eta })
    for (const t of times) {
      const mu = Math.cos(Math.acos(Math.sqrt(eta)) * t) ** 2
      expect(c.mu(t)).toBeCloseTo(mu, 14)
      expect(c.sigma(t) ** 2).toBeCloseTo(1 - mu * mu + eta * eta, 13)
    }
    expect(c.sigma(0)).toBeCloseTo(eta, 12)
    expect(c.mu(1)).toBeCloseTo(eta, 12)
    expect(c.sigma(1)).toBeCloseTo(1, 12)
    // Song et al. 2021: alpha_bar(1) = exp(-(0.1 + 20) / 2).
    expect(linear().mu(1) ** 2).toBeCloseTo(Math.exp(-10.05), 12)
    expect([edm().sigma(0), edm().sigma(1)]).toEqual([expect.closeTo(0.002, 9), expect.closeTo(80, 9)])
  })

  it.each(all)('$name: mu^2 + sigma^2 is constant for variance preserving ones', (s) => {
    const total = times.map((t) => s.mu(t) ** 2 + s.sigma(t) ** 2)
    if (s.name !== 'edm') for (const v of total) expect(v).toBeCloseTo(total[0], 12)
    else expect(times.map((t) => s.mu(t))).toEqual(times.map(() => 1))
  })

  it.each(all)('$name: as expressions are the host functions, in float32 to six digits', async (s) => {
    const fine = [0, 1e-5, 1e-4, 1e-3, 0.01, ...times.slice(1)]
    const given = { shape: [fine.length], data: Float64Array.from(fine) }
    const t = input('t', [fine.length], 'float64')
    const exact = s.at(t)
    const [mu, sigma] = evaluate([exact.mu, exact.sigma], new Map([[t, given]]))
    const t32 = input('t', [fine.length])
    const single = await runtime.evaluate(compile({ ...s.at(t32) }), { t: Float32Array.from(fine) })
    for (const [i, at] of fine.entries()) {
      expect(mu.data[i]).toBeCloseTo(s.mu(at), 12)
      expect(sigma.data[i]).toBeCloseTo(s.sigma(at), 12)
      expect(Number(single.mu.data[i])).toBeCloseTo(s.mu(at), 6)
      const relative = Number(single.sigma.data[i]) / s.sigma(at)
      if (s.sigma(at) > 0) expect(relative).toBeCloseTo(1, 4)
    }
  })

  it.each(all)('$name: log-SNR falls and is inverted', (s) => {
    const inside = times.map((t) => s.first + (1 - s.first) * t)
    const lambda = inside.map((t) => logSnr(s, t))
    for (let k = 1; k < lambda.length; k++) expect(lambda[k]).toBeLessThan(lambda[k - 1])
    for (const [k, t] of inside.entries())
      expect(logSnr(s, timeOf(s, lambda[k]))).toBeCloseTo(logSnr(s, t), 9)
    expect([timeOf(s, 1e9), timeOf(s, -1e9)]).toEqual([s.first, 1])
  })

  it.each(spacings)('grids spaced by %s are even in it', (spacing) => {
    for (const s of all) {
      const grid = timeGrid(s, 12, spacing)
      expect(grid.length).toBe(13)
      if (spacing === 'time') expect([grid[0], grid[12]]).toEqual([1, expect.closeTo(s.first, 12)])
      else {
        expect(logSnr(s, grid[0])).toBeCloseTo(Math.max(-3.5, logSnr(s, 1)), 9)
        expect(logSnr(s, grid[12])).toBeCloseTo(Math.min(5, logSnr(s, s.first)), 9)
      }
      const coordinate = (t: number) =>
        spacing === 'time' ? t : spacing === 'logSnr' ? logSnr(s, t) : Math.exp(-logSnr(s, t) / 7)
      const gaps = grid.slice(1).map((t, k) => coordinate(t) - coordinate(grid[k]))
      for (const gap of gaps) expect(gap / gaps[0]).toBeCloseTo(1, 6)
    }
  })

  it('refuse what cannot be meant', () => {
    expect(() => cosine({ eta: 0 })).toThrow('eta is 0')
    expect(() => linear({ low: 2, high: 1 })).toThrow('beta from 2 to 1')
    expect(() => edm({ min: 3, max: 1 })).toThrow('sigma from 3 to 1')
    expect(() => timeGrid(cosine(), 2.5, 'time')).toThrow('2.5 steps')
  })
})
