import type { Tensor } from '../graph.ts'
import { attentionPrimitive, attentionWeights } from '../ops/attention.ts'
import { type ConvOptions, conv, convPrimitive, convTranspose, convTransposePrimitive } from '../ops/conv.ts'
import { combine, map } from '../ops/elementwise.ts'
import { concat, slice, transpose } from '../ops/layout.ts'
import { gemm, gemmPrimitive, matmul, matmulPrimitive } from '../ops/matmul.ts'
import { layerNormPrimitive, softmaxPrimitive } from '../ops/normalise.ts'
import { reduce } from '../ops/reduce.ts'
import { ones } from '../ops/source.ts'
import { defineVjp, sumTo } from './rules.ts'

const mul = (a: Tensor, b: Tensor | number) => combine('mul', a, b)
const sub = (a: Tensor, b: Tensor) => combine('sub', a, b)

// y = op(a) op(b): the four cases of transposition, each a product with flags and no transposed copy.
type Product = (a: Tensor, b: Tensor, flags: { transA: boolean; transB: boolean }) => Tensor
function productVjp(
  product: Product,
  a: Tensor,
  b: Tensor,
  g: Tensor,
  ta: boolean,
  tb: boolean,
  needs: readonly boolean[],
) {
  const da = () =>
    ta ? product(b, g, { transA: tb, transB: true }) : product(g, b, { transA: false, transB: !tb })
  const db = () =>
    tb ? product(g, a, { transA: true, transB: ta }) : product(a, g, { transA: !ta, transB: false })
  return [needs[0] ? da() : undefined, needs[1] ? db() : undefined]
}

defineVjp(gemmPrimitive, (node, [g], needs) => {
  if (!g) return []
  const [a, b, c] = node.inputs
  const plain: Product = (l, r, flags) => gemm(l, r, undefined, flags)
  const [da, db] = productVjp(plain, a, b, g, Boolean(node.attrs.transA), Boolean(node.attrs.transB), needs)
  return [da, db, c && needs[2] ? sumTo(g, c.shape) : undefined]
})

defineVjp(matmulPrimitive, (node, [g], needs) => {
  if (!g) return []
  const [a, b] = node.inputs
  const [da, db] = productVjp(matmul, a, b, g, Boolean(node.attrs.transA), Boolean(node.attrs.transB), needs)
  return [da && sumTo(da, a.shape), db && sumTo(db, b.shape)]
})

defineVjp(softmaxPrimitive, ({ outputs: [s] }, [g]) => {
  if (!g) return []
  return [mul(s, sub(g, reduce('sum', mul(g, s), -1, { keep: true })))]
})

/**
 * As in flash attention (Dao et al. 2022, section 3.1), the row sums of dP * P are those of dO * O. They are
 * subtracted inside the product dO V^T by one more column (dO, -D) (V, 1)^T, so that of all the work on
 * [queries, keys] arrays only one multiplication is not a product of matrices.
 */
defineVjp(attentionPrimitive, ({ inputs: [q, k, v], outputs: [o] }, [g], needs) => {
  if (!g) return []
  const scale = 1 / Math.sqrt(q.shape.at(-1) as number)
  const p = attentionWeights(q, k)
  const dv = needs[2] ? matmul(p, g, { transA: true }) : undefined
  if (!needs[0] && !needs[1]) return [undefined, undefined, dv]
  const sums = reduce('sum', mul(g, o), -1, { keep: true })
  const left = concat([g, map('neg', sums)], -1)
  const right = concat([v, ones([...v.shape.slice(0, -1), 1], v.dtype)], -1)
  const ds = mul(matmul(left, right, { transB: true }), p)
  return [
    needs[0] ? mul(matmul(ds, k), scale) : undefined,
    needs[1] ? matmul(ds, mul(q, scale), { transA: true }) : undefined,
    dv,
  ]
})

defineVjp(layerNormPrimitive, ({ inputs: [x], outputs: [y, inverse] }, [g, h]) => {
  const n = x.shape.at(-1) as number
  let dx: Tensor | undefined
  if (g) {
    const centred = sub(g, reduce('mean', g, -1, { keep: true }))
    const along = reduce('mean', mul(g, y), -1, { keep: true })
    dx = mul(sub(centred, mul(y, along)), inverse)
  }
  if (h) {
    // d inverse / dx = -inverse^2 y / n
    const through = mul(y, mul(mul(h, mul(inverse, inverse)), -1 / n))
    dx = dx ? combine('add', dx, through) : through
  }
  return [dx]
})

const swap = (t: Tensor) => transpose(t, [1, 0, 2, 3])

/** Kernel cotangent: images and cotangents correlated over the batch, with strides and dilations exchanged. */
function kernelGradient(x: Tensor, g: Tensor, w: Tensor, { strides, dilations, pads }: ConvOptions): Tensor {
  const full = swap(conv(swap(x), swap(g), { strides: dilations, dilations: strides, pads }))
  // Rows of the image that the strides never reached would give extra kernel rows.
  return slice(full, null, null, [0, w.shape[2]], [0, w.shape[3]])
}

defineVjp(convPrimitive, (node, [g], needs) => {
  if (!g) return []
  const [x, w] = node.inputs
  const options = node.attrs as ConvOptions
  return [
    needs[0] ? convTranspose(g, w, [x.shape[2], x.shape[3]], options) : undefined,
    needs[1] ? kernelGradient(x, g, w, options) : undefined,
  ]
})

defineVjp(convTransposePrimitive, (node, [g], needs) => {
  if (!g) return []
  const [y, w] = node.inputs
  const options = node.attrs as ConvOptions
  return [needs[0] ? conv(g, w, options) : undefined, needs[1] ? kernelGradient(g, y, w, options) : undefined]
})
