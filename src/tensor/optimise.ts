import type { TypedArray } from './dtype.ts'
import { evaluate } from './evaluate.ts'
import { type Attributes, addNode, type Body, type Node, nodesOf, type Tensor } from './graph.ts'
import { binaryPrimitives } from './ops/elementwise.ts'
import { expandPrimitive, transposePrimitive } from './ops/layout.ts'
import { gemmPrimitive } from './ops/matmul.ts'
import { constant, constantPrimitive, constantValue, convert, inputPrimitive } from './ops/source.ts'
import { sameShape, sizeOf } from './shape.ts'

/** Results of constant expressions up to this many elements are stored; larger ones are computed at run time. */
const foldLimit = 1 << 16

/**
 * The same outputs from fewer operations: composites expanded, equal expressions computed once, constant ones
 * computed now, transposes and scalar factors drawn into matrix products, expansions left to broadcasting. What no
 * output needs is gone because only what outputs need is rebuilt.
 */
export function optimise(outputs: readonly Tensor[]): Tensor[] {
  return new Optimiser(countUses(outputs)).rebuild(outputs, new Map())
}

class Optimiser {
  private readonly known = new Map<string, readonly Tensor[]>()
  private readonly identity = new Map<object, number>()
  private readonly uses: ReadonlyMap<Tensor, number>

  constructor(uses: ReadonlyMap<Tensor, number>) {
    this.uses = uses
  }

  rebuild(outputs: readonly Tensor[], map: Map<Tensor, Tensor>): Tensor[] {
    for (const node of nodesOf(outputs, map)) {
      const inputs = node.inputs.map((t) => map.get(t) as Tensor)
      let results: readonly Tensor[]
      if (node.op === inputPrimitive) results = node.outputs
      // What a composite stands for is rebuilt in turn, so that its parts are shared with equal parts elsewhere.
      else if (node.op.expand)
        results = this.rebuild(node.op.expand(inputs, node), new Map(inputs.map((t) => [t, t])))
      else results = this.simplest(node, inputs)
      for (const [i, t] of node.outputs.entries()) map.set(t, results[i])
    }
    return outputs.map((t) => map.get(t) as Tensor)
  }

  private simplest(node: Node, given: readonly Tensor[]): readonly Tensor[] {
    let inputs = this.broadcast(node, given)
    let attrs = this.attributes(node.attrs)
    if (node.op === gemmPrimitive) [inputs, attrs] = this.drawTransposes(inputs, attrs)
    const scaled = this.drawScale(node, inputs)
    if (scaled) return scaled
    if (inputs.length > 0 && node.outputs.length === 1 && node.outputs[0].size <= foldLimit) {
      const { dtype, shape } = node.outputs[0]
      const half = dtype === 'float16' || dtype === 'bfloat16'
      if (!half && inputs.every((t) => t.node.op === constantPrimitive && !/float16/.test(t.dtype))) {
        const [{ data }] = evaluate(addNode(node.op, inputs, attrs, node.outputs).outputs, new Map())
        return this.share(constant(convert(data, dtype), { shape, dtype }).node)
      }
    }
    return this.share(node.op, inputs, attrs, node.outputs)
  }

  /** The node if it is new, or the equal one that exists. */
  private share(node: Node): readonly Tensor[]
  private share(
    op: Node['op'],
    inputs: readonly Tensor[],
    attrs: Attributes,
    like: readonly Tensor[],
  ): readonly Tensor[]
  private share(
    a: Node | Node['op'],
    inputs?: readonly Tensor[],
    attrs?: Attributes,
    like?: readonly Tensor[],
  ) {
    const node = inputs ? undefined : (a as Node)
    const op = node?.op ?? (a as Node['op'])
    const from = inputs ?? node?.inputs ?? []
    const outs = like ?? node?.outputs ?? []
    const key = [
      op.name,
      from.map((t) => `${t.node.id}.${t.index}`).join(),
      Object.entries(attrs ?? node?.attrs ?? {})
        .map(([k, v]) => `${k}=${this.key(v)}`)
        .join(),
      outs.map((t) => `${t.dtype}${t.shape}`).join(';'),
    ].join('|')
    const found = this.known.get(key)
    if (found) return found
    const made = (node ?? addNode(op, from, attrs ?? {}, outs)).outputs
    this.known.set(key, made)
    return made
  }

  private key(value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value)
    if (ArrayBuffer.isView(value) && (value as TypedArray).length <= 4096)
      return `${(value as TypedArray).constructor.name}:${(value as TypedArray).join()}`
    if (Array.isArray(value)) return `[${value.join()}]`
    // Large tables and bodies are equal when they are the same object.
    if (!this.identity.has(value)) this.identity.set(value, this.identity.size)
    return `#${this.identity.get(value)}`
  }

  private attributes(attrs: Attributes): Attributes {
    const body = attrs.body as Body | undefined
    if (!body) return attrs
    const cached = this.bodies.get(body)
    if (cached) return { ...attrs, body: cached }
    const inner = new Optimiser(countUses(body.outputs))
    const outputs = inner.rebuild(body.outputs, new Map(body.parameters.map((p) => [p, p])))
    const better = { parameters: body.parameters, outputs }
    this.bodies.set(body, better)
    return { ...attrs, body: better }
  }
  private readonly bodies = new Map<Body, Body>()

  /** Element-wise operations broadcast by themselves: an expanded operand is used as it was before. */
  private broadcast(node: Node, inputs: readonly Tensor[]): readonly Tensor[] {
    if (!elementwise.has(node.op) || inputs.length !== 2) return inputs
    const { shape } = node.outputs[0]
    const small = inputs.map((t) => (t.node.op === expandPrimitive ? t.node.inputs[0] : t))
    if (sameShape(inputs[1].shape, shape) && inputs[1].node.op !== expandPrimitive)
      return [small[0], inputs[1]]
    if (sameShape(inputs[0].shape, shape) && inputs[0].node.op !== expandPrimitive)
      return [inputs[0], small[1]]
    return inputs
  }

  private drawTransposes(inputs: readonly Tensor[], attrs: Attributes): [readonly Tensor[], Attributes] {
    const [a, b, ...c] = inputs
    const turnedA = a.node.op === transposePrimitive
    const turnedB = b.node.op === transposePrimitive
    if (!turnedA && !turnedB) return [inputs, attrs]
    return [
      [turnedA ? a.node.inputs[0] : a, turnedB ? b.node.inputs[0] : b, ...c],
      { ...attrs, transA: Boolean(attrs.transA) !== turnedA, transB: Boolean(attrs.transB) !== turnedB },
    ]
  }

  /** factor * gemm(a, b) with no other user is gemm with that factor inside: one pass over memory less. */
  private drawScale(node: Node, [a, b]: readonly Tensor[]): readonly Tensor[] | undefined {
    if (node.op !== binaryPrimitives.mul) return undefined
    const factor = constantValue(b)
    if (factor === undefined || sizeOf(b.shape) !== 1 || !sameShape(a.shape, node.outputs[0].shape))
      return undefined
    const source = node.inputs[0]
    if (a.node.op !== gemmPrimitive || this.uses.get(source) !== 1) return undefined
    const alpha = ((a.node.attrs.alpha as number | undefined) ?? 1) * factor
    // ONNX attributes are single precision: enough for a float32 product, not for one that checks others.
    if (a.dtype === 'float64' && Math.fround(alpha) !== alpha) return undefined
    return this.share(gemmPrimitive, a.node.inputs, { ...a.node.attrs, alpha }, node.outputs)
  }
}

const elementwise = new Set(Object.values(binaryPrimitives))

function countUses(outputs: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>()
  const count = (t: Tensor) => uses.set(t, (uses.get(t) ?? 0) + 1)
  for (const t of outputs) count(t)
  for (const node of nodesOf(outputs)) for (const t of node.inputs) count(t)
  return uses
}
