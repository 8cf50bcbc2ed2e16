import { bfloat16Bits, float16Bits } from '../../base/float16.ts'
import type { DType, TypedArray } from '../dtype.ts'
import type { Emitter, FloatAttribute, Node, OnnxAttributes, OnnxBody, Tensor } from '../graph.ts'
import { nodesOf } from '../graph.ts'
import { onnxTypes } from '../ops/elementwise.ts'
import { convert, inputPrimitive } from '../ops/source.ts'
import type { Shape } from '../shape.ts'
import { Message } from './wire.ts'

// Field numbers are those of onnx.proto3 (github.com/onnx/onnx), IR version 8.
const opset = 17
const irVersion = 8

/** A weight stored in the model: its bytes, or where they lie in a file beside it. */
export type Initializer =
  | { name: string; dtype: DType; shape: Shape; data: Uint8Array }
  | { name: string; dtype: DType; shape: Shape; location: string; offset: number; length: number }

/**
 * The ONNX model that computes `outputs` from the inputs they need, in the given order of nodes. Inputs named by
 * `initializers` are stored in the model instead of being fed. `metadata` goes with it for readers to find.
 */
export function writeModel(
  outputs: Readonly<Record<string, Tensor>>,
  inputs: readonly Tensor[],
  initializers: readonly Initializer[] = [],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // The writer's own names begin as no name of the program does.
  const taken = [...inputs.map((t) => t.node.attrs.name as string), ...Object.keys(outputs)]
  let prefix = 'v'
  while (taken.some((name) => name.startsWith(prefix))) prefix += '_'
  const writer = new GraphWriter(new Map(), prefix)
  const stored = new Set(initializers.map((i) => i.name))
  for (const t of inputs) writer.names.set(t, t.node.attrs.name as string)
  writer.write(Object.values(outputs))
  const graph = writer.finish(
    'align-da',
    inputs
      .filter((t) => !stored.has(t.node.attrs.name as string))
      .map((t) => valueInfo(t.node.attrs.name as string, t)),
    Object.entries(outputs),
    initializers.map(tensorProto),
  )
  const model = new Message()
    .int(1, irVersion)
    .bytes(2, 'align-da')
    .bytes(7, graph)
    .bytes(8, new Message().bytes(1, '').int(2, opset))
  for (const [key, value] of Object.entries(metadata)) model.bytes(14, entry(key, value))
  return model.finish()
}

class GraphWriter implements Emitter {
  readonly names: Map<Tensor, string>
  private readonly prefix: string
  private readonly nodes: {
    type: string
    inputs: readonly string[]
    outputs: string[]
    attributes: OnnxAttributes
  }[] = []
  /** Names that a loop body refers to, which therefore stay. */
  private readonly captured = new Set<string>()
  private readonly constants: Message[] = []
  private readonly known = new Map<string, string>()
  private uses = new Set<Tensor>()
  private count = 0

  constructor(names: Map<Tensor, string>, prefix: string) {
    this.names = names
    this.prefix = prefix
  }

  write(outputs: readonly Tensor[]) {
    const nodes = nodesOf(outputs, this.names)
    this.uses = new Set([...outputs, ...nodes.flatMap((n) => n.inputs)])
    for (const node of nodes) {
      if (node.op === inputPrimitive)
        throw new Error(`input '${node.attrs.name}' is not among the program's inputs`)
      const inputs = node.inputs.map((t) => this.names.get(t) as string)
      const results = node.op.emit(this, node, inputs)
      for (const [i, t] of node.outputs.entries()) this.names.set(t, results[i])
    }
  }

  finish(
    name: string,
    inputs: readonly Message[],
    outputs: readonly [string, Tensor][],
    stored: readonly Message[] = [],
  ) {
    const graph = new Message()
    const made = new Set(this.nodes.flatMap((n) => n.outputs))
    const renamed = new Map<string, string>()
    for (const [label, t] of outputs) {
      const own = this.names.get(t) as string
      // The value is made under the name of the output where it can be; an Identity would be a copy.
      if (made.has(own) && !renamed.has(own) && !this.captured.has(own)) renamed.set(own, label)
      else this.nodes.push({ type: 'Identity', inputs: [own], outputs: [label], attributes: {} })
    }
    const final = (n: string) => renamed.get(n) ?? n
    for (const n of this.nodes)
      graph.bytes(1, nodeProto(n.type, n.inputs.map(final), n.outputs.map(final), n.attributes))
    graph.bytes(2, name)
    for (const t of [...stored, ...this.constants]) graph.bytes(5, t)
    for (const i of inputs) graph.bytes(11, i)
    for (const [label, t] of outputs) graph.bytes(12, valueInfo(label, t))
    return graph
  }

  add(type: string, inputs: readonly string[], attributes: OnnxAttributes = {}, outputs = 1): string[] {
    const names = Array.from({ length: outputs }, () => this.fresh())
    this.nodes.push({ type, inputs, outputs: names, attributes })
    return names
  }

  ints(values: readonly number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt))
  }

  scalar(dtype: DType, value: number): string {
    const bits = dtype === 'float16' ? float16Bits(value) : dtype === 'bfloat16' ? bfloat16Bits(value) : value
    return this.constant(dtype, [], convert([bits], dtype))
  }

  constant(dtype: DType, shape: Shape, data: TypedArray): string {
    const key = data.length <= 64 ? `${dtype}|${shape}|${data.join()}` : ''
    const found = key && this.known.get(key)
    if (found) return found
    const name = this.fresh()
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.constants.push(tensorProto({ name, dtype, shape, data: bytes }))
    if (key) this.known.set(key, name)
    return name
  }

  used(node: Node): boolean[] {
    return node.outputs.map((t) => this.uses.has(t))
  }

  body(
    parameters: readonly Tensor[],
    captured: ReadonlyMap<Tensor, string>,
    outputs: readonly Tensor[],
  ): OnnxBody {
    const prefix = `${this.fresh()}_`
    for (const name of captured.values()) this.captured.add(name)
    const writer = new GraphWriter(new Map(captured), prefix)
    for (const p of parameters) writer.names.set(p, writer.fresh())
    writer.write(outputs)
    const graph = writer.finish(
      `${prefix}body`,
      parameters.map((p) => valueInfo(writer.names.get(p) as string, p)),
      outputs.map((t, i) => [`${prefix}out${i}`, t]),
    )
    return { onnxGraph: graph.finish() }
  }

  private fresh(): string {
    return `${this.prefix}${this.count++}`
  }
}

function nodeProto(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: OnnxAttributes,
) {
  const node = new Message()
  for (const name of inputs) node.bytes(1, name)
  for (const name of outputs) node.bytes(2, name)
  node.bytes(4, type)
  for (const [name, value] of Object.entries(attributes)) node.bytes(5, attributeProto(name, value))
  return node
}

function attributeProto(name: string, value: OnnxAttributes[string]): Message {
  const attribute = new Message().bytes(1, name)
  if (typeof value === 'number') return attribute.int(3, value).int(20, 2)
  if (typeof value === 'string') return attribute.bytes(4, value).int(20, 3)
  if ('onnxGraph' in value) return attribute.bytes(6, value.onnxGraph).int(20, 5)
  if ('float' in value) return attribute.float(2, (value as FloatAttribute).float).int(20, 1)
  return attribute.ints(8, value as readonly number[]).int(20, 7)
}

function valueInfo(name: string, t: Pick<Tensor, 'shape' | 'dtype'>): Message {
  const shape = new Message()
  for (const n of t.shape) shape.bytes(1, new Message().int(1, n))
  const type = new Message().int(1, onnxTypes[t.dtype]).bytes(2, shape)
  return new Message().bytes(1, name).bytes(2, new Message().bytes(1, type))
}

function tensorProto(t: Initializer): Message {
  const tensor = new Message().ints(1, t.shape).int(2, onnxTypes[t.dtype]).bytes(8, t.name)
  if ('data' in t) return tensor.bytes(9, t.data)
  return tensor
    .bytes(13, entry('location', t.location))
    .bytes(13, entry('offset', t.offset))
    .bytes(13, entry('length', t.length))
    .int(14, 1)
}

/** A StringStringEntryProto. */
function entry(key: string, value: string | number): Message {
  return new Message().bytes(1, key).bytes(2, String(value))
}
