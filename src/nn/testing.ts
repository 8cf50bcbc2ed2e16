import { expect } from 'vitest'
import { stream } from '../random/stream.ts'
import { inputsOf } from '../tensor/compile.ts'
import { evaluate } from '../tensor/evaluate.ts'
import type { Values } from '../tensor/graph.ts'
import { constant, grad, type HostTensor, type Tensor } from '../tensor/index.ts'

/** Normal numbers of deviation `scale` for every input that `outputs` depend on, addressed by the input's name. */
export function randomInputs(outputs: readonly Tensor[], scale = 1): Map<Tensor, Values> {
  return new Map(
    inputsOf(outputs).map((t) => {
      const data = stream(7, 'input', String(t.node.attrs.name)).normal(new Float64Array(t.size))
      return [t, { shape: t.shape, data: data.map((v) => scale * v) }]
    }),
  )
}

export function valuesOf({ shape, data }: HostTensor): Values {
  return { shape, data: Float64Array.from(data as Float64Array) }
}

/** Values of one tensor by the reference evaluator. */
export function evaluated(t: Tensor, known: ReadonlyMap<Tensor, Values>): Float64Array {
  return evaluate([t], known)[0].data
}

export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  return Array.from(a).reduce((worst, v, i) => Math.max(worst, Math.abs(v - b[i])), 0)
}

/**
 * The largest relative error of the gradients of sum(y c), c fixed and random, with respect to all inputs of y,
 * against central differences in float64 along three random directions and six axes of every input.
 */
export function gradientError(y: Tensor, known = randomInputs([y], 0.5)): number {
  const weights = stream(7, 'cotangent').normal(new Float64Array(y.size))
  const loss = y.mul(constant(weights, { shape: y.shape, dtype: 'float64' })).sum()
  const wrt = inputsOf([y])
  const gradients = evaluate(grad(loss, wrt), known)
  const at = (t: Tensor, direction: Float64Array, step: number) => {
    const before = known.get(t) as Values
    const moved = { ...before, data: before.data.map((v, i) => v + step * direction[i]) }
    return evaluated(loss, new Map([...known, [t, moved]]))[0]
  }
  let worst = 0
  for (const [i, t] of wrt.entries()) {
    const norm = Math.hypot(...gradients[i].data)
    for (let n = 0; n < 9; n++) {
      const direction = new Float64Array(t.size)
      if (n < 3) stream(7, 'direction', i, n).normal(direction)
      else direction[stream(7, 'axis', i, n).integers(new Int32Array(1), 0, t.size)[0]] = 1
      const slope = gradients[i].data.reduce((s, g, k) => s + g * direction[k], 0)
      // Richardson's extrapolation of two central differences: error of order step^4.
      const difference = (h: number) => (at(t, direction, h) - at(t, direction, -h)) / (2 * h)
      const numeric = (4 * difference(1e-4) - difference(2e-4)) / 3
      worst = Math.max(worst, Math.abs(numeric - slope) / (norm * Math.hypot(...direction) + 1e-3))
    }
  }
  return worst
}
