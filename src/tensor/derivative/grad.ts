import { isFloat } from '../dtype.ts'
import { nodesOf, substitute, type Tensor } from '../graph.ts'
import { combine } from '../ops/elementwise.ts'
import { input, ones, zeros } from '../ops/source.ts'
import { sameShape, shapeError, show } from '../shape.ts'
import { vjpOf } from './rules.ts'

/** Gradients of the scalar `loss` with respect to `wrt`, in reverse mode; itself differentiable. */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1)
    throw shapeError('grad', `the loss has shape ${show(loss.shape)}; reduce it to one number`)
  return vjp([loss], wrt, [ones(loss.shape, loss.dtype)])
}

/**
 * Vector-Jacobian product: cotangents of `wrt` from those of `outputs`. What `outputs` do not depend on gets zeros.
 */
export function vjp(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly Tensor[],
): Tensor[] {
  return cotangentsOf(outputs, wrt, cotangents).map((g, i) => g ?? zeros(wrt[i].shape, wrt[i].dtype))
}

/** As `vjp`, with undefined for zeros. */
export function cotangentsOf(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): (Tensor | undefined)[] {
  for (const t of wrt)
    if (!isFloat(t.dtype)) throw shapeError('grad', `a ${t.dtype} tensor has no derivative`)
  const nodes = nodesOf(outputs)
  const needed = new Set<Tensor>(wrt)
  for (const node of nodes)
    if (node.inputs.some((t) => needed.has(t)))
      for (const t of node.outputs) if (isFloat(t.dtype)) needed.add(t)

  const gathered = new Map<Tensor, Tensor>()
  const give = (t: Tensor, g: Tensor) => {
    const before = gathered.get(t)
    gathered.set(t, before ? combine('add', before, g) : g)
  }
  for (const [i, g] of cotangents.entries()) {
    if (!g || !needed.has(outputs[i])) continue
    if (!sameShape(g.shape, outputs[i].shape))
      throw shapeError('vjp', `cotangent ${show(g.shape)} for an output ${show(outputs[i].shape)}`)
    give(outputs[i], g)
  }
  for (const node of nodes.reverse()) {
    const needs = node.inputs.map((t) => needed.has(t))
    const received = node.outputs.map((t) => gathered.get(t))
    if (!needs.includes(true) || received.every((g) => g === undefined)) continue
    const rule = vjpOf(node.op)
    if (!rule) throw shapeError('grad', `${node.op.name} has no derivative; use stopGradient before it`)
    for (const [i, g] of rule(node, received, needs).entries()) if (g && needs[i]) give(node.inputs[i], g)
  }
  return wrt.map((t) => gathered.get(t))
}

/**
 * Jacobian-vector product: the change of `outputs` along `tangents` of `wrt`. A vector-Jacobian product is linear in
 * its cotangent; differentiating it by that gives the forward direction, and what it does not need is removed when
 * the program is compiled.
 */
export function jvp(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  tangents: readonly Tensor[],
): Tensor[] {
  const cotangents = outputs.map((t, i) => input(`cotangent${i}`, t.shape, t.dtype))
  const back = vjp(outputs, wrt, cotangents)
  const forward = vjp(back, cotangents, tangents)
  // Nothing may depend on the cotangents' values, but the graph still names them.
  return substitute(forward, new Map(cotangents.map((c) => [c, zeros(c.shape, c.dtype)])))
}
