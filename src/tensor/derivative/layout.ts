import type { Node, Tensor } from '../graph.ts'
import { cast, combine } from '../ops/elementwise.ts'
import {
  concat,
  concatPrimitive,
  expand,
  expandPrimitive,
  gather,
  gatherPrimitive,
  pad,
  padPrimitive,
  reshape,
  reshapePrimitive,
  scatterAdd,
  scatterAddPrimitive,
  slice,
  slicePrimitive,
  splitPrimitive,
  transpose,
  transposePrimitive,
} from '../ops/layout.ts'
import { reduce, reducePrimitives } from '../ops/reduce.ts'
import { roll, rollPrimitive, shift, shiftPrimitive } from '../ops/shift.ts'
import { zeros } from '../ops/source.ts'
import { defineVjp, sumTo } from './rules.ts'

defineVjp(reshapePrimitive, ({ inputs: [x] }, [g]) => [g && reshape(g, x.shape)])

defineVjp(transposePrimitive, (node, [g]) => {
  const perm = node.attrs.perm as readonly number[]
  const inverse = perm.map((_, i) => perm.indexOf(i))
  return [g && transpose(g, inverse)]
})

defineVjp(expandPrimitive, ({ inputs: [x] }, [g]) => [g && sumTo(g, x.shape)])

defineVjp(slicePrimitive, (node, [g]) => {
  if (!g) return []
  const [x] = node.inputs
  const starts = [...(node.attrs.starts as number[])]
  const steps = node.attrs.steps as readonly number[]
  let spread = g
  for (const [axis, step] of steps.entries()) {
    if (step < 0) {
      // A reversed axis is turned back; its first entry then is what the slice took last.
      starts[axis] += (g.shape[axis] - 1) * step
      spread = slice(spread, ...g.shape.map((_, i) => (i === axis ? ([null, null, -1] as const) : null)))
    }
    if (Math.abs(step) > 1) spread = dilate(spread, axis, Math.abs(step))
  }
  const after = x.shape.map((n, i) => n - starts[i] - spread.shape[i])
  return [pad(spread, starts, after)]
})

/** Zeros between the entries of `axis`: n entries become (n - 1) step + 1. */
function dilate(x: Tensor, axis: number, step: number): Tensor {
  const gaps = zeros([...x.shape.slice(0, axis + 1), step - 1, ...x.shape.slice(axis + 1)], x.dtype)
  const column = reshape(x, x.shape.toSpliced(axis + 1, 0, 1))
  const rows = reshape(
    concat([column, gaps], axis + 1),
    x.shape.map((n, i) => (i === axis ? n * step : n)),
  )
  return slice(rows, ...rows.shape.map((n, i) => (i === axis ? ([0, n - step + 1] as const) : null)))
}

defineVjp(concatPrimitive, (node, [g], needs) => {
  const axis = node.attrs.axis as number
  let offset = 0
  return node.inputs.map((x, i) => {
    const start = offset
    offset += x.shape[axis]
    return g && needs[i]
      ? slice(g, ...x.shape.map((_, k) => (k === axis ? ([start, offset] as const) : null)))
      : undefined
  })
})

defineVjp(splitPrimitive, (node, cotangents) => {
  const parts = cotangents.map((g, i) => g ?? zeros(node.outputs[i].shape, node.outputs[i].dtype))
  return [concat(parts, node.attrs.axis as number)]
})

defineVjp(padPrimitive, (node, [g]) => {
  const before = node.attrs.before as readonly number[]
  const { shape } = node.inputs[0]
  return [g && slice(g, ...shape.map((n, i) => [before[i], before[i] + n] as const))]
})

defineVjp(gatherPrimitive, (node, [g]) => {
  if (!g) return []
  const [x, index] = node.inputs
  const axis = node.attrs.axis as number
  // Rows are added along the first axis: bring the gathered axes there and take them back.
  const front = [...Array(index.rank).keys()].map((i) => i + axis)
  const rest = [...g.shape.keys()].filter((i) => !front.includes(i))
  const sums = scatterAdd(transpose(g, [...front, ...rest]), index, x.shape[axis])
  const back = x.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i))
  return [transpose(sums, back), undefined]
})

defineVjp(scatterAddPrimitive, ({ inputs: [, index] }, [g]) => [g && gather(g, index, 0), undefined])

/** g with the reduced axes back as axes of size 1. */
function kept(node: Node, g: Tensor): Tensor {
  const axes = node.attrs.axes as readonly number[]
  return reshape(
    g,
    node.inputs[0].shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  )
}

defineVjp(reducePrimitives.sum, (node, [g]) => [g && expand(kept(node, g), node.inputs[0].shape)])

defineVjp(reducePrimitives.mean, (node, [g]) => {
  const [x] = node.inputs
  return [g && expand(kept(node, combine('mul', g, node.outputs[0].size / x.size)), x.shape)]
})

defineVjp(reducePrimitives.sumSquare, (node, [g]) => {
  return [g && combine('mul', node.inputs[0], kept(node, combine('mul', g, 2)))]
})

defineVjp(reducePrimitives.max, (node, [g]) => {
  if (!g) return []
  const [x] = node.inputs
  const axes = node.attrs.axes as readonly number[]
  const hit = combine('equal', x, kept(node, node.outputs[0]))
  // Equal maxima share the cotangent.
  const mask = cast(hit, x.dtype)
  return [combine('mul', mask, combine('div', kept(node, g), reduce('sum', mask, axes, { keep: true })))]
})

// Both move values without mixing them: the adjoint moves them back.
defineVjp(rollPrimitive, (node, [g]) => [
  g && roll(g, -(node.attrs.shift as number), node.attrs.axis as number),
])
defineVjp(shiftPrimitive, (node, [g]) => [
  g && shift(g, -(node.attrs.shift as number), node.attrs.axis as number),
])
