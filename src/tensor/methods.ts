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
  maximum(other: TensorLike): Tensor
  minimum(other: TensorLike): Tensor
  square(): Tensor
  sum(axes?: Axes, options?: ReduceOptions): Tensor
  mean(axes?: Axes, options?: ReduceOptions): Tensor
  max(axes?: Axes, options?: ReduceOptions): Tensor
  /** Sum of squares in one pass. */
  sumSquare(axes?: Axes, options?: ReduceOptions): Tensor
  matmul(other: Tensor, options?: MatmulOptions): Tensor
  softmax(): Tensor
  reshape(...shape: number[]): Tensor
  transpose(...perm: number[]): Tensor
  expand(...shape: number[]): Tensor
  slice(...ranges: Range[]): Tensor
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
