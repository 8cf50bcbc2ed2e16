import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stream } from '../../random/stream.ts'
import { lorenz96, tendency } from './model.ts'

const draw = (n: number, seed: number, name: string, scale = 1) =>
  stream(seed, name)
    .normal(new Float64Array(n))
    .map((v) => scale * v)
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0)
const cases = [fc.integer({ min: 4, max: 50 }), fc.integer({ min: 1, max: 20 }), fc.nat(1e6)] as const

describe('Lorenz 1996', () => {
  it('has a quadratic term that keeps energy: x . dx/dt = -|x|² + F Σ x', () => {
    fc.assert(
      fc.property(cases[0], cases[2], (n, seed) => {
        const x = draw(n, seed, 'x', 4)
        const expected = 8 * x.reduce((s, v) => s + v, 0) - dot(x, x)
        expect(Math.abs(dot(x, tendency(x, 8)) - expected)).toBeLessThan(1e-11 * dot(x, x))
      }),
    )
  })
  it('rests at x = F', () => {
    expect(lorenz96(9).apply(new Float64Array(9).fill(8))).toEqual(new Float64Array(9).fill(8))
  })
  it('is solved to fourth order', () => {
    const x = draw(40, 1, 'x', 4)
    const run = (steps: number) => lorenz96(40, { dt: 0.2 / steps, steps }).apply(x)
    const exact = run(640)
    const error = (steps: number) => Math.sqrt(error2(run(steps), exact))
    expect(Math.log2(error(10) / error(20))).toBeCloseTo(4, 0)
    expect(Math.log2(error(20) / error(40))).toBeCloseTo(4, 1)
  })
  it('has the tangent of its finite differences', () => {
    fc.assert(
      fc.property(...cases, (n, steps, seed) => {
        const model = lorenz96(n, { steps })
        const x = draw(n, seed, 'x', 3)
        const dx = draw(n, seed, 'dx')
        const Mdx = model.linearise(x).tangent(dx)
        const h = 1e-6
        const up = model.apply(x.map((v, i) => v + h * dx[i]))
        const down = model.apply(x.map((v, i) => v - h * dx[i]))
        const difference = up.map((v, i) => (v - down[i]) / (2 * h) - Mdx[i])
        expect(Math.sqrt(dot(difference, difference) / dot(Mdx, Mdx))).toBeLessThan(1e-6)
        expect(model.linearise(x).value).toEqual(model.apply(x))
      }),
    )
  })
  it('has an adjoint that is the transpose of its tangent', () => {
    fc.assert(
      fc.property(...cases, (n, steps, seed) => {
        const { tangent, adjoint } = lorenz96(n, { steps }).linearise(draw(n, seed, 'x', 3))
        const dx = draw(n, seed, 'dx')
        const dy = draw(n, seed, 'dy')
        const Mdx = tangent(dx)
        const scale = Math.sqrt(dot(Mdx, Mdx) * dot(dy, dy))
        expect(Math.abs(dot(Mdx, dy) - dot(dx, adjoint(dy)))).toBeLessThan(1e-12 * scale)
      }),
    )
  })
})

function error2(a: Float64Array, b: Float64Array): number {
  return a.reduce((s, v, i) => s + (v - b[i]) ** 2, 0)
}
