import { type DType, isFloat } from '../dtype.ts'
import { apply, type Primitive, type Tensor, type Values } from '../graph.ts'
import { broadcastShapes, type Shape, shapeError, show, sizeOf, stridesOf } from '../shape.ts'
import { constant, constantValue } from './source.ts'

/** Anything that stands for a tensor beside another: a number takes the other's dtype. */
export type TensorLike = Tensor | number | boolean

// --- one argument ---------------------------------------------------------------------------------------------

function unary(name: string, onnx: string, f: (x: number) => number): Primitive {
  return {
    name,
    evaluate: ([x], node) => [{ shape: node.outputs[0].shape, data: x.data.map(f) }],
    emit: (e, _, inputs) => e.add(onnx, inputs),
  }
}

export const unaryPrimitives = {
  neg: unary('neg', 'Neg', (x) => -x),
  abs: unary('abs', 'Abs', Math.abs),
  sign: unary('sign', 'Sign', Math.sign),
  floor: unary('floor', 'Floor', Math.floor),
  exp: unary('exp', 'Exp', Math.exp),
  log: unary('log', 'Log', Math.log),
  sqrt: unary('sqrt', 'Sqrt', Math.sqrt),
  reciprocal: unary('reciprocal', 'Reciprocal', (x) => 1 / x),
  sin: unary('sin', 'Sin', Math.sin),
  cos: unary('cos', 'Cos', Math.cos),
  atan: unary('atan', 'Atan', Math.atan),
  tanh: unary('tanh', 'Tanh', Math.tanh),
  sigmoid: unary('sigmoid', 'Sigmoid', (x) => 1 / (1 + Math.exp(-x))),
  erf: unary('erf', 'Erf', erf),
  relu: unary('relu', 'Relu', (x) => Math.max(x, 0)),
  not: unary('not', 'Not', (x) => (x ? 0 : 1)),
  /** The identity, through which no gradient flows. */
  stopGradient: unary('stopGradient', 'Identity', (x) => x),
} satisfies Record<string, Primitive>

/** Element-wise function of one tensor, by the name of its primitive. */
export function map(name: keyof typeof unaryPrimitives, x: Tensor): Tensor {
  if (name === 'not' ? x.dtype !== 'bool' : x.dtype === 'bool')
    throw shapeError(name, `takes ${name === 'not' ? 'bool' : 'numbers'}, not ${x.dtype}`)
  if (name === 'neg' && x.node.op === unaryPrimitives.neg) return x.node.inputs[0]
  return apply(unaryPrimitives[name], [x], x.shape)
}

/** erf to full double precision: power series near 0, continued fraction of erfc beyond (Abramowitz & Stegun 7.1). */
function erf(x: number): number {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a < 2.5) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction)
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + fraction)))
}

// --- two arguments --------------------------------------------------------------------------------------------

function binary(name: string, onnx: string, f: (a: number, b: number) => number): Primitive {
  return {
    name,
    evaluate: ([a, b], node) => [zip(a, b, node.outputs[0].shape, f)],
    emit: (e, _, inputs) => e.add(onnx, inputs),
  }
}

export const binaryPrimitives = {
  add: binary('add', 'Add', (a, b) => a + b),
  sub: binary('sub', 'Sub', (a, b) => a - b),
  mul: binary('mul', 'Mul', (a, b) => a * b),
  div: binary('div', 'Div', (a, b) => a / b),
  pow: binary('pow', 'Pow', (a, b) => a ** b),
  max: binary('max', 'Max', Math.max),
  min: binary('min', 'Min', Math.min),
  less: binary('less', 'Less', (a, b) => Number(a < b)),
  lessEqual: binary('lessEqual', 'LessOrEqual', (a, b) => Number(a <= b)),
  greater: binary('greater', 'Greater', (a, b) => Number(a > b)),
  greaterEqual: binary('greaterEqual', 'GreaterOrEqual', (a, b) => Number(a >= b)),
  equal: binary('equal', 'Equal', (a, b) => Number(a === b)),
  and: binary('and', 'And', (a, b) => Number(a && b)),
  or: binary('or', 'Or', (a, b) => Number(a || b)),
} satisfies Record<string, Primitive>

export type BinaryName = keyof typeof binaryPrimitives
const comparisons = new Set<BinaryName>(['less', 'lessEqual', 'greater', 'greaterEqual', 'equal'])
const logical = new Set<BinaryName>(['and', 'or'])

/** Element-wise function of two tensors that broadcast. Numbers take the dtype of the other operand. */
export function combine(name: BinaryName, left: TensorLike, right: TensorLike): Tensor {
  const [a, b] = promote(name, left, right)
  if (logical.has(name) !== (a.dtype === 'bool') && name !== 'equal')
    throw shapeError(name, `takes ${logical.has(name) ? 'bool' : 'numbers'}, not ${a.dtype}`)
  const shape = broadcastShapes(name, a.shape, b.shape)
  const same = simplify(name, a, b, shape)
  if (same) return same
  return apply(binaryPrimitives[name], [a, b], shape, comparisons.has(name) ? 'bool' : a.dtype)
}

/** x + 0, x - 0, x * 1, x / 1 and x ** 1 are x: derivatives are full of them. */
function simplify(name: BinaryName, a: Tensor, b: Tensor, shape: Shape): Tensor | undefined {
  const fits = (t: Tensor) => t.rank === shape.length && t.shape.every((n, i) => n === shape[i])
  const vb = constantValue(b)
  const va = constantValue(a)
  if (
    fits(a) &&
    ((vb === 0 && (name === 'add' || name === 'sub')) ||
      (vb === 1 && (name === 'mul' || name === 'div' || name === 'pow')))
  )
    return a
  if (fits(b) && ((va === 0 && name === 'add') || (va === 1 && name === 'mul'))) return b
  return undefined
}

/** Element-wise choice: `a` where `condition` holds, else `b`. */
export const wherePrimitive: Primitive = {
  name: 'where',
  evaluate([c, a, b], node) {
    const shape = node.outputs[0].shape
    const chosen = zip(
      zip(c, a, shape, (_, v) => v),
      b,
      shape,
      (v) => v,
    )
    const other = zip(c, b, shape, (_, v) => v)
    const mask = zip(c, a, shape, (v) => v)
    return [{ shape, data: chosen.data.map((v, i) => (mask.data[i] ? v : other.data[i])) }]
  },
  emit: (e, _, inputs) => e.add('Where', inputs),
}

/** `a` where `condition` is not 0, else `b`; shapes broadcast. */
export function where(condition: Tensor, left: TensorLike, right: TensorLike): Tensor {
  if (condition.dtype !== 'bool') throw shapeError('where', `the condition is ${condition.dtype}, not bool`)
  const [a, b] = promote('where', left, right)
  const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', a.shape, b.shape))
  return apply(wherePrimitive, [condition, a, b], shape, a.dtype)
}

export const onnxTypes: Record<DType, number> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
}

export const castPrimitive: Primitive = {
  name: 'cast',
  evaluate([x], node) {
    const { dtype, shape } = node.outputs[0]
    const f =
      dtype === 'bool' ? (v: number) => Number(v !== 0) : isFloat(dtype) ? (v: number) => v : Math.trunc
    return [{ shape, data: x.data.map(f) }]
  },
  emit: (e, node, inputs) => e.add('Cast', inputs, { to: onnxTypes[node.outputs[0].dtype] }),
}

export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(castPrimitive, [x], x.shape, dtype)
}

function promote(op: string, left: TensorLike, right: TensorLike): [Tensor, Tensor] {
  const dtype = typeof left === 'object' ? left.dtype : typeof right === 'object' ? right.dtype : 'float32'
  const lift = (v: TensorLike) =>
    typeof v === 'object'
      ? v
      : dtype === 'float16' || dtype === 'bfloat16'
        ? cast(constant(v), dtype)
        : constant(v, { dtype })
  const [a, b] = [lift(left), lift(right)]
  if (a.dtype !== b.dtype)
    throw shapeError(
      op,
      `mixes ${a.dtype} ${show(a.shape)} with ${b.dtype} ${show(b.shape)}; cast one of them`,
    )
  return [a, b]
}

/** f over two broadcast arrays. */
function zip(a: Values, b: Values, shape: Shape, f: (a: number, b: number) => number): Values {
  const n = sizeOf(shape)
  const data = new Float64Array(n)
  const strides = stridesOf(shape)
  const step = (v: Values) => {
    const own = stridesOf(v.shape)
    const skip = shape.length - v.shape.length
    return shape.map((_, i) => (i < skip || v.shape[i - skip] === 1 ? 0 : own[i - skip]))
  }
  const [sa, sb] = [step(a), step(b)]
  for (let i = 0; i < n; i++) {
    let ia = 0
    let ib = 0
    for (let axis = 0, rest = i; axis < shape.length; axis++) {
      const k = Math.floor(rest / strides[axis])
      rest -= k * strides[axis]
      ia += k * sa[axis]
      ib += k * sb[axis]
    }
    data[i] = f(a.data[ia], b.data[ib])
  }
  return { shape, data }
}
