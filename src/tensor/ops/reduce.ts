import { apply, type Emitter, type Node, type Primitive, type Tensor, type Values } from '../graph.ts'
import { normaliseAxes, shapeError, sizeOf, stridesOf } from '../shape.ts'
import { combine } from './elementwise.ts'

function reduction(name: string, emit: Primitive['emit'], fold: (xs: Float64Array) => number): Primitive {
  return { name, evaluate: ([x], node) => [reduceValues(x, node, fold)], emit }
}

const keep = (node: Node) => (node.attrs.keep ? 1 : 0)
const attrForm =
  (onnx: string) =>
  (e: Emitter, node: Node, [x]: readonly string[]) =>
    e.add(onnx, [x], { axes: node.attrs.axes as number[], keepdims: keep(node) })

export const reducePrimitives = {
  sum: reduction(
    'sum',
    (e, node, [x]) => e.add('ReduceSum', [x, e.ints(node.attrs.axes as number[])], { keepdims: keep(node) }),
    (xs) => xs.reduce((a, b) => a + b, 0),
  ),
  mean: reduction('mean', attrForm('ReduceMean'), (xs) => xs.reduce((a, b) => a + b, 0) / xs.length),
  /** Sum of squares: one pass over memory where squaring and summing would take two. */
  sumSquare: reduction('sumSquare', attrForm('ReduceSumSquare'), (xs) => xs.reduce((a, b) => a + b * b, 0)),
  max: reduction('max', attrForm('ReduceMax'), (xs) => xs.reduce((a, b) => Math.max(a, b), -Infinity)),
} satisfies Record<string, Primitive>

/** Whether reduced axes stay, of length 1. */
export interface ReduceOptions {
  /** Keep the reduced axes with size 1. */
  keep?: boolean
}

/** Reduces `axes` (all of them by default) of `x`. */
export function reduce(
  name: keyof typeof reducePrimitives,
  x: Tensor,
  axes?: number | readonly number[],
  { keep = false }: ReduceOptions = {},
): Tensor {
  if (x.dtype === 'bool') throw shapeError(name, 'takes numbers, not bool; cast first')
  const list = normaliseAxes(name, axes, x.rank)
  if (list.length === 0) return name === 'sumSquare' ? combine('mul', x, x) : x
  const shape = keep
    ? x.shape.map((n, i) => (list.includes(i) ? 1 : n))
    : x.shape.filter((_, i) => !list.includes(i))
  return apply(reducePrimitives[name], [x], shape, x.dtype, { axes: list, keep })
}

function reduceValues(x: Values, node: Node, fold: (xs: Float64Array) => number): Values {
  const axes = node.attrs.axes as readonly number[]
  const rest = x.shape.map((_, i) => i).filter((i) => !axes.includes(i))
  const strides = stridesOf(x.shape)
  const offsets = (chosen: readonly number[]) => {
    let list = [0]
    for (const a of chosen)
      list = list.flatMap((o) => Array.from({ length: x.shape[a] }, (_, k) => o + k * strides[a]))
    return list
  }
  const inner = offsets(axes)
  const values = offsets(rest).map((o) => fold(Float64Array.from(inner, (i) => x.data[o + i])))
  const shape = node.outputs[0].shape
  if (values.length !== sizeOf(shape)) throw new Error(`reduction of ${x.shape} gave ${values.length} values`)
  return { shape, data: Float64Array.from(values) }
}
