import { apply, type Primitive, type Tensor, type Values } from '../graph.ts'
import { broadcastShapes, shapeError, show, sizeOf } from '../shape.ts'
import { reshape } from './layout.ts'

/** alpha (op(a) op(b) + c) of matrices, with c broadcast: one kernel with its bias and a scalar factor. */
export const gemmPrimitive: Primitive = {
  name: 'gemm',
  evaluate([a, b, c], node) {
    const { transA, transB } = node.attrs
    const out = batchProduct(a, b, Boolean(transA), Boolean(transB), node.outputs[0].shape)
    if (c) {
      const [m, n] = out.shape
      const [cm, cn] = c.shape.length === 2 ? c.shape : [1, c.shape[0] ?? 1]
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          out.data[i * n + j] += c.data[(cm === 1 ? 0 : i) * cn + (cn === 1 ? 0 : j)]
    }
    const alpha = (node.attrs.alpha as number | undefined) ?? 1
    return [alpha === 1 ? out : { shape: out.shape, data: out.data.map((v) => alpha * v) }]
  },
  emit(e, node, inputs) {
    const { transA, transB, alpha = 1 } = node.attrs
    const factor = { float: alpha as number }
    const scale = alpha === 1 ? {} : { alpha: factor, ...(inputs.length > 2 && { beta: factor }) }
    return e.add('Gemm', inputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0, ...scale })
  },
}

/** Product of stacks of matrices; the leading axes broadcast. */
export const matmulPrimitive: Primitive = {
  name: 'matmul',
  evaluate: ([a, b], node) => [
    batchProduct(a, b, Boolean(node.attrs.transA), Boolean(node.attrs.transB), node.outputs[0].shape),
  ],
  emit(e, node, [a, b]) {
    // ONNX Runtime fuses a transpose of the last two axes into its product kernel.
    const turned = (name: string, rank: number) =>
      e.add('Transpose', [name], { perm: [...Array(rank - 2).keys(), rank - 1, rank - 2] })[0]
    const left = node.attrs.transA ? turned(a, node.inputs[0].rank) : a
    const right = node.attrs.transB ? turned(b, node.inputs[1].rank) : b
    return e.add('MatMul', [left, right])
  },
}

/** Which factors are taken transposed. */
export interface MatmulOptions {
  /** Take the transpose of the last two axes of the left operand. */
  transA?: boolean
  /** Take the transpose of the last two axes of the right operand. */
  transB?: boolean
}

/**
 * Matrix product over the last two axes: [.., m, k] x [.., k, n] -> [.., m, n]; leading axes broadcast. A stack of
 * matrices times one matrix is computed as a single tall product.
 */
export function matmul(a: Tensor, b: Tensor, { transA = false, transB = false }: MatmulOptions = {}): Tensor {
  check('matmul', a, b)
  const [m, ka] = lastTwo(a, transA)
  const [kb, n] = lastTwo(b, transB)
  if (ka !== kb)
    throw shapeError(
      'matmul',
      `${describe(a, transA)} x ${describe(b, transB)}: inner sizes ${ka} and ${kb} differ`,
    )
  if (b.rank === 2 && (a.rank === 2 || !transA)) {
    const flat = a.rank === 2 ? a : reshape(a, [sizeOf(a.shape) / ka, ka])
    const out = gemm(flat, b, undefined, { transA: a.rank === 2 && transA, transB })
    return a.rank === 2 ? out : reshape(out, [...a.shape.slice(0, -1), n])
  }
  const lead = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return apply(matmulPrimitive, [a, b], [...lead, m, n], a.dtype, { transA, transB })
}

/** op(a) op(b) + c for matrices; c has shape [n], [1, n], [m, 1] or [m, n]. */
export function gemm(
  a: Tensor,
  b: Tensor,
  c?: Tensor,
  { transA = false, transB = false }: MatmulOptions = {},
): Tensor {
  check('gemm', a, b)
  const [m, ka] = lastTwo(a, transA)
  const [kb, n] = lastTwo(b, transB)
  if (a.rank !== 2 || b.rank !== 2 || ka !== kb)
    throw shapeError('gemm', `${describe(a, transA)} x ${describe(b, transB)} is no product of matrices`)
  if (
    c &&
    (c.rank > 2 || show(broadcastShapes('gemm', c.shape, [m, n])) !== show([m, n]) || c.dtype !== a.dtype)
  )
    throw shapeError(
      'gemm',
      `${c.dtype} ${show(c.shape)} cannot be added to a ${a.dtype} result ${show([m, n])}`,
    )
  return apply(gemmPrimitive, c ? [a, b, c] : [a, b], [m, n], a.dtype, { transA, transB })
}

/** x W + b over the last axis of x: [.., k], [k, n], [n] -> [.., n]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const k = x.shape.at(-1) ?? 1
  const flat = x.rank === 2 ? x : reshape(x, [x.size / k, k])
  const out = gemm(flat, weight, bias)
  return x.rank === 2 ? out : reshape(out, [...x.shape.slice(0, -1), weight.shape[1]])
}

function check(op: string, a: Tensor, b: Tensor) {
  if (a.rank < 2 || b.rank < 2)
    throw shapeError(op, `takes matrices, not ${show(a.shape)} and ${show(b.shape)}; reshape vectors first`)
  if (a.dtype !== b.dtype) throw shapeError(op, `mixes ${a.dtype} and ${b.dtype}; cast one of them`)
}

function lastTwo(t: Tensor, turned: boolean): [number, number] {
  const [m, n] = t.shape.slice(-2)
  return turned ? [n, m] : [m, n]
}

const describe = (t: Tensor, turned: boolean) => `${show(t.shape)}${turned ? ' transposed' : ''}`

function batchProduct(a: Values, b: Values, ta: boolean, tb: boolean, shape: readonly number[]): Values {
  const [m, n] = shape.slice(-2)
  const k = ta ? a.shape.at(-2)! : a.shape.at(-1)!
  const lead = shape.slice(0, -2)
  const data = new Float64Array(sizeOf(shape))
  const matrix = (v: Values, batch: number[]) => {
    const own = v.shape.slice(0, -2)
    const index = batch.slice(batch.length - own.length).map((i, axis) => (own[axis] === 1 ? 0 : i))
    return index.reduce((o, i, axis) => o * own[axis] + i, 0) * v.shape.at(-1)! * v.shape.at(-2)!
  }
  const count = sizeOf(lead)
  for (let s = 0; s < count; s++) {
    const batch: number[] = []
    for (let axis = lead.length - 1, rest = s; axis >= 0; axis--) {
      batch.unshift(rest % lead[axis])
      rest = Math.floor(rest / lead[axis])
    }
    const [oa, ob] = [matrix(a, batch), matrix(b, batch)]
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let l = 0; l < k; l++)
          sum += a.data[oa + (ta ? l * m + i : i * k + l)] * b.data[ob + (tb ? j * k + l : l * n + j)]
        data[(s * m + i) * n + j] = sum
      }
  }
  return { shape, data }
}
