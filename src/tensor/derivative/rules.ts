import type { Node, Primitive, Tensor } from '../graph.ts'
import { reshape } from '../ops/layout.ts'
import { reduce } from '../ops/reduce.ts'
import { sameShape } from '../shape.ts'

/**
 * Vector-Jacobian product of an operation: from the cotangents of its outputs (undefined where nothing depends on
 * an output) those of its inputs. `needs[i]` tells whether the i-th is wanted.
 */
export type Vjp = (
  node: Node,
  cotangents: readonly (Tensor | undefined)[],
  needs: readonly boolean[],
) => (Tensor | undefined)[]

const rules = new Map<Primitive, Vjp>()

/** Registers the rule of `op`. */
export function defineVjp(op: Primitive, rule: Vjp) {
  rules.set(op, rule)
}

export function vjpOf(op: Primitive): Vjp | undefined {
  return rules.get(op)
}

/** The adjoint of broadcasting `shape` to the shape of g: sums over the stretched axes. */
export function sumTo(g: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(g.shape, shape)) return g
  const skip = g.rank - shape.length
  const axes = [...g.shape.keys()].filter((i) => i < skip || (shape[i - skip] === 1 && g.shape[i] !== 1))
  return reshape(reduce('sum', g, axes, { keep: true }), shape)
}
