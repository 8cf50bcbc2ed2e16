import { isFloat } from '../dtype.ts'
import { type Body, substitute, type Tensor } from '../graph.ts'
import { combine } from '../ops/elementwise.ts'
import { scanNode, scanPrimitive } from '../ops/scan.ts'
import { input, zeros } from '../ops/source.ts'
import { cotangentsOf } from './grad.ts'
import { defineVjp } from './rules.ts'

/**
 * The loop run backward. Every turn gets the carry it began with (kept by the forward loop), its row of the inputs
 * and of the results' cotangents; it computes the body anew and its derivative, hands the carry's cotangent to the
 * turn before and adds up those of the captured tensors.
 */
defineVjp(scanPrimitive, (node, cotangents, needs) => {
  const body = node.attrs.body as Body
  const carries = node.attrs.carries as number
  const stacked = node.attrs.stacked as number
  const length = node.attrs.length as number
  const results = body.outputs.length - carries
  const like = (t: Tensor, name: string) => input(name, t.shape, t.dtype)

  const init = node.inputs.slice(0, carries)
  const xs = node.inputs.slice(carries, carries + stacked)
  const captured = node.inputs.slice(carries + stacked)
  // A carry's cotangent may become nonzero through captured or stacked inputs of later turns: any float one is kept.
  const floatCarries = [...init.keys()].filter((i) => isFloat(init[i].dtype))
  const wantedX = [...xs.keys()].filter((i) => needs[carries + i])
  const wantedCaptured = [...captured.keys()].filter((i) => needs[carries + stacked + i])
  const rows = [...Array(results + carries).keys()].filter((i) => cotangents[carries + i])

  // Parameters of the backward body: carries' cotangents, sums for captured; then per turn: carry, x, cotangents.
  const carryCt = floatCarries.map((i) => like(init[i], `ct${i}`))
  const sums = wantedCaptured.map((i) => like(captured[i], `sum${i}`))
  const begun = init.map((t, i) => like(t, `carry${i}`))
  const x = body.parameters.slice(carries, carries + stacked).map((t, i) => like(t, `x${i}`))
  const rowCt = rows.map((i) => {
    const t = node.outputs[carries + i]
    return input(`row${i}`, t.shape.slice(1), t.dtype)
  })
  const here = [...begun, ...x, ...captured]
  const outputs = substitute(body.outputs, new Map(body.parameters.map((p, i) => [p, here[i]])))

  const wrt = [
    ...floatCarries.map((i) => begun[i]),
    ...wantedX.map((i) => x[i]),
    ...wantedCaptured.map((i) => captured[i]),
  ]
  const outCt: (Tensor | undefined)[] = outputs.map(() => undefined)
  floatCarries.forEach((i, k) => {
    outCt[i] = carryCt[k]
  })
  const direct = new Map<number, Tensor>()
  rows.forEach((i, k) => {
    if (i < results) outCt[carries + i] = rowCt[k]
    else direct.set(i - results, rowCt[k])
  })
  const got = inBody(outputs, wrt, outCt)
  const dCarry = floatCarries.map((i, k) => {
    const extra = direct.get(i)
    const g = got[k] ?? zeros(init[i].shape, init[i].dtype)
    return extra ? combine('add', g, extra) : g
  })
  const dX = wantedX.map((i, k) => got[floatCarries.length + k] ?? zeros(x[i].shape, x[i].dtype))
  const dSums = sums.map((s, k) => {
    const g = got[floatCarries.length + wantedX.length + k]
    return g ? combine('add', s, g) : s
  })

  const kept = node.outputs.slice(carries + results)
  const out = scanNode(
    [...carryCt, ...sums, ...begun, ...x, ...rowCt],
    [...dCarry, ...dSums, ...dX],
    [
      ...floatCarries.map((i) => cotangents[i] ?? zeros(init[i].shape, init[i].dtype)),
      ...wantedCaptured.map((i) => zeros(captured[i].shape, captured[i].dtype)),
    ],
    [...kept, ...xs, ...rows.map((i) => cotangents[carries + i] as Tensor)],
    length,
    !node.attrs.reverse,
  )
  const all: (Tensor | undefined)[] = node.inputs.map(() => undefined)
  floatCarries.forEach((i, k) => {
    all[i] = out[k]
  })
  wantedCaptured.forEach((i, k) => {
    all[carries + stacked + i] = out[floatCarries.length + k]
  })
  wantedX.forEach((i, k) => {
    all[carries + i] = out[floatCarries.length + wantedCaptured.length + k]
  })
  return all
})

/** Cotangents within one turn: captured tensors count as inputs there, whatever they were computed from. */
function inBody(
  outputs: readonly Tensor[],
  wrt: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
) {
  const fresh = wrt.map((t, i) => input(`wrt${i}`, t.shape, t.dtype))
  const inner = substitute(outputs, new Map(wrt.map((t, i) => [t, fresh[i]])))
  const got = cotangentsOf(inner, fresh, cotangents)
  const present = got.filter((g) => g !== undefined)
  const back = substitute(present, new Map(fresh.map((t, i) => [t, wrt[i]])))
  let k = 0
  return got.map((g) => (g ? back[k++] : undefined))
}
