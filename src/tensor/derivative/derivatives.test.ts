import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import type { Tensor, Values } from '../graph.ts'
import { cases } from '../testing/cases.ts'
import { elements, moved, nudged, relativeError, type Traced, trace } from '../testing/derivatives.ts'
import type { Sample } from '../testing/sample.ts'

// Central differences with step h are off by h^2 f''' / 6 and by rounding, 1e-16 f / h: both below 1e-9 here.
const h = 1e-5
const limit = 1e-6
const runs = { numRuns: 40, seed: 20260103 }

const at = (tensors: readonly Tensor[], feeds: ReadonlyMap<Tensor, Values>) =>
  evaluate(tensors, feeds).map((v) => v.data)

/** (f(x + h v) - f(x - h v)) / 2h. */
const along = (t: Traced, f: readonly Tensor[]) => {
  const [up, down] = [at(f, moved(t, h)), at(f, moved(t, -h))]
  return up.map((u, k) => u.map((value, i) => (value - down[k][i]) / (2 * h)))
}

const dot = (a: readonly Float64Array[], b: readonly Float64Array[]) =>
  a.reduce((sum, x, k) => x.reduce((s, v, i) => s + v * b[k][i], sum), 0)

function check(sample: Sample) {
  const t = trace(sample, 'float64')
  const gradient = at(t.gradient, t.feeds)
  const differences = gradient.map((g) => new Float64Array(g.length))
  for (const [k, i] of elements(t)) {
    const [[up], [down]] = [h, -h].map((by) => at([t.loss], nudged(t, k, i, by)))
    differences[k][i] = (up[0] - down[0]) / (2 * h)
  }
  expect(relativeError(gradient, differences), 'gradient').toBeLessThan(limit)

  const tangents = at(t.tangents, t.feeds)
  expect(relativeError(tangents, along(t, t.results)), 'Jacobian times vector').toBeLessThan(limit)
  expect(relativeError(at(t.curvature, t.feeds), along(t, t.gradient)), 'Hessian times vector').toBeLessThan(
    limit,
  )

  // <w, J v> = <J' w, v>
  const left = dot(at(t.weights, t.feeds), tangents)
  const right = dot(gradient, at(t.directions, t.feeds))
  expect(Math.abs(left - right), 'adjoint').toBeLessThanOrEqual(1e-11 * (Math.abs(left) + 1))
}

describe('derivatives agree with central differences in float64', () => {
  it.each(cases)('$name', ({ samples }) => {
    fc.assert(fc.property(samples, check), runs)
  })
})
