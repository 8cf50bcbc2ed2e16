import './methods.ts'
import './derivative/elementwise.ts'
import './derivative/layout.ts'
import './derivative/products.ts'
import './derivative/scan.ts'

export { compile, type Program, type Signature, type Signatures } from './compile.ts'
export { grad, jvp, vjp } from './derivative/grad.ts'
export type { DType, TypedArray } from './dtype.ts'
export { einsum } from './einsum.ts'
export { type Exported, type ExportOptions, exportOnnx } from './export.ts'
export { Tensor } from './graph.ts'
export type { Axes } from './methods.ts'
export { gelu, logSigmoid, silu, softplus, squaredRelu } from './ops/activation.ts'
export { attention } from './ops/attention.ts'
export { type ConvOptions, conv, convTranspose, convZonal, type Pair } from './ops/conv.ts'
export { type TensorLike, where } from './ops/elementwise.ts'
export {
  concat,
  gather,
  pad,
  padPeriodic,
  type Range,
  scatterAdd,
  slice,
  split,
  stack,
} from './ops/layout.ts'
export { linear, type MatmulOptions, matmul } from './ops/matmul.ts'
export { layerNorm, softmax } from './ops/normalise.ts'
export type { ReduceOptions } from './ops/reduce.ts'
export { type ScanOptions, scan } from './ops/scan.ts'
export { roll, shift } from './ops/shift.ts'
export { arange, constant, input, type Nested, ones, zeros } from './ops/source.ts'
export { chooseDevice, type Device, devices } from './run/device.ts'
export type { HostTensor, Tensors } from './run/messages.ts'
export {
  Executable,
  type Feeds,
  type LoadOptions,
  Runtime,
  type RuntimeOptions,
  Store,
} from './run/runtime.ts'
export type { Shape } from './shape.ts'
