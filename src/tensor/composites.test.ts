import * as jax from '@jax-js/jax'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stream } from '../random/stream.ts'
import {
  attention,
  compile,
  convZonal,
  gelu,
  grad,
  input,
  layerNorm,
  linear,
  Runtime,
  scan,
  silu,
  type Tensor,
} from './index.ts'
import { relativeError } from './testing/derivatives.ts'

// The same networks in jax-js, whose arrays are used up by whatever takes them: a further use is `.ref`.
const { numpy: np, nn, lax } = jax
type A = jax.Array

interface Network {
  readonly name: string
  readonly shapes: Readonly<Record<string, readonly number[]>>
  ours(p: Record<string, Tensor>): Tensor
  theirs(p: Record<string, A>): A
}

const dense = (x: A, w: A, b: A): A => np.add(np.matmul(x, w), b)
const square = (x: A): A => np.multiply(x.ref, x)

function norm(x: A): A {
  const centred = np.subtract(x.ref, np.mean(x, -1, { keepdims: true }))
  const variance = np.mean(square(centred.ref), -1, { keepdims: true })
  return np.divide(centred, np.sqrt(np.add(variance, 1e-5)))
}

const networks: readonly Network[] = [
  {
    name: 'a dense network with every activation',
    shapes: { x: [5, 4], w1: [4, 8], b1: [8], w2: [8, 8], b2: [8], w3: [8, 2], b3: [2] },
    ours: ({ x, w1, b1, w2, b2, w3, b3 }) =>
      linear(gelu(linear(silu(linear(x, w1, b1)), w2, b2)), w3, b3)
        .tanh()
        .square()
        .mean(),
    theirs: ({ x, w1, b1, w2, b2, w3, b3 }) => {
      const h = nn.gelu(dense(nn.silu(dense(x, w1, b1)), w2, b2), { approximate: false })
      return np.mean(square(np.tanh(dense(h, w3, b3))))
    },
  },
  {
    name: 'a convolution network, periodic in longitude',
    shapes: { x: [2, 3, 6, 8], w1: [4, 3, 3, 3], w2: [4, 4, 3, 3], head: [4, 2] },
    ours: ({ x, w1, w2, head }) => {
      const h = silu(convZonal(x, w1))
      const y = h.add(convZonal(h, w2).relu())
      return y.mean([2, 3]).matmul(head).softmax().slice(null, 0).log().sum()
    },
    theirs: ({ x, w1, w2, head }) => {
      const zonal = (v: A, w: A) => {
        const wide = np.pad(
          np.concatenate([v.ref.slice([], [], [], [7, 8]), v.ref, v.slice([], [], [], [0, 1])], 3),
          [
            [0, 0],
            [0, 0],
            [1, 1],
            [0, 0],
          ],
        )
        return lax.convGeneralDilated(wide, w, [1, 1], 'VALID')
      }
      const h = nn.silu(zonal(x, w1))
      const y = np.add(h.ref, nn.relu(zonal(h, w2)))
      const p = nn.softmax(np.matmul(np.mean(y, [2, 3]), head), -1)
      return np.sum(np.log(p.slice([], 0)))
    },
  },
  {
    name: 'an attention block under adaptive layer norm',
    shapes: { x: [2, 5, 8], t: [2, 6], mod: [6, 24], q: [8, 8], k: [8, 8], v: [8, 8], o: [8, 8] },
    ours: ({ x, t, mod, q, k, v, o }) => {
      const m = linear(silu(t), mod).reshape(2, 1, 24)
      const [shift, scale, gate] = [0, 8, 16].map((i) => m.slice(null, null, [i, i + 8]))
      const h = layerNorm(x, 1e-5).mul(scale.add(1)).add(shift)
      const heads = (w: Tensor) => linear(h, w).reshape(2, 5, 2, 4).transpose(0, 2, 1, 3)
      const mixed = attention(heads(q), heads(k), heads(v)).transpose(0, 2, 1, 3).reshape(2, 5, 8)
      return x.add(linear(mixed, o).mul(gate)).square().sum()
    },
    theirs: ({ x, t, mod, q, k, v, o }) => {
      const m = np.reshape(np.matmul(nn.silu(t), mod), [2, 1, 24])
      const part = (i: number) => m.ref.slice([], [], [i, i + 8])
      const h = np.add(np.multiply(norm(x.ref), np.add(part(8), 1)), part(0))
      const heads = (w: A) => np.transpose(np.reshape(np.matmul(h.ref, w), [2, 5, 2, 4]), [0, 2, 1, 3])
      const scores = np.multiply(np.matmul(heads(q), np.transpose(heads(k), [0, 1, 3, 2])), 0.5)
      const mixed = np.transpose(np.matmul(nn.softmax(scores, -1), heads(v)), [0, 2, 1, 3])
      const out = np.multiply(np.matmul(np.reshape(mixed, [2, 5, 8]), o), part(16))
      return np.sum(square(np.add(x, out)))
    },
  },
  {
    name: 'a recurrent roll-out in one loop',
    shapes: { h: [3, 6], xs: [7, 3, 4], u: [4, 6], w: [6, 6], b: [6], out: [6, 2] },
    ours: ({ h, xs, u, w, b, out }) => {
      const { carry, ys } = scan(
        ([s], [x]) => {
          const next = linear(x, u, b).add(s.matmul(w)).tanh()
          return { carry: [next], ys: [next.matmul(out)] }
        },
        [h],
        [xs],
      )
      return ys[0].square().mean().add(carry[0].sum())
    },
    theirs: ({ h, xs, u, w, b, out }) => {
      let state = h
      let loss = np.array(0)
      for (let k = 0; k < 7; k++) {
        const x = xs.ref.slice(k)
        state = np.tanh(np.add(dense(x, u.ref, b.ref), np.matmul(state, w.ref)))
        loss = np.add(loss, np.mean(square(np.matmul(state.ref, out.ref))))
      }
      return np.add(np.divide(loss, 7), np.sum(state))
    },
  },
  {
    name: 'a gradient penalty, differentiated again',
    shapes: { x: [4, 3], w1: [3, 6], b1: [6], w2: [6, 1] },
    ours: ({ x, w1, b1, w2 }) => {
      const f = (v: Tensor) => linear(linear(v, w1, b1).tanh(), w2).sum()
      const [g] = grad(f(x), [x])
      return f(x).add(g.square().sum(-1).add(1e-3).sqrt().sub(1).square().mean())
    },
    theirs: ({ x, w1, b1, w2 }) => {
      const f = (v: A) => np.sum(np.matmul(np.tanh(dense(v, w1.ref, b1.ref)), w2.ref))
      const g = jax.grad(f)(x.ref) as A
      const lengths = np.sqrt(np.add(np.sum(square(g), -1), 1e-3))
      return np.add(f(x), np.mean(square(np.subtract(lengths, 1))))
    },
  },
]

const runtime = new Runtime({ device: 'cpu', threads: 1 })
beforeAll(async () => {
  await jax.init('wasm')
  jax.defaultDevice('wasm')
})
afterAll(() => runtime.close())

// Both compute in float32; jax-js sums in another order and has its own exponential.
const limit = 1e-5

it.each(networks)(
  '$name has the value and the gradients that jax-js finds',
  async ({ shapes, ours, theirs }) => {
    const names = Object.keys(shapes)
    const data = Object.fromEntries(
      names.map((n) => {
        const size = shapes[n].reduce((a, b) => a * b, 1)
        return [
          n,
          stream(3, n)
            .normal(new Float32Array(size))
            .map((v) => v / 2),
        ] as const
      }),
    )
    const p = Object.fromEntries(names.map((n) => [n, input(n, shapes[n])]))
    const loss = ours(p)
    const gradients = grad(loss, Object.values(p))
    const program = compile({ loss, ...Object.fromEntries(names.map((n, i) => [`d${n}`, gradients[i]])) })
    const got = await runtime.evaluate(program, data)

    const arrays = Object.fromEntries(names.map((n) => [n, np.reshape(np.array(data[n]), [...shapes[n]])]))
    const [value, slopes] = jax.valueAndGrad(theirs)(arrays) as [A, Record<string, A>]
    expect(relativeError([got.loss.data as Float32Array], [await value.data()])).toBeLessThan(limit)
    for (const n of names)
      expect(relativeError([got[`d${n}`].data as Float32Array], [await slopes[n].data()]), n).toBeLessThan(
        limit,
      )
  },
)
