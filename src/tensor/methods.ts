import type { DType } from './dtype.ts'
import { Tensor } from './graph.ts'
import { type BinaryName, cast, combine, map, type TensorLike, unaryPrimitives } from './ops/elementwise.ts'
import { expand, type Range, reshape, slice, transpose } from './ops/layout.ts'
import { type MatmulOptions, matmul } from './ops/matmul.ts'
import { softmax } from './ops/normalise.ts'
import { type ReduceOptions, reduce } from './ops/reduce.ts'

/** One axis or several; negative ones count from the last. */
export type Axes = number | readonly number[]
type UnaryName = keyof typeof unaryPrimitives
type Unary = { [K in UnaryName]: () => Tensor }
type Binary = { [K in BinaryName]: (other: TensorLike) => Tensor }

/** The methods that make expressions read like mathematics: x.sub(y).square().mean(). */
interface Methods extends Unary, Omit<Binary, 'max' | 'min'> {
  /** The larger of two, by element. */
  maximum(other: TensorLike): Tensor
  /** The smaller of two, by element. */
  minimum(other: TensorLike): Tensor
  /** x times x. */
  square(): Tensor
  /** Sum over axes, over all by default. */
  sum(axes?: Axes, options?: ReduceOptions): Tensor
  /** Mean over axes, over all by default. */
  mean(axes?: Axes, options?: ReduceOptions): Tensor
  /** Largest over axes, over all by default. */
  max(axes?: Axes, options?: ReduceOptions): Tensor
  /** Sum of squares in one pass. */
  sumSquare(axes?: Axes, options?: ReduceOptions): Tensor
  /** Matrix product of the last two axes; those before broadcast. */
  matmul(other: Tensor, options?: MatmulOptions): Tensor
  /** exp(x) over its sum, along the last axis. */
  softmax(): Tensor
  /** The same values in another shape; -1 stands for what is left. */
  reshape(...shape: number[]): Tensor
  /** Axes in another order; reversed without one. */
  transpose(...perm: number[]): Tensor
  /** Axes of length 1 repeated to a shape. */
  expand(...shape: number[]): Tensor
  /** A range of each axis. */
  slice(...ranges: Range[]): Tensor
  /** Values in another type. */
  cast(dtype: DType): Tensor
}

declare module './graph.ts' {
  interface Tensor extends Methods {}
}

const methods: Record<string, (this: Tensor, ...args: never[]) => Tensor> = {}
for (const name of Object.keys(unaryPrimitives) as UnaryName[])
  methods[name] = function () {
    return map(name, this)
  }
const binaryNames: readonly BinaryName[] = [
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'equal',
  'and',
  'or',
]
for (const name of binaryNames)
  methods[name] = function (other: TensorLike) {
    return combine(name, this, other)
  }
for (const name of ['sum', 'mean', 'max', 'sumSquare'] as const)
  methods[name] = function (axes?: Axes, options?: ReduceOptions) {
    return reduce(name, this, axes, options)
  }

Object.assign(Tensor.prototype, methods, {
  maximum(this: Tensor, other: TensorLike) {
    return combine('max', this, other)
  },
  minimum(this: Tensor, other: TensorLike) {
    return combine('min', this, other)
  },
  square(this: Tensor) {
    return combine('mul', this, this)
  },
  matmul(this: Tensor, other: Tensor, options?: MatmulOptions) {
    return matmul(this, other, options)
  },
  softmax(this: Tensor) {
    return softmax(this)
  },
  reshape(this: Tensor, ...shape: number[]) {
    return reshape(this, shape)
  },
  transpose(this: Tensor, ...perm: number[]) {
    return transpose(this, perm.length ? perm : undefined)
  },
  expand(this: Tensor, ...shape: number[]) {
    return expand(this, shape)
  },
  slice(this: Tensor, ...ranges: Range[]) {
    return slice(this, ...ranges)
  },
  cast(this: Tensor, dtype: DType) {
    return cast(this, dtype)
  },
})
