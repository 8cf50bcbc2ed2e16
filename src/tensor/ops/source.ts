import { arrayOf, type DType, type TypedArray } from '../dtype.ts'
import { apply, type Primitive, type Tensor } from '../graph.ts'
import { type Shape, shapeError, show, sizeOf } from '../shape.ts'

/** An input of a program, fed by name when it runs. */
export const inputPrimitive: Primitive = {
  name: 'input',
  evaluate(_, node) {
    throw shapeError('input', `'${node.attrs.name}' has no value here`)
  },
  emit() {
    throw new Error('inputs are named by the writer')
  },
}

/** Values known when the program is built. */
export const constantPrimitive: Primitive = {
  name: 'constant',
  evaluate(_, node) {
    return [
      { shape: node.outputs[0].shape, data: Float64Array.from(node.attrs.data as Float64Array, Number) },
    ]
  },
  emit(e, node) {
    const { dtype, shape } = node.outputs[0]
    return [e.constant(dtype, shape, node.attrs.data as TypedArray)]
  },
}

/** A named input of the given shape. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  for (const n of shape)
    if (!Number.isInteger(n) || n < 1)
      throw shapeError('input', `'${name}' has shape ${show(shape)}; every axis must be a whole number >= 1`)
  return apply(inputPrimitive, [], [...shape], dtype, { name })
}

/** A number, or lists of equal length of them to any depth. */
export type Nested = number | boolean | readonly Nested[]

/** A constant from a number, nested lists, or flat data with a shape. */
export function constant(value: Nested | TypedArray, options: { shape?: Shape; dtype?: DType } = {}): Tensor {
  const dtype = options.dtype ?? 'float32'
  const flat = ArrayBuffer.isView(value) ? value : flatten(value)
  const shape = options.shape ?? (ArrayBuffer.isView(value) ? [value.length] : nestedShape(value))
  if (flat.length !== sizeOf(shape))
    throw shapeError(
      'constant',
      `${flat.length} values do not fill shape ${show(shape)} (${sizeOf(shape)} values)`,
    )
  const Ctor = arrayOf(dtype)
  if (dtype === 'float16' || dtype === 'bfloat16') {
    if (!(flat instanceof Uint16Array)) throw shapeError('constant', `${dtype} is made by .cast('${dtype}')`)
    return apply(constantPrimitive, [], [...shape], dtype, { data: flat })
  }
  const data = flat instanceof Ctor ? flat : convert(flat, dtype)
  return apply(constantPrimitive, [], [...shape], dtype, { data })
}

/** Whether `t` is a constant, and if so its single value when all elements agree. */
export function constantValue(t: Tensor): number | undefined {
  if (t.node.op !== constantPrimitive || t.dtype === 'float16' || t.dtype === 'bfloat16') return undefined
  const data = t.node.attrs.data as TypedArray
  const first = data[0]
  if (data.length > 64) return undefined
  for (const v of data) if (v !== first) return undefined
  return Number(first)
}

/** A constant of zeros. */
export function zeros(shape: Shape, dtype: DType = 'float32'): Tensor {
  return constant(convert(new Float64Array(sizeOf(shape)), dtype), { shape, dtype })
}

/** A constant of ones. */
export function ones(shape: Shape, dtype: DType = 'float32'): Tensor {
  return constant(convert(new Float64Array(sizeOf(shape)).fill(1), dtype), { shape, dtype })
}

/** 0, 1, .. n - 1. */
export function arange(n: number, dtype: DType = 'float32'): Tensor {
  return constant(
    convert(
      Float64Array.from({ length: n }, (_, i) => i),
      dtype,
    ),
    { dtype },
  )
}

/** Numbers as the host storage of `dtype`. */
export function convert(values: ArrayLike<number | bigint | boolean>, dtype: DType): TypedArray {
  const n = values.length
  if (dtype === 'int64') {
    const out = new BigInt64Array(n)
    for (let i = 0; i < n; i++) out[i] = BigInt(Number(values[i]))
    return out
  }
  const out = new (arrayOf(dtype) as Float64ArrayConstructor)(n)
  for (let i = 0; i < n; i++) out[i] = dtype === 'bool' ? Number(Boolean(values[i])) : Number(values[i])
  return out
}

function flatten(value: Nested): number[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [Number(value)]
}

function nestedShape(value: Nested): number[] {
  if (!Array.isArray(value)) return []
  const inner = value.map(nestedShape)
  if (inner.some((s) => s.join() !== inner[0].join()))
    throw shapeError('constant', 'nested lists have unequal lengths')
  return [value.length, ...(inner[0] ?? [])]
}
