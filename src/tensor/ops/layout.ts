import { addNode, apply, type Primitive, type Tensor, type Values } from '../graph.ts'
import { normaliseAxis, sameShape, shapeError, show, sizeOf, stridesOf } from '../shape.ts'
import { constantPrimitive } from './source.ts'

export const reshapePrimitive: Primitive = {
  name: 'reshape',
  evaluate: ([x], node) => [{ shape: node.outputs[0].shape, data: x.data }],
  emit: (e, node, [x]) => e.add('Reshape', [x, e.ints(node.outputs[0].shape)]),
}

/** The same values in another shape; one axis may be -1 and is then worked out. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const free = shape.indexOf(-1)
  const known = shape.reduce((a, n) => (n === -1 ? a : a * n), 1)
  const full = free < 0 ? [...shape] : shape.map((n, i) => (i === free ? x.size / known : n))
  if (sizeOf(full) !== x.size || full.some((n) => !Number.isInteger(n)))
    throw shapeError('reshape', `${show(x.shape)} (${x.size} values) does not fill ${show(shape)}`)
  if (sameShape(full, x.shape)) return x
  const from = x.node.op === reshapePrimitive ? x.node.inputs[0] : x
  return sameShape(full, from.shape) ? from : apply(reshapePrimitive, [from], full)
}

export const transposePrimitive: Primitive = {
  name: 'transpose',
  evaluate([x], node) {
    const perm = node.attrs.perm as readonly number[]
    const strides = stridesOf(x.shape)
    return [pick(x, node.outputs[0].shape, (index) => index.reduce((o, k, i) => o + k * strides[perm[i]], 0))]
  },
  emit: (e, node, [x]) => e.add('Transpose', [x], { perm: node.attrs.perm as number[] }),
}

/** Axes in the order of `perm`; reversed without it. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  const order = perm ? perm.map((a) => normaliseAxis('transpose', a, x.rank)) : [...x.shape.keys()].reverse()
  if (order.length !== x.rank || new Set(order).size !== x.rank)
    throw shapeError('transpose', `${show(order)} is not an order of the ${x.rank} axes of ${show(x.shape)}`)
  if (order.every((a, i) => a === i)) return x
  if (x.node.op === transposePrimitive) {
    const inner = x.node.attrs.perm as readonly number[]
    return transpose(
      x.node.inputs[0],
      order.map((a) => inner[a]),
    )
  }
  return apply(
    transposePrimitive,
    [x],
    order.map((a) => x.shape[a]),
    x.dtype,
    { perm: order },
  )
}

export const expandPrimitive: Primitive = {
  name: 'expand',
  evaluate([x], node) {
    const shape = node.outputs[0].shape
    const skip = shape.length - x.shape.length
    const strides = stridesOf(x.shape)
    return [
      pick(x, shape, (index) =>
        x.shape.reduce((o, n, i) => o + (n === 1 ? 0 : index[i + skip] * strides[i]), 0),
      ),
    ]
  },
  emit: (e, node, [x]) => e.add('Expand', [x, e.ints(node.outputs[0].shape)]),
}

/** x repeated along axes of size 1 (and new leading axes) to fill `shape`. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x
  const skip = shape.length - x.rank
  if (skip < 0 || x.shape.some((n, i) => n !== 1 && n !== shape[i + skip]))
    throw shapeError('expand', `${show(x.shape)} does not stretch to ${show(shape)}`)
  return apply(expandPrimitive, [x], [...shape])
}

export const slicePrimitive: Primitive = {
  name: 'slice',
  evaluate([x], node) {
    const starts = node.attrs.starts as readonly number[]
    const steps = node.attrs.steps as readonly number[]
    const strides = stridesOf(x.shape)
    return [
      pick(x, node.outputs[0].shape, (index) =>
        index.reduce((o, k, i) => o + (starts[i] + k * steps[i]) * strides[i], 0),
      ),
    ]
  },
  emit(e, node, [x]) {
    const shape = node.outputs[0].shape
    const all = node.attrs.starts as readonly number[]
    const allSteps = node.attrs.steps as readonly number[]
    // Only the axes that are cut: whole axes cost time in some kernels.
    const axes = [...shape.keys()].filter((i) => shape[i] !== node.inputs[0].shape[i] || allSteps[i] !== 1)
    const starts = axes.map((i) => all[i])
    const steps = axes.map((i) => allSteps[i])
    // An end of -1 would mean the last element: a reversed axis ends before the beginning.
    const ends = axes.map((a, i) => {
      const end = starts[i] + shape[a] * steps[i]
      return end < 0 ? -(2 ** 31) : end
    })
    return e.add('Slice', [x, e.ints(starts), e.ints(ends), e.ints(axes), e.ints(steps)])
  },
}

/** One entry an axis: all of it, one index (the axis goes), or [start, stop) with an optional step. */
export type Range = null | number | readonly [start: number | null, stop: number | null, step?: number]

/** Part of x: `slice(x, null, 3, [0, -1], [null, null, -1])`; negative positions count from the end. */
export function slice(x: Tensor, ...ranges: readonly Range[]): Tensor {
  if (ranges.length > x.rank)
    throw shapeError('slice', `${ranges.length} ranges for the ${x.rank} axes of ${show(x.shape)}`)
  const starts: number[] = []
  const steps: number[] = []
  const shape: number[] = []
  const gone: number[] = []
  for (const [axis, n] of x.shape.entries()) {
    const range = ranges[axis] ?? null
    if (typeof range === 'number') {
      const k = normaliseIndex(range, n, axis, x)
      starts.push(k)
      steps.push(1)
      shape.push(1)
      gone.push(axis)
      continue
    }
    const [start, stop, step = 1] = range ?? [null, null]
    if (!Number.isInteger(step) || step === 0) throw shapeError('slice', `step ${step} on axis ${axis}`)
    const clamp = (v: number | null, otherwise: number) =>
      v === null ? otherwise : Math.max(step > 0 ? 0 : -1, Math.min(v < 0 ? v + n : v, step > 0 ? n : n - 1))
    const from = clamp(start, step > 0 ? 0 : n - 1)
    const count = Math.ceil((clamp(stop, step > 0 ? n : -1) - from) / step)
    if (count < 1)
      throw shapeError('slice', `range ${JSON.stringify(range)} of axis ${axis} of ${show(x.shape)} is empty`)
    starts.push(from)
    steps.push(step)
    shape.push(count)
  }
  const part =
    sameShape(shape, x.shape) && steps.every((s) => s === 1)
      ? x
      : apply(slicePrimitive, [x], shape, x.dtype, { starts, steps })
  return gone.length
    ? reshape(
        part,
        shape.filter((_, i) => !gone.includes(i)),
      )
    : part
}

function normaliseIndex(index: number, n: number, axis: number, x: Tensor): number {
  if (!Number.isInteger(index) || index < -n || index >= n)
    throw shapeError('slice', `index ${index} is outside axis ${axis} of ${show(x.shape)}`)
  return index < 0 ? index + n : index
}

export const concatPrimitive: Primitive = {
  name: 'concat',
  evaluate(inputs, node) {
    const axis = node.attrs.axis as number
    const shape = node.outputs[0].shape
    const data = new Float64Array(sizeOf(shape))
    const outer = sizeOf(shape.slice(0, axis))
    const row = sizeOf(shape.slice(axis))
    let offset = 0
    for (const x of inputs) {
      const own = sizeOf(x.shape.slice(axis))
      for (let o = 0; o < outer; o++) data.set(x.data.subarray(o * own, (o + 1) * own), o * row + offset)
      offset += own
    }
    return [{ shape, data }]
  },
  emit: (e, node, inputs) => e.add('Concat', inputs, { axis: node.attrs.axis as number }),
}

/** Tensors one after the other along `axis`; the other axes agree. */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  if (parts.length === 0) throw shapeError('concat', 'there is nothing to join')
  const [first] = parts
  const k = normaliseAxis('concat', axis, first.rank)
  for (const p of parts)
    if (
      p.rank !== first.rank ||
      p.dtype !== first.dtype ||
      p.shape.some((n, i) => i !== k && n !== first.shape[i])
    )
      throw shapeError(
        'concat',
        `${p.dtype} ${show(p.shape)} does not continue ${first.dtype} ${show(first.shape)} along axis ${k}`,
      )
  if (parts.length === 1) return first
  const total = parts.reduce((n, p) => n + p.shape[k], 0)
  return apply(
    concatPrimitive,
    parts,
    first.shape.map((n, i) => (i === k ? total : n)),
    first.dtype,
    { axis: k },
  )
}

/** Tensors of one shape stacked along a new axis. */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  const k = normaliseAxis('stack', axis, (parts[0]?.rank ?? 0) + 1)
  return concat(
    parts.map((p) => reshape(p, p.shape.toSpliced(k, 0, 1))),
    k,
  )
}

export const padPrimitive: Primitive = {
  name: 'pad',
  evaluate([x], node) {
    const before = node.attrs.before as readonly number[]
    const shape = node.outputs[0].shape
    const strides = stridesOf(shape)
    const data = new Float64Array(sizeOf(shape))
    each(x.shape, (index, i) => {
      data[index.reduce((o, k, axis) => o + (k + before[axis]) * strides[axis], 0)] = x.data[i]
    })
    return [{ shape, data }]
  },
  emit: (e, node, [x]) =>
    e.add('Pad', [x, e.ints([...(node.attrs.before as number[]), ...(node.attrs.after as number[])])], {
      mode: 'constant',
    }),
}

/** x with `before[i]` zeros in front of and `after[i]` behind axis i. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  if (
    before.length !== x.rank ||
    after.length !== x.rank ||
    [...before, ...after].some((n) => !Number.isInteger(n) || n < 0)
  )
    throw shapeError('pad', `widths ${show(before)} and ${show(after)} do not fit ${show(x.shape)}`)
  if (before.every((n) => n === 0) && after.every((n) => n === 0)) return x
  return apply(
    padPrimitive,
    [x],
    x.shape.map((n, i) => n + before[i] + after[i]),
    x.dtype,
    {
      before: [...before],
      after: [...after],
    },
  )
}

/** x continued periodically by `width` on both sides of `axis`, as longitude is. */
export function padPeriodic(x: Tensor, axis: number, width: number): Tensor {
  const k = normaliseAxis('padPeriodic', axis, x.rank)
  if (!Number.isInteger(width) || width < 0 || width > x.shape[k])
    throw shapeError('padPeriodic', `width ${width} on axis ${k} of ${show(x.shape)}`)
  if (width === 0) return x
  const part = (range: Range) => slice(x, ...x.shape.map((_, i) => (i === k ? range : null)))
  return concat([part([-width, null]), x, part([0, width])], k)
}

export const gatherPrimitive: Primitive = {
  name: 'gather',
  evaluate([x, index], node) {
    const axis = node.attrs.axis as number
    const n = x.shape[axis]
    const strides = stridesOf(x.shape)
    return [
      pick(x, node.outputs[0].shape, (position) => {
        const inner = position.slice(axis, axis + index.shape.length)
        const k = index.data[inner.reduce((o, p, i) => o * index.shape[i] + p, 0)]
        const full = [
          ...position.slice(0, axis),
          k < 0 ? k + n : k,
          ...position.slice(axis + index.shape.length),
        ]
        return full.reduce((o, p, i) => o + p * strides[i], 0)
      }),
    ]
  },
  emit: (e, node, inputs) => e.add('Gather', inputs, { axis: node.attrs.axis as number }),
}

/** Entries of x along `axis` at the int64 positions `index`, whose axes take the place of `axis`. */
export function gather(x: Tensor, index: Tensor, axis = 0): Tensor {
  const k = normaliseAxis('gather', axis, x.rank)
  if (index.dtype !== 'int64') throw shapeError('gather', `positions are ${index.dtype}, not int64`)
  if (index.node.op === constantPrimitive)
    for (const v of index.node.attrs.data as BigInt64Array)
      if (v >= x.shape[k] || v < -x.shape[k])
        throw shapeError('gather', `position ${v} is outside axis ${k} of ${show(x.shape)}`)
  const shape = [...x.shape.slice(0, k), ...index.shape, ...x.shape.slice(k + 1)]
  return apply(gatherPrimitive, [x, index], shape, x.dtype, { axis: k })
}

export const scatterAddPrimitive: Primitive = {
  name: 'scatterAdd',
  evaluate([values, index], node) {
    const shape = node.outputs[0].shape
    const data = new Float64Array(sizeOf(shape))
    const row = sizeOf(shape.slice(1))
    index.data.forEach((k, i) => {
      const at = (k < 0 ? k + shape[0] : k) * row
      for (let j = 0; j < row; j++) data[at + j] += values.data[i * row + j]
    })
    return [{ shape, data }]
  },
  emit(e, node, [values, index]) {
    const { shape, dtype } = node.outputs[0]
    const empty = e.add('Expand', [e.scalar(dtype, 0), e.ints(shape)])[0]
    const column = e.add('Reshape', [index, e.ints([...node.inputs[1].shape, 1])])[0]
    return e.add('ScatterND', [empty, column, values], { reduction: 'add' })
  },
}

/** Zeros of `length` rows, with the rows of `values` added at the int64 positions `index` (repeats add up). */
export function scatterAdd(values: Tensor, index: Tensor, length: number): Tensor {
  if (index.dtype !== 'int64' || !sameShape(values.shape.slice(0, index.rank), index.shape))
    throw shapeError(
      'scatterAdd',
      `values ${show(values.shape)} do not fit ${index.dtype} positions ${show(index.shape)}`,
    )
  return apply(
    scatterAddPrimitive,
    [values, index],
    [length, ...values.shape.slice(index.rank)],
    values.dtype,
  )
}

/** Values of `shape` whose element at an index is x's element at the returned offset. */
function pick(x: Values, shape: readonly number[], from: (index: number[]) => number): Values {
  const data = new Float64Array(sizeOf(shape))
  each(shape, (index, i) => {
    data[i] = x.data[from(index)]
  })
  return { shape, data }
}

function each(shape: readonly number[], visit: (index: number[], i: number) => void) {
  const n = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  for (let i = 0; i < n; i++) {
    visit(index, i)
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0
  }
}

/** Consecutive pieces of the given sizes along an axis. */
export const splitPrimitive: Primitive = {
  name: 'split',
  evaluate([x], node) {
    const axis = node.attrs.axis as number
    const strides = stridesOf(x.shape)
    let start = 0
    return node.outputs.map(({ shape }) => {
      const offset = start * strides[axis]
      start += shape[axis]
      return pick(x, shape, (index) => index.reduce((o, k, i) => o + k * strides[i], offset))
    })
  },
  emit: (e, node, [x]) =>
    e.add(
      'Split',
      [x, e.ints(node.attrs.sizes as number[])],
      { axis: node.attrs.axis as number },
      node.outputs.length,
    ),
}

/** x cut into consecutive pieces along `axis`: into `parts` equal ones, or into pieces of the given sizes. */
export function split(x: Tensor, parts: number | readonly number[], axis = -1): Tensor[] {
  const k = normaliseAxis('split', axis, x.rank)
  const sizes = typeof parts === 'number' ? new Array<number>(parts).fill(x.shape[k] / parts) : [...parts]
  if (sizes.some((n) => !Number.isInteger(n) || n < 1) || sizes.reduce((a, b) => a + b, 0) !== x.shape[k])
    throw shapeError('split', `axis ${k} of ${show(x.shape)} does not divide into pieces of ${show(sizes)}`)
  if (sizes.length === 1) return [x]
  const pieces = sizes.map((n) => ({ shape: x.shape.map((m, i) => (i === k ? n : m)), dtype: x.dtype }))
  return [...addNode(splitPrimitive, [x], { axis: k, sizes }, pieces).outputs]
}
