import fc from 'fast-check'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { stream } from '../../random/stream.ts'
import { covarianceMatrix } from './backgroundErrors.ts'
import { conjugateGradient } from './conjugateGradient.ts'
import { lbfgs } from './lbfgs.ts'
import { addToDiagonal, cholesky, dot, gram, timesTransposed, toArray } from './linalg.ts'
import { blockErrors, correlatedErrors, independentErrors, stackErrors } from './observationErrors.ts'
import { meanPreservingRotation, randomOrthogonal } from './rotation.ts'
import { distance, gaussianProblem } from './testing/gaussian.ts'

describe('rotations', () => {
  it('are orthogonal and keep the mean, for any number of members', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(1e6), (N, seed) => {
        const L = meanPreservingRotation(N, stream(seed))
        const identity = addToDiagonal(new Float64Array(N * N), N, 1)
        expect(distance(gram(L, N, N), identity)).toBeLessThan(1e-13)
        const ones = new Float64Array(N).fill(1)
        expect(distance(timesTransposed(L, ones, N, 1, N), ones)).toBeLessThan(1e-13)
      }),
      { seed: 1 },
    )
  })
  it('are uniform: elements and traces have the moments of the Haar measure', () => {
    const n = 4
    const draws = 4000
    const sums = new Float64Array(n * n)
    let trace = 0
    let trace2 = 0
    for (let s = 0; s < draws; s++) {
      const Q = randomOrthogonal(n, stream(9, s))
      for (let p = 0; p < n * n; p++) sums[p] += Q[p]
      const t = Q[0] + Q[5] + Q[10] + Q[15]
      trace += t
      trace2 += t * t
    }
    // E Q = 0 with variance 1/n; E tr Q = 0 and E tr² Q = 1 (Diaconis and Shahshahani 1994), E tr⁴ Q = 3.
    for (const sum of sums) expect(Math.abs(sum / draws)).toBeLessThan(5 * Math.sqrt(1 / n / draws))
    expect(Math.abs(trace / draws)).toBeLessThan(5 / Math.sqrt(draws))
    expect(Math.abs(trace2 / draws - 1)).toBeLessThan(5 * Math.sqrt(2 / draws))
  })
})

describe('observation errors', () => {
  const { R, Rfull, m } = gaussianProblem(8, 3, 9, true)
  const full = toArray(Rfull)
  const d = stream(1).normal(new Float64Array(m))
  const solved = (Rm: Matrix, rhs: Float64Array) => toArray(inverse(Rm).mmul(Matrix.columnVector([...rhs])))
  it.each([
    ['blocks', R],
    ['one full matrix', correlatedErrors(full, m)],
  ])('as %s: whitening is the square root of the inverse', (_, errors) => {
    expect(distance(errors.whitenAdjoint(errors.whiten(d)), solved(Rfull, d))).toBeLessThan(1e-10)
    expect(distance(errors.whiten(errors.colour(d)), d)).toBeLessThan(1e-12)
    expect(dot(errors.whiten(d), d)).toBeCloseTo(dot(d, errors.whitenAdjoint(d)), 10)
    expect([...errors.variances]).toEqual(Rfull.diagonal())
    const some = [7, 2, 0, 3]
    const part = errors.select(some)
    const e = Float64Array.from(some, (i) => d[i])
    const sub = Rfull.selection(some, some)
    expect(distance(part.whitenAdjoint(part.whiten(e)), solved(sub, e))).toBeLessThan(1e-10)
  })
  it('stack', () => {
    const stacked = stackErrors([R, independentErrors([4, 9])])
    const both = Float64Array.of(...d, 2, 3)
    expect([...stacked.whiten(both)]).toEqual([...R.whiten(d), 1, 1])
    expect(stacked.select([1, 10]).variances).toEqual(Float64Array.of(R.variances[1], 9))
    expect(() => stacked.select([10, 1])).toThrow('set by set')
  })
  it.each([
    [() => correlatedErrors(Float64Array.of(1, 2, 2, 1), 2), 'block 0 of R is not positive definite'],
    [() => correlatedErrors(Float64Array.of(1, 0.2, 0, 1), 2), 'block 0 of R is not symmetric'],
    [
      () => blockErrors(2, [{ indices: [0], covariance: Float64Array.of(1) }]),
      'observation 1 is in no block',
    ],
    [() => blockErrors(1, [{ indices: [1], covariance: Float64Array.of(1) }]), 'names observation 1'],
    [() => covarianceMatrix(Float64Array.of(1, 2, 2, 1), 2), 'negative eigenvalue'],
  ])('refuse what is no covariance (%#)', (act, message) => {
    expect(act).toThrow(message)
  })
})

describe('minimisers', () => {
  const n = 12
  const A = addToDiagonal(gram(stream(3).normal(new Float64Array(n * n)), n, n), n, 0.5)
  const times = (x: Float64Array) => timesTransposed(A, x, n, 1, n)
  const b = stream(4).normal(new Float64Array(n))

  it('conjugate gradients end after as many iterations as there are different eigenvalues', async () => {
    const { x, residual } = await conjugateGradient(times, b, { tolerance: 1e-11 })
    expect(distance(times(x), b)).toBeLessThan(1e-9)
    expect(residual).toBeLessThan(1e-11)
    const few = await conjugateGradient((v) => v.map((c, i) => (1 + (i % 3)) * c), b, { tolerance: 1e-12 })
    expect(few.iterations).toBe(3)
    expect((await conjugateGradient(times, new Float64Array(n))).x).toEqual(new Float64Array(n))
  })
  it('L-BFGS minimises a quadratic and the Rosenbrock function in 10 dimensions', async () => {
    const quadratic = (x: Float64Array) => {
      const gradient = times(x).map((v, i) => v - b[i])
      return { cost: dot(x, times(x)) / 2 - dot(b, x), gradient }
    }
    const q = await lbfgs(quadratic, new Float64Array(n))
    expect(q.converged).toBe(true)
    expect(distance(times(q.x), b)).toBeLessThan(1e-6)
    const rosenbrock = (x: Float64Array) => {
      let cost = 0
      const gradient = new Float64Array(x.length)
      for (let i = 0; i + 1 < x.length; i++) {
        const t = x[i + 1] - x[i] ** 2
        cost += 100 * t ** 2 + (1 - x[i]) ** 2
        gradient[i] += -400 * t * x[i] - 2 * (1 - x[i])
        gradient[i + 1] += 200 * t
      }
      return { cost, gradient }
    }
    const r = await lbfgs(
      rosenbrock,
      Float64Array.from({ length: 10 }, (_, i) => (i % 2 ? 1 : -1.2)),
    )
    expect(r.cost).toBeLessThan(1e-10)
    expect(distance(r.x, new Float64Array(10).fill(1))).toBeLessThan(1e-5)
    expect(r.evaluations).toBeLessThan(200)
  })
})

it('Cholesky gives back the matrix', () => {
  const n = 7
  const A = addToDiagonal(gram(stream(6).normal(new Float64Array(n * n)), n, n), n, 0.1)
  expect(distance(gram(cholesky(A, n, 'A'), n, n), A)).toBeLessThan(1e-13)
})
