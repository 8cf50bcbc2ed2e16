import { grad, jvp, vjp } from '../derivative/grad.ts'
import type { DType } from '../dtype.ts'
import type { Tensor, Values } from '../graph.ts'
import { input, zeros } from '../ops/source.ts'
import { sizeOf } from '../shape.ts'
import { noiseOf, type Sample, valuesOf } from './sample.ts'

/** The tensors made from a sample: its results, and their first and second derivatives along random directions. */
export interface Traced {
  /** What to feed: inputs, cotangents of the results (w) and directions in the inputs (v), by tensor. */
  readonly feeds: ReadonlyMap<Tensor, Values>
  readonly inputs: readonly Tensor[]
  readonly results: readonly Tensor[]
  /** w . results */
  readonly loss: Tensor
  /** Gradient of the loss with respect to the inputs. */
  readonly gradient: readonly Tensor[]
  /** Jacobian of the results times v. */
  readonly tangents: readonly Tensor[]
  /** Hessian of the loss times v. */
  readonly curvature: readonly Tensor[]
  readonly directions: readonly Tensor[]
  readonly weights: readonly Tensor[]
}

/** Traces a sample in `dtype`; the names of its inputs begin with `prefix`. */
export function trace(sample: Sample, dtype: DType, prefix = ''): Traced {
  const feeds = new Map<Tensor, Values>()
  const feed = (name: string, shape: readonly number[], data: Float64Array) => {
    const t = input(`${prefix}${name}`, shape, dtype)
    feeds.set(t, { shape, data })
    return t
  }
  const inputs = sample.slots.map(({ shape }, k) => feed(`x${k}`, shape, valuesOf(sample, k)))
  const built = sample.build(inputs)
  const results = Array.isArray(built) ? (built as Tensor[]) : [built as Tensor]
  const noise = (name: string) => (t: Tensor, k: number) =>
    feed(`${name}${k}`, t.shape, noiseOf(sample, `${name}${k}`, t.size))
  const weights = results.map(noise('w'))
  const directions = inputs.map(noise('v'))
  const dot = (a: readonly Tensor[], b: readonly Tensor[]) =>
    a.map((t, i) => t.mul(b[i]).sum()).reduce((p, q) => p.add(q), zeros([], dtype))
  const loss = dot(results, weights)
  const gradient = grad(loss, inputs)
  return {
    feeds,
    inputs,
    results,
    loss,
    gradient,
    tangents: jvp(results, inputs, directions),
    curvature: vjp(gradient, inputs, directions),
    directions,
    weights,
  }
}

/** |a - b| / |b| in the Euclidean norm over all elements of all tensors; |b| is taken as at least `floor`. */
export function relativeError(
  a: readonly ArrayLike<number>[],
  b: readonly ArrayLike<number>[],
  floor = 1e-3,
): number {
  let apart = 0
  let whole = 0
  for (const [k, right] of b.entries()) {
    if (a[k].length !== right.length) return Number.POSITIVE_INFINITY
    for (let i = 0; i < right.length; i++) {
      apart += (a[k][i] - right[i]) ** 2
      whole += right[i] ** 2
    }
  }
  return Math.sqrt(apart) / Math.max(Math.sqrt(whole), floor)
}

/** `feeds` with the inputs moved by `by` times the directions. */
export function moved(t: Traced, by: number): Map<Tensor, Values> {
  const out = new Map(t.feeds)
  for (const [k, x] of t.inputs.entries()) {
    const { shape, data } = t.feeds.get(x) as Values
    const { data: v } = t.feeds.get(t.directions[k]) as Values
    out.set(x, { shape, data: data.map((value, i) => value + by * v[i]) })
  }
  return out
}

/** `feeds` with element `i` of the `k`-th input moved by `by`. */
export function nudged(t: Traced, k: number, i: number, by: number): Map<Tensor, Values> {
  const { shape, data } = t.feeds.get(t.inputs[k]) as Values
  return new Map(t.feeds).set(t.inputs[k], { shape, data: data.with(i, data[i] + by) })
}

export const elements = (t: Traced) =>
  t.inputs.flatMap((x, k) => [...Array(sizeOf(x.shape)).keys()].map((i) => [k, i]))
