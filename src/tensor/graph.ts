import type { DType, TypedArray } from './dtype.ts'
import type { Shape } from './shape.ts'

/**
 * A symbolic tensor: the `index`-th output of a node of the program. It has a static shape and dtype and no
 * values; operations on it add nodes to the program. Methods are in methods.ts.
 */
export class Tensor {
  /** @internal */
  readonly node: Node
  /** @internal */
  readonly index: number
  readonly shape: Shape
  readonly dtype: DType

  /** @internal */
  constructor(node: Node, index: number, shape: Shape, dtype: DType) {
    this.node = node
    this.index = index
    this.shape = shape
    this.dtype = dtype
  }

  get rank(): number {
    return this.shape.length
  }

  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1)
  }
}

/** One application of a primitive. Ids grow along the program: the inputs of a node have smaller ids. */
export interface Node {
  readonly id: number
  readonly op: Primitive
  readonly inputs: readonly Tensor[]
  readonly attrs: Attributes
  readonly outputs: readonly Tensor[]
}

export type Attribute = number | string | boolean | readonly number[] | TypedArray | Body | undefined
export type Attributes = Readonly<Record<string, Attribute>>

/** A closed function of its parameters, the body of a loop. */
export interface Body {
  readonly parameters: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

/** Values on the host while the reference evaluator computes; every dtype as float64. */
export interface Values {
  readonly shape: Shape
  readonly data: Float64Array
}

/** What the ONNX writer offers to a primitive that writes itself. Names are those of ONNX values. */
export interface Emitter {
  /** Adds an ONNX node and returns the names of its outputs. */
  add(type: string, inputs: readonly string[], attributes?: OnnxAttributes, outputs?: number): string[]
  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): string
  /** A constant of the given dtype and shape. */
  constant(dtype: DType, shape: Shape, data: TypedArray): string
  /** A scalar constant. */
  scalar(dtype: DType, value: number): string
  /** A loop body as an ONNX graph from `parameters` to `outputs`; `captured` are known there by their outer names. */
  body(
    parameters: readonly Tensor[],
    captured: ReadonlyMap<Tensor, string>,
    outputs: readonly Tensor[],
  ): OnnxBody
  /** Which outputs of the node some other node or the program uses. */
  used(node: Node): boolean[]
}

export interface OnnxBody {
  readonly onnxGraph: Uint8Array
}
export type OnnxAttributes = Readonly<
  Record<string, number | string | readonly number[] | OnnxBody | FloatAttribute>
>
export interface FloatAttribute {
  readonly float: number
}

/** What is known of one operation. Its derivative is in derivative/. */
export interface Primitive {
  readonly name: string
  /**
   * What a composite stands for, in terms of other operations. A composite has a derivative of its own and is
   * replaced by this before a program is written; intermediate results that its derivative builds again are shared.
   */
  expand?(inputs: readonly Tensor[], node: Node): readonly Tensor[]
  /** Values of the outputs, by definition and without regard for speed. */
  evaluate(inputs: readonly Values[], node: Node): Values[]
  /** ONNX for the operation; returns the names of the outputs. */
  emit(emitter: Emitter, node: Node, inputs: readonly string[]): string[]
}

let nextId = 0

/** Adds a node; `outputs` are the shapes and dtypes of its results. */
export function addNode(
  op: Primitive,
  inputs: readonly Tensor[],
  attrs: Attributes,
  outputs: readonly { shape: Shape; dtype: DType }[],
): Node {
  const node = { id: nextId++, op, inputs, attrs, outputs: [] as Tensor[] }
  for (const [i, { shape, dtype }] of outputs.entries()) node.outputs.push(new Tensor(node, i, shape, dtype))
  return node
}

/** Adds a node with a single output and returns that. */
export function apply(
  op: Primitive,
  inputs: readonly Tensor[],
  shape: Shape,
  dtype: DType = inputs[0].dtype,
  attrs: Attributes = {},
): Tensor {
  return addNode(op, inputs, attrs, [{ shape, dtype }]).outputs[0]
}

/**
 * Every node that `outputs` need, inputs before users, not looking past the tensors of `known`. Iterative: programs
 * are deep.
 */
export function nodesOf(outputs: readonly Tensor[], known?: { has(t: Tensor): boolean }): Node[] {
  const seen = new Set<Node>()
  const stack: Node[] = []
  const visit = (t: Tensor) => {
    if (!seen.has(t.node) && !known?.has(t)) stack.push(t.node)
  }
  outputs.forEach(visit)
  while (stack.length) {
    const node = stack.pop() as Node
    if (seen.has(node)) continue
    seen.add(node)
    node.inputs.forEach(visit)
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

/** The tensors `outputs` computed anew with every tensor in `map` replaced; what does not depend on one is shared. */
export function substitute(outputs: readonly Tensor[], map: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const replaced = new Map(map)
  const get = (t: Tensor) => replaced.get(t) ?? t
  for (const node of nodesOf(outputs, map)) {
    const inputs = node.inputs.map(get)
    if (inputs.every((t, i) => t === node.inputs[i])) continue
    const copy = addNode(node.op, inputs, node.attrs, node.outputs)
    for (const [i, t] of node.outputs.entries()) if (!replaced.has(t)) replaced.set(t, copy.outputs[i])
  }
  return outputs.map(get)
}
