import { evaluate } from '../evaluate.ts'
import { type Attributes, addNode, type Node, type Primitive, type Tensor } from '../graph.ts'
import { input } from './source.ts'

/** An operation written in terms of others, whose derivative is nevertheless given by hand. */
export function composite(
  name: string,
  expand: (inputs: readonly Tensor[], attrs: Attributes) => readonly Tensor[],
): Primitive {
  return {
    name,
    expand: (inputs, node) => expand(inputs, node.attrs),
    evaluate(values, node) {
      const parameters = node.inputs.map((t, i) => input(`p${i}`, t.shape, t.dtype))
      return evaluate(expand(parameters, node.attrs), new Map(parameters.map((p, i) => [p, values[i]])))
    },
    emit(_, node: Node) {
      throw new Error(`${node.op.name} was not expanded before writing`)
    },
  }
}

/** Adds a composite whose outputs have the shapes and dtypes of `outputs`. */
export function applyComposite(
  op: Primitive,
  inputs: readonly Tensor[],
  outputs: readonly Pick<Tensor, 'shape' | 'dtype'>[],
  attrs: Attributes = {},
): readonly Tensor[] {
  return addNode(op, inputs, attrs, outputs).outputs
}
