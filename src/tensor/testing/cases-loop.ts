import fc from 'fast-check'
import { scan } from '../index.ts'
import { type Case, define, size } from './sample.ts'

const loop = fc.record({ length: size(4), width: size(3), batch: size(2), reverse: fc.boolean() })

export const loopCases: readonly Case[] = [
  define(
    'scan over rows',
    loop,
    ({ length, width }) => [[width], [length, width]],
    ([c, xs], { reverse }) => {
      const { carry, ys } = scan(
        ([s], [x]) => {
          const next = s.mul(0.5).add(x.tanh())
          return { carry: [next], ys: [next.square(), s.mul(x)] }
        },
        [c],
        [xs],
        { reverse },
      )
      return [carry[0], ...ys]
    },
  ),
  define(
    'scan with captured weights',
    loop,
    ({ length, width, batch }) => [
      [batch, width],
      [length, batch, width],
      [width, width],
      [width, width],
      [width],
    ],
    ([h, xs, u, w, b], { reverse }) => {
      // What is captured is computed outside; the bias is also used there, twice.
      const scaled = u.mul(b)
      const { carry, ys } = scan(
        ([s], [x]) => {
          const next = x.matmul(w).add(s.matmul(scaled)).add(b).tanh()
          return { carry: [next], ys: [next] }
        },
        [h],
        [xs],
        { reverse },
      )
      return [carry[0].mul(b), ys[0].mean(0)]
    },
  ),
  define(
    'scan by number of turns',
    loop,
    ({ width }) => [[width], [width]],
    ([a, b], { length, reverse }) => {
      const { carry, ys } = scan(
        ([p, q], [k]) => ({
          carry: [q.sigmoid(), p.mul(b).add(k.cast(p.dtype).mul(0.1))],
          ys: [p.mul(q)],
        }),
        [a, a.square()],
        [],
        { length, reverse },
      )
      return [carry[1], ys[0]]
    },
  ),
  define(
    'scan within scan',
    loop,
    ({ length, width }) => [[width], [length, 2, width], [width]],
    ([c, xs, w], { reverse }) => {
      const { carry, ys } = scan(
        ([s], [rows]) => {
          const scale = s.mul(w)
          const inner = scan(
            ([t], [x]) => {
              const next = t.mul(scale).add(x.mul(w)).tanh()
              return { carry: [next], ys: [next.mul(s)] }
            },
            [s],
            [rows],
            { reverse: !reverse },
          )
          return { carry: inner.carry, ys: [inner.ys[0].sum(0)] }
        },
        [c],
        [xs],
        { reverse },
      )
      return [carry[0], ys[0]]
    },
  ),
  define(
    'scan with a counter and an idle carry',
    loop,
    ({ length, width }) => [[width], [width], [length, width]],
    ([c, idle, xs], { reverse }) => {
      const start = idle.sum().mul(0).cast('int64')
      const { carry, ys } = scan(
        ([s, i, n], [x]) => ({
          carry: [s.mul(x).add(n.cast(s.dtype)), i, n.add(1)],
          ys: [x.square(), i],
        }),
        [c, idle, start],
        [xs],
        { reverse },
      )
      return [carry[0], carry[1].square(), ...ys]
    },
  ),
]
