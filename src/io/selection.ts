import { DataError, didYouMean } from '../base/errors.ts'
import type { AxisSelection, NumericArray, Selection } from './dataset.ts'

/** The most bytes one read may ask for: more is asked for by mistake, or by a damaged file. */
export const maxReadBytes = 4 * 2 ** 30

/** A selection resolved over all axes of a variable. */
export interface Region {
  readonly start: readonly number[]
  /** Counts along all axes, 1 where an index was picked. */
  readonly count: readonly number[]
  /** What is left when the picked axes are dropped. */
  readonly dimensions: readonly string[]
  readonly shape: readonly number[]
  /** Number of values. */
  readonly size: number
}

/**
 * Start and count along every axis of `dimensions` x `shape`.
 * @throws DataError for an unknown dimension, a pick outside it, or more than 4 GiB.
 */
export function resolveSelection(
  name: string,
  dimensions: readonly string[],
  shape: readonly number[],
  selection: Selection = {},
): Region {
  for (const key of Object.keys(selection))
    if (!dimensions.includes(key))
      throw new DataError(
        `${name} has no dimension ${key}${didYouMean(key, dimensions)}; it has ${dimensions.join(', ') || 'none'}`,
      )
  const start: number[] = []
  const count: number[] = []
  const kept: number[] = []
  dimensions.forEach((dimension, axis) => {
    const picked: AxisSelection = selection[dimension] ?? [0, shape[axis]]
    const [from, to] = typeof picked === 'number' ? [picked, picked + 1] : picked
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > shape[axis])
      throw new DataError(`${name}: ${dimension} ${String(picked)} is outside its ${shape[axis]} values`)
    start.push(from)
    count.push(to - from)
    if (typeof picked !== 'number') kept.push(axis)
  })
  const size = count.reduce((a, b) => a * b, 1)
  if (size * 8 > 2 * maxReadBytes)
    throw new DataError(`${name}: ${size} values are too many for one read: select a part`)
  return { start, count, dimensions: kept.map((a) => dimensions[a]), shape: kept.map((a) => count[a]), size }
}

/** Row-major strides of `shape`. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]
  }
  return strides
}

/** Axes merged where one runs on where the next ends, in both source and target: long rows are copied at once. */
function merged(
  sourceStrides: readonly number[],
  targetStrides: readonly number[],
  count: readonly number[],
) {
  const axes: { s: number; t: number; n: number }[] = []
  for (let axis = count.length - 1; axis >= 0; axis--) {
    const inner = axes[0]
    const [s, t, n] = [sourceStrides[axis], targetStrides[axis], count[axis]]
    if (n === 1) continue
    if (inner && s === inner.s * inner.n && t === inner.t * inner.n) inner.n *= n
    else axes.unshift({ s, t, n })
  }
  return axes
}

/**
 * Copies a block of `count` values from `source` (from offset `from`, with `sourceStrides`) into `target` (from
 * offset `to`, with `targetStrides`). Strides may be negative or permuted: this one loop reorders and flips axes.
 */
export function copyBlock(
  source: NumericArray,
  from: number,
  sourceStrides: readonly number[],
  target: NumericArray,
  to: number,
  targetStrides: readonly number[],
  count: readonly number[],
): void {
  if (count.some((n) => n === 0)) return
  const axes = merged(sourceStrides, targetStrides, count)
  const last = axes.pop()
  if (!last) {
    target[to] = source[from]
    return
  }
  const { s, t, n: inner } = last
  const index = new Array<number>(axes.length).fill(0)
  for (;;) {
    if (s === 1 && t === 1) {
      const row = source.subarray(from, from + inner)
      ;(target as Float32Array).set(row as Float32Array, to)
    } else {
      for (let i = 0, a = from, b = to; i < inner; i++, a += s, b += t) target[b] = source[a]
    }
    let axis = axes.length - 1
    for (; axis >= 0; axis--) {
      from += axes[axis].s
      to += axes[axis].t
      if (++index[axis] < axes[axis].n) break
      from -= axes[axis].n * axes[axis].s
      to -= axes[axis].n * axes[axis].t
      index[axis] = 0
    }
    if (axis < 0) return
  }
}
