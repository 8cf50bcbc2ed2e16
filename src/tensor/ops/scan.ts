import { evaluateBody } from '../evaluate.ts'
import {
  addNode,
  type Body,
  nodesOf,
  type Primitive,
  substitute,
  type Tensor,
  type Values,
} from '../graph.ts'
import { sameShape, shapeError, show, sizeOf } from '../shape.ts'
import { arange, input } from './source.ts'

/**
 * A loop. Inputs: initial carries, stacked inputs, captured tensors. Outputs: final carries, stacked results, and
 * the carries every turn began with, which the derivative recomputes the turn from.
 */
export const scanPrimitive: Primitive = {
  name: 'scan',
  evaluate(inputs, node) {
    const { carries, stacked, length, reverse } = layout(node.attrs)
    const body = node.attrs.body as Body
    let state = inputs.slice(0, carries)
    const xs = inputs.slice(carries, carries + stacked)
    const captured = inputs.slice(carries + stacked)
    const rows: Float64Array[][] = node.outputs.slice(carries).map(() => new Array(length))
    const results = body.outputs.length - carries
    for (let k = 0; k < length; k++) {
      const at = reverse ? length - 1 - k : k
      const slices = xs.map(({ shape, data }) => {
        const n = sizeOf(shape.slice(1))
        return { shape: shape.slice(1), data: data.subarray(at * n, (at + 1) * n) }
      })
      state.forEach((c, i) => {
        rows[results + i][at] = c.data
      })
      const out = evaluateBody(body, [...state, ...slices, ...captured])
      state = out.slice(0, carries)
      out.slice(carries).forEach((y, i) => {
        rows[i][at] = y.data
      })
    }
    const joined = rows.map((list, i): Values => {
      const shape = node.outputs[carries + i].shape
      const data = new Float64Array(sizeOf(shape))
      list.forEach((row, k) => {
        data.set(row, k * row.length)
      })
      return { shape, data }
    })
    return [...state, ...joined]
  },
  emit(e, node, inputs) {
    const { carries, stacked, reverse } = layout(node.attrs)
    const body = node.attrs.body as Body
    const used = e.used(node)
    const results = body.outputs.length - carries
    // Unused stacked results are left out of the loop: they would be copied together turn by turn for nothing.
    const keep = [...Array(results + carries).keys()].filter((i) => used[carries + i])
    const rows = [...body.outputs.slice(carries), ...body.parameters.slice(0, carries)]
    const own = carries + stacked
    const graph = e.body(
      body.parameters.slice(0, own),
      new Map(body.parameters.slice(own).map((p, i) => [p, inputs[own + i]])),
      [...body.outputs.slice(0, carries), ...keep.map((k) => rows[k])],
    )
    const direction = reverse ? 1 : 0
    const names = e.add(
      'Scan',
      inputs.slice(0, carries + stacked),
      {
        body: graph,
        num_scan_inputs: stacked,
        scan_input_directions: new Array(stacked).fill(direction),
        // An empty list would be written as no list, which the checker refuses.
        ...(keep.length && { scan_output_directions: new Array(keep.length).fill(direction) }),
      },
      carries + keep.length,
    )
    const all = node.outputs.map((_, i) => (i < carries ? names[i] : ''))
    keep.forEach((k, i) => {
      all[carries + k] = names[carries + i]
    })
    return all
  },
}

function layout(attrs: Readonly<Record<string, unknown>>) {
  return {
    carries: attrs.carries as number,
    stacked: attrs.stacked as number,
    length: attrs.length as number,
    reverse: attrs.reverse as boolean,
  }
}

/** Length and direction of a scan. */
export interface ScanOptions {
  /** Number of turns; needed when there are no stacked inputs. */
  length?: number
  /** Go through the stacked inputs from the last to the first. */
  reverse?: boolean
}

/**
 * Turns a body over stacked inputs: `body(carry, x) -> { carry, ys }`, where carry and x are lists of tensors, x
 * holding the k-th row of every tensor of `xs`. Returns the last carry and the stacked ys. The body may use any
 * tensor made outside of it; what it computes from those alone is computed once, before the loop. Without stacked
 * inputs x is [k], the number of the turn.
 *
 * The loop is one ONNX Scan. Its derivative is another, backward, that recomputes each turn from the carry it began
 * with, so that memory grows by one carry a turn and not by everything the body computes.
 */
export function scan(
  body: (carry: Tensor[], x: Tensor[]) => { carry: readonly Tensor[]; ys?: readonly Tensor[] },
  init: readonly Tensor[],
  xs: readonly Tensor[] = [],
  { length, reverse = false }: ScanOptions = {},
): { carry: Tensor[]; ys: Tensor[] } {
  const turns = length ?? xs[0]?.shape[0]
  if (turns === undefined)
    throw shapeError('scan', 'without stacked inputs the number of turns must be given')
  for (const x of xs)
    if (x.shape[0] !== turns)
      throw shapeError('scan', `stacked input ${show(x.shape)} does not have ${turns} rows`)
  const stacked = xs.length ? xs : [arange(turns)]
  const carryIn = init.map((t, i) => input(`carry${i}`, t.shape, t.dtype))
  const row = stacked.map((t, i) => input(`x${i}`, t.shape.slice(1), t.dtype))
  const { carry, ys = [] } = body([...carryIn], [...row])
  if (carry.length !== init.length)
    throw shapeError('scan', `the body returns ${carry.length} carries for ${init.length} initial ones`)
  for (const [i, c] of carry.entries())
    if (!sameShape(c.shape, init[i].shape) || c.dtype !== init[i].dtype)
      throw shapeError(
        'scan',
        `carry ${i} is ${c.dtype} ${show(c.shape)} after a turn and ${init[i].dtype} ${show(init[i].shape)} before it`,
      )
  const out = scanNode([...carryIn, ...row], [...carry, ...ys], init, stacked, turns, reverse)
  return { carry: out.slice(0, init.length), ys: out.slice(init.length, init.length + ys.length) }
}

/** Closes a traced body over what it uses from outside and adds the loop; returns all outputs of the primitive. */
export function scanNode(
  parameters: readonly Tensor[],
  results: readonly Tensor[],
  init: readonly Tensor[],
  stacked: readonly Tensor[],
  length: number,
  reverse: boolean,
): readonly Tensor[] {
  const { captured, body } = close(parameters, results)
  const rows = (t: Tensor) => ({ shape: [length, ...t.shape], dtype: t.dtype })
  return addNode(
    scanPrimitive,
    [...init, ...stacked, ...captured],
    { body, carries: init.length, stacked: stacked.length, length, reverse },
    [...init, ...results.slice(init.length).map(rows), ...init.map(rows)],
  ).outputs
}

/** A body whose every free tensor is a parameter: what does not depend on the parameters is captured. */
function close(
  parameters: readonly Tensor[],
  results: readonly Tensor[],
): { captured: Tensor[]; body: Body } {
  const inside = new Set<Tensor>(parameters)
  const captured = new Set<Tensor>()
  for (const node of nodesOf(results))
    if (node.inputs.some((t) => inside.has(t))) {
      for (const t of node.outputs) inside.add(t)
      for (const t of node.inputs) if (!inside.has(t)) captured.add(t)
    }
  for (const t of results) if (!inside.has(t)) captured.add(t)
  const map = new Map([...captured].map((t, i) => [t, input(`captured${i}`, t.shape, t.dtype)]))
  return {
    captured: [...captured],
    body: { parameters: [...parameters, ...map.values()], outputs: substitute(results, map) },
  }
}
