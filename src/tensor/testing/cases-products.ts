import fc from 'fast-check'
import {
  attention,
  conv,
  convTranspose,
  convZonal,
  einsum,
  layerNorm,
  linear,
  matmul,
  softmax,
} from '../index.ts'
import { gemm } from '../ops/matmul.ts'
import { broadcasting, type Case, define, shapeOf, size } from './sample.ts'

const flags = fc.record({ transA: fc.boolean(), transB: fc.boolean() })
const mkn = fc.record({ m: size(), k: size(), n: size() })
const turned = (shape: readonly number[], turn: boolean) => (turn ? shape.toReversed() : shape)

/** Kernels, strides, dilations and pads that leave an image at least one position. */
const convolution = fc
  .record({
    batch: size(2),
    channels: size(2),
    filters: size(2),
    image: fc.tuple(size(6), size(6)),
    kernel: fc.tuple(size(3), size(3)),
    strides: fc.tuple(size(3), size(3)),
    dilations: fc.tuple(size(2), size(2)),
    pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  })
  .filter(({ image, kernel, dilations, pads }) =>
    [0, 1].every((i) => image[i] + pads[i] + pads[i + 2] >= (kernel[i] - 1) * dilations[i] + 1),
  )
type Convolution = typeof convolution extends fc.Arbitrary<infer T> ? T : never

const outSize = ({ image, kernel, strides, dilations, pads }: Convolution) =>
  [0, 1].map((i) =>
    Math.floor((image[i] + pads[i] + pads[i + 2] - (kernel[i] - 1) * dilations[i] - 1) / strides[i] + 1),
  )

/** Two terms over the letters a to d and a result from what they name. */
const letters = fc.shuffledSubarray(['a', 'b', 'c', 'd'], { minLength: 1, maxLength: 3 })
const spec = fc
  .tuple(letters, letters, fc.tuple(size(3), size(3), size(3), size(3)))
  .chain(([left, right, sizes]) => {
    const names = [...new Set([...left, ...right])]
    return fc.record({
      left: fc.constant(left),
      right: fc.constant(right),
      out: fc.shuffledSubarray(names),
      sizes: fc.constant(sizes),
    })
  })
const sizesOf = (term: readonly string[], sizes: readonly number[]) =>
  term.map((l) => sizes['abcd'.indexOf(l)])

export const productCases: readonly Case[] = [
  define(
    'gemm',
    fc.record({ mkn, flags, bias: fc.constantFrom('none', 'n', '1n', 'm1', 'mn', '1') }),
    ({ mkn: { m, k, n }, flags: { transA, transB }, bias }) => [
      turned([m, k], transA),
      turned([k, n], transB),
      ...{ none: [], n: [[n]], '1n': [[1, n]], m1: [[m, 1]], mn: [[m, n]], '1': [[1]] }[bias],
    ],
    ([a, b, c], { flags }) => gemm(a, b, c, flags).mul(0.7),
  ),
  define(
    'matmul',
    fc.record({ mkn, flags, lead: broadcasting(2) }),
    ({ mkn: { m, k, n }, flags: { transA, transB }, lead: [a, b] }) => [
      [...a.slice(-2), ...turned([m, k], transA)],
      [...b.slice(-2), ...turned([k, n], transB)],
    ],
    ([a, b], { flags }) => matmul(a, b, flags),
  ),
  define(
    'matmul of transposes',
    fc.record({ mkn, flags, batch: size(2) }),
    ({ mkn: { m, k, n }, flags: { transA, transB }, batch }) => [
      [batch, ...turned([m, k], transA)],
      [batch, ...turned([k, n], transB)],
      turned([n, k], transB),
    ],
    ([a, b, c], { flags: { transA, transB } }) => {
      const left = transA ? a.transpose(0, 2, 1) : a
      const right = transB ? b.transpose(0, 2, 1) : b
      return matmul(left, right).matmul(transB ? c.transpose() : c)
    },
  ),
  define(
    'linear',
    fc.record({ lead: shapeOf(0, 2), mkn, bias: fc.boolean() }),
    ({ lead, mkn: { k, n }, bias }) => [[...lead, k], [k, n], ...(bias ? [[n]] : [])],
    ([x, w, b]) => linear(x, w, b),
  ),
  define(
    'einsum of two',
    spec,
    ({ left, right, sizes }) => [sizesOf(left, sizes), sizesOf(right, sizes)],
    ([a, b], { left, right, out }) => einsum(`${left.join('')},${right.join('')}->${out.join('')}`, a, b),
  ),
  define(
    'einsum of one',
    spec,
    ({ left, sizes }) => [sizesOf(left, sizes)],
    ([a], { left, out }) =>
      einsum(`${left.join('')}->${out.filter((l) => left.includes(l)).join('')}`, a.square()),
  ),
  define(
    'softmax',
    shapeOf(1),
    (shape) => [shape],
    ([x]) => softmax(x.mul(2)),
  ),
  define(
    'layerNorm',
    // Two numbers of a row may be nearly the same, where the derivative grows as 1 / sqrt(eps).
    fc.record({ lead: shapeOf(0, 2), width: fc.integer({ min: 3, max: 6 }) }),
    ({ lead, width }) => [[...lead.slice(0, 2), width]],
    ([x]) => layerNorm(x, 1e-2),
    { float32: 1e-4 },
  ),
  define(
    'attention',
    fc.record({ lead: shapeOf(1, 2), m: size(), n: size(), d: size(), e: size() }),
    ({ lead, m, n, d, e }) => {
      const batch = lead.map((s) => Math.min(s, 2))
      return [
        [...batch, m, d],
        [...batch, n, d],
        [...batch, n, e],
      ]
    },
    ([q, k, v]) => attention(q, k, v),
  ),
  define(
    'conv',
    convolution,
    ({ batch, channels, filters, image, kernel }) => [
      [batch, channels, ...image],
      [filters, channels, ...kernel],
    ],
    ([x, w], { strides, dilations, pads }) => conv(x, w, { strides, dilations, pads }),
  ),
  define(
    'convTranspose',
    convolution,
    (o) => [
      [o.batch, o.filters, ...outSize(o)],
      [o.filters, o.channels, ...o.kernel],
    ],
    ([g, w], { image, strides, dilations, pads }) => convTranspose(g, w, image, { strides, dilations, pads }),
  ),
  define(
    'convZonal',
    fc.record({
      batch: size(2),
      channels: size(2),
      filters: size(2),
      image: fc.tuple(size(4), fc.integer({ min: 2, max: 5 })),
      kernel: fc.tuple(fc.constantFrom(1, 3), fc.constantFrom(1, 3)),
    }),
    ({ batch, channels, filters, image, kernel }) => [
      [batch, channels, ...image],
      [filters, channels, ...kernel],
    ],
    ([x, w]) => convZonal(x, w),
  ),
]
