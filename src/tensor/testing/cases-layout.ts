import fc from 'fast-check'
import {
  concat,
  constant,
  gather,
  pad,
  padPeriodic,
  type Range,
  roll,
  scatterAdd,
  shift,
  stack,
} from '../index.ts'
import { sizeOf } from '../shape.ts'
import { broadcasting, type Case, define, shapeAndAxis, shapeOf, size } from './sample.ts'

const permutation = (n: number) => fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n })

/** Non-empty ranges of an axis of n: all of it, one position, or steps either way with ends in every notation. */
const range = (n: number): fc.Arbitrary<Range> =>
  fc.oneof(
    fc.constant(null),
    fc.integer({ min: -n, max: n - 1 }),
    fc
      .tuple(
        fc.nat(n - 1),
        fc.nat(n - 1),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
      )
      .map(([p, q, step, back, open, negative]): Range => {
        const [low, high] = [Math.min(p, q), Math.max(p, q)]
        const from = (i: number) => (negative ? i - n : i)
        if (!back) return [open ? null : from(low), open || high === n - 1 ? null : from(high + 1), step]
        return [open ? null : from(high), open || low === 0 ? null : from(low - 1), -step]
      }),
  )

const ints = (values: readonly number[], shape: readonly number[]) =>
  constant(BigInt64Array.from(values, BigInt), { shape, dtype: 'int64' })

/** Positions from -n to n - 1 in a shape of up to two axes. */
const positions = (n: number, minRank = 0) =>
  shapeOf(minRank, 2).chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      values: fc.array(fc.integer({ min: -n, max: n - 1 }), {
        minLength: sizeOf(shape),
        maxLength: sizeOf(shape),
      }),
    }),
  )

export const layoutCases: readonly Case[] = [
  define(
    'reshape',
    shapeOf().chain((shape) => fc.record({ shape: fc.constant(shape), order: permutation(shape.length) })),
    ({ shape }) => [shape],
    ([x], { shape, order }) => [
      x.reshape(-1),
      x.square().reshape(...order.map((a) => shape[a])),
      x.reshape(1, -1, 1),
    ],
  ),
  define(
    'transpose',
    shapeOf().chain((shape) => fc.record({ shape: fc.constant(shape), order: permutation(shape.length) })),
    ({ shape }) => [shape],
    ([x], { order }) => [x.transpose(...order), x.square().transpose()],
  ),
  define(
    'expand',
    broadcasting(2),
    ([a]) => [a],
    ([x], [, b]) => {
      const full =
        x.shape.length >= b.length ? x.shape.map((n, i) => Math.max(n, b[i - x.rank + b.length] ?? 1)) : b
      const rank = Math.max(x.rank, b.length)
      const shape = Array.from({ length: rank }, (_, i) =>
        Math.max(full[i - rank + full.length] ?? 1, x.shape[i - rank + x.rank] ?? 1),
      )
      return x.expand(2, ...shape)
    },
  ),
  define(
    'slice',
    shapeOf(1).chain((shape) =>
      fc.record({ shape: fc.constant(shape), ranges: fc.tuple(...shape.map(range)) }),
    ),
    ({ shape }) => [shape],
    ([x], { ranges }) => x.slice(...ranges),
  ),
  define(
    'concat',
    fc.record({ at: shapeAndAxis, lengths: fc.array(size(3), { minLength: 1, maxLength: 3 }) }),
    ({ at, lengths }) => lengths.map((n) => at.shape.with(at.axis, n)),
    (parts, { at }) => concat([...parts, parts[0]], at.axis),
  ),
  define(
    'stack',
    shapeOf(0, 3).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        axis: fc.integer({ min: -shape.length - 1, max: shape.length }),
      }),
    ),
    ({ shape }) => [shape, shape],
    (parts, { axis }) => stack(parts, axis),
  ),
  define(
    'pad',
    shapeOf(1, 3).chain((shape) => {
      const widths = fc.tuple(...shape.map(() => fc.nat(2)))
      return fc.record({ shape: fc.constant(shape), before: widths, after: widths })
    }),
    ({ shape }) => [shape],
    ([x], { before, after }) => pad(x, before, after),
  ),
  define(
    'padPeriodic',
    shapeAndAxis.chain((at) =>
      fc.record({ at: fc.constant(at), width: fc.nat(at.shape.at(at.axis) as number) }),
    ),
    ({ at }) => [at.shape],
    ([x], { at, width }) => padPeriodic(x, at.axis, width),
  ),
  define(
    'roll',
    fc.record({ at: shapeAndAxis, shift: fc.integer({ min: -7, max: 7 }) }),
    ({ at }) => [at.shape],
    ([x], { at, shift }) => roll(x.square(), shift, at.axis),
  ),
  define(
    'shift',
    fc.record({ at: shapeAndAxis, by: fc.integer({ min: -4, max: 4 }) }),
    ({ at }) => [at.shape],
    ([x], { at, by }) => shift(x.square(), by, at.axis),
  ),
  define(
    'gather',
    shapeAndAxis
      .filter((at) => sizeOf(at.shape) <= 16)
      .chain((at) => fc.record({ at: fc.constant(at), index: positions(at.shape.at(at.axis) as number) })),
    ({ at }) => [at.shape],
    ([x], { at, index }) => gather(x, ints(index.values, index.shape), at.axis).square(),
  ),
  define(
    'scatterAdd',
    fc
      .integer({ min: 1, max: 4 })
      .chain((length) =>
        fc.record({ length: fc.constant(length), index: positions(length), row: shapeOf(0, 2) }),
      ),
    ({ index, row }) => [[...index.shape, ...row.slice(0, 1)]],
    ([x], { index, length }) => scatterAdd(x, ints(index.values, index.shape), length).square(),
  ),
]
