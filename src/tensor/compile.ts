import type { DType } from './dtype.ts'
import { nodesOf, type Tensor } from './graph.ts'
import { writeModel } from './onnx/model.ts'
import { inputPrimitive } from './ops/source.ts'
import { optimise } from './optimise.ts'
import { type Shape, shapeError, show } from './shape.ts'

/** Name, shape and dtype of an input or output of a program. */
export interface Signature {
  readonly name: string
  readonly shape: Shape
  readonly dtype: DType
}

/** What goes into a program and what comes out. */
export interface Signatures {
  readonly name: string
  /** What has to be fed. */
  readonly inputs: readonly Signature[]
  /** Inputs that turned out not to matter; feeding them is allowed and has no effect. */
  readonly unused: readonly Signature[]
  readonly outputs: readonly Signature[]
}

/** A program ready to run: its signatures and the ONNX model that computes it. */
export interface Program extends Signatures {
  readonly onnx: Uint8Array
  /** Number of operations written, bodies of loops counted once. */
  readonly size: number
  /** The tensors that the model computes, after optimisation, by name. */
  readonly graph: Readonly<Record<string, Tensor>>
}

/**
 * Compiles the named tensors, with all they depend on, to one ONNX model.
 * @throws ShapeError when two inputs, or an input and an output, share a name or there is nothing to compute
 */
export function compile(outputs: Readonly<Record<string, Tensor>>, { name = 'program' } = {}): Program {
  const wanted = Object.entries(outputs)
  if (wanted.length === 0) throw shapeError('compile', `'${name}' has no outputs`)
  const given = inputsOf(Object.values(outputs))
  const names = new Map<string, Tensor>()
  for (const t of given) {
    const label = t.node.attrs.name as string
    const other = names.get(label)
    if (other)
      throw shapeError(
        'compile',
        `two inputs are named '${label}': ${show(other.shape)} and ${show(t.shape)}`,
      )
    if (label in outputs)
      throw shapeError('compile', `'${label}' names an input and an output; name the output otherwise`)
    names.set(label, t)
  }
  const better = optimise(wanted.map(([, t]) => t))
  const graph = Object.fromEntries(wanted.map(([label], i) => [label, better[i]]))
  const inputs = inputsOf(better)
  const used = new Set(inputs)
  return {
    name,
    inputs: inputs.map(signature),
    unused: given.filter((t) => !used.has(t)).map(signature),
    outputs: wanted.map(([label, t]) => ({ name: label, shape: t.shape, dtype: t.dtype })),
    onnx: writeModel(graph, inputs),
    size: nodesOf(better).length,
    graph,
  }
}

/** The inputs that `tensors` depend on, in the order they were made. */
export function inputsOf(tensors: readonly Tensor[]): Tensor[] {
  return nodesOf(tensors)
    .filter((node) => node.op === inputPrimitive)
    .map((node) => node.outputs[0])
}

function signature(t: Tensor): Signature {
  return { name: t.node.attrs.name as string, shape: t.shape, dtype: t.dtype }
}
