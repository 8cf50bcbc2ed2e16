import type { Body, Tensor, Values } from './graph.ts'
import { nodesOf } from './graph.ts'

/**
 * Values of `outputs` by the definition of every operation, in float64: the reference that devices are checked
 * against, and what folds constants. `known` gives the values of inputs (or of any tensor on the way).
 */
export function evaluate(outputs: readonly Tensor[], known: ReadonlyMap<Tensor, Values>): Values[] {
  const values = new Map(known)
  for (const node of nodesOf(outputs, known)) {
    const results = node.op.evaluate(
      node.inputs.map((t) => values.get(t) as Values),
      node,
    )
    for (const [i, t] of node.outputs.entries()) values.set(t, results[i])
  }
  return outputs.map((t) => values.get(t) as Values)
}

export function evaluateBody(body: Body, args: readonly Values[]): Values[] {
  return evaluate(body.outputs, new Map(body.parameters.map((p, i) => [p, args[i]])))
}
