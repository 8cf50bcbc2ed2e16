import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stream } from '../../random/stream.ts'
import { covarianceMatrix } from './backgroundErrors.ts'
import { dot, toArray, toMatrix } from './linalg.ts'
import { independentErrors } from './observationErrors.ts'
import { linearOperator, type Operator } from './operators.ts'
import { distance, gaussianProblem, kalman } from './testing/gaussian.ts'
import { var3d } from './var3d.ts'
import { var4d, windowOperator } from './var4d.ts'

/** x' = x + sin(A x): a model with an exact tangent and adjoint by hand. */
function sineModel(n: number, seed: number): Operator {
  const A = linearOperator(stream(seed).normal(new Float64Array(n * n)), n, n)
  const times = (x: Float64Array) => A.apply(x) as Float64Array
  return {
    inputs: n,
    outputs: n,
    apply: (x) => times(x).map((a, i) => x[i] + Math.sin(a)),
    async linearise(x) {
      const at = times(x)
      const { adjoint } = await A.linearise(x)
      return {
        value: at.map((a, i) => x[i] + Math.sin(a)),
        tangent: (dx) => times(dx).map((d, i) => dx[i] + Math.cos(at[i]) * d),
        async adjoint(dy) {
          const pulled = await adjoint(dy.map((d, i) => Math.cos(at[i]) * d))
          return dy.map((d, i) => d + pulled[i])
        },
      }
    },
  }
}

const observedAt = (steps: number[], n: number, m: number) =>
  steps.map((step, k) => ({
    step,
    H: linearOperator(stream(k, 'H').normal(new Float64Array(m * n)), m, n),
  }))

it('the window has an exact adjoint, and the tangent of its finite differences', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
      fc.nat(1e6),
      async (n, m, steps, seed) => {
        const observations = observedAt(
          steps.toSorted((a, b) => a - b),
          n,
          m,
        )
        const G = windowOperator(sineModel(n, seed), observations)
        const x = stream(seed, 'x').normal(new Float64Array(n))
        const dx = stream(seed, 'dx').normal(new Float64Array(n))
        const dy = stream(seed, 'dy').normal(new Float64Array(G.outputs))
        const { value, tangent, adjoint } = await G.linearise(x)
        expect(value).toEqual(await G.apply(x))
        const Gdx = await tangent(dx)
        const size = Math.sqrt(dot(Gdx, Gdx) * dot(dy, dy))
        expect(Math.abs(dot(Gdx, dy) - dot(dx, await adjoint(dy)))).toBeLessThan(1e-12 * size)
        const h = 1e-6
        const up = await G.apply(x.map((v, i) => v + h * dx[i]))
        const down = await G.apply(x.map((v, i) => v - h * dx[i]))
        const difference = up.map((v, i) => (v - down[i]) / (2 * h))
        expect(distance(difference, Gdx)).toBeLessThan(1e-5)
      },
    ),
    { numRuns: 40, seed: 3 },
  )
})

it('a linear model gives the Kalman analysis of all observations of the window', async () => {
  const p = gaussianProblem(2, 5, 3, true)
  const M = stream(2, 'M').normal(new Float64Array(25))
  const Mm = toMatrix(M, 5, 5)
  const Hm = toMatrix(p.H, 3, 5)
  const inWindow = [2, 0, 3] // not in order of time
  const G = inWindow
    .toSorted((a, b) => a - b)
    .map((step) => {
      let rows = Hm
      for (let k = 0; k < step; k++) rows = rows.mmul(Mm)
      return rows
    })
  const ys = inWindow.map((step) => stream(step, 'y').normal(new Float64Array(3)))
  const stacked = {
    ...p,
    m: 9,
    H: Float64Array.from(G.flatMap((g) => [...toArray(g)])),
    y: Float64Array.from([1, 0, 2].flatMap((k) => [...ys[k]])),
    Rfull: toMatrix(new Float64Array(81), 9, 9),
  }
  for (let k = 0; k < 3; k++) stacked.Rfull.setSubMatrix(p.Rfull, 3 * k, 3 * k)
  const { xa } = await var4d(
    {
      xb: p.xb,
      B: covarianceMatrix(p.B, 5),
      model: linearOperator(M, 5, 5),
      observations: inWindow.map((step, k) => ({ step, H: linearOperator(p.H, 3, 5), y: ys[k], R: p.R })),
    },
    { tolerance: 1e-12 },
  )
  expect(distance(xa, kalman(p.xb, p.B, stacked).xa)).toBeLessThan(1e-7)
})

it('Gauss-Newton and L-BFGS find the same minimum of a non-linear problem, where the gradient vanishes', async () => {
  const n = 4
  const H = windowOperator(sineModel(n, 5), observedAt([0, 1], n, 3))
  const problem = {
    xb: stream(1).normal(new Float64Array(n)),
    B: covarianceMatrix(
      gaussianProblem(1, n, 1, false).B.map((b) => 0.05 * b),
      n,
    ),
    H,
    y: stream(2).normal(new Float64Array(6)),
    R: independentErrors(new Float64Array(6).fill(2)),
  }
  const a = await var3d(problem, { outerLoops: 100, outerTolerance: 1e-24, tolerance: 1e-12 })
  const b = await var3d(problem, { minimiser: 'l-bfgs', tolerance: 1e-10 })
  expect(distance(a.v, b.v)).toBeLessThan(1e-6)
  const { value, adjoint } = await H.linearise(a.xa)
  const pulled = await problem.B.adjoint(await adjoint(problem.y.map((y, i) => (y - value[i]) / 2)))
  expect(distance(pulled, a.v)).toBeLessThan(1e-8)
})

it('refuses observation times out of order', () => {
  expect(() => windowOperator(sineModel(2, 1), observedAt([3, 1], 2, 1))).toThrow(
    'steps are 0 or more and rise',
  )
})
