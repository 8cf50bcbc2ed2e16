import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stream } from '../random/stream.ts'
import { evaluate } from './evaluate.ts'
import { type Body, nodesOf } from './graph.ts'
import { attention, compile, constant, grad, input, matmul, scan, silu, type Tensor } from './index.ts'
import { constantPrimitive } from './ops/source.ts'
import { optimise } from './optimise.ts'
import { cases } from './testing/cases.ts'
import { relativeError, trace } from './testing/derivatives.ts'

/** Operations of a graph by name, constants and inputs left out. */
function operations(outputs: readonly Tensor[]): Record<string, number> {
  const count: Record<string, number> = {}
  for (const { op } of nodesOf(optimise(outputs)))
    if (op.name !== 'input' && op.name !== 'constant') count[op.name] = (count[op.name] ?? 0) + 1
  return count
}

const x = input('x', [3, 4])
const y = input('y', [4, 5])

describe('the optimiser', () => {
  it('computes equal expressions once, also those of different derivatives', () => {
    expect(operations([x.exp().add(1), x.exp().mul(2)])).toEqual({ exp: 1, add: 1, mul: 1 })
    expect(operations([x.exp().sum([0]), x.exp().sum(0), x.exp().sum(-2)])).toEqual({ exp: 1, sum: 1 })
    expect(operations([x.mul(constant([1, 2, 3, 4])), x.mul(constant([1, 2, 3, 4]))])).toEqual({ mul: 1 })
    const loss = silu(x).sum()
    expect(operations([loss, ...grad(loss, [x])]).sigmoid).toBe(1)
  })

  it('keeps apart what differs in attributes, dtype, shape or order only', () => {
    expect(operations([x.sum([0]), x.sum([1]), x.sum([0], { keep: true })])).toEqual({ sum: 3 })
    expect(operations([x.cast('float64'), x.cast('float16')])).toEqual({ cast: 2 })
    expect(operations([x.sub(y.slice(0, 0)), y.slice(0, 0).sub(x)]).sub).toBe(2)
    expect(operations([x.mul(constant(1.5)), x.mul(constant([1.5]))])).toEqual({ mul: 2 })
  })

  it('folds constant expressions', () => {
    const [t] = optimise([constant([1, 2]).mul(3).exp().sum()])
    expect(t.node.op).toBe(constantPrimitive)
    expect(Number((t.node.attrs.data as Float32Array)[0])).toBeCloseTo(Math.exp(3) + Math.exp(6), 4)
    expect(operations([x.mul(constant(2).mul(3).add(1))])).toEqual({ mul: 1 })
  })

  it('leaves out what no output needs, and lists inputs that turned out idle', () => {
    const idle = input('idle', [2])
    const program = compile({ out: x.add(idle.sum().stopGradient().mul(0).slice()) })
    expect(program.inputs.map((i) => i.name)).toEqual(['x', 'idle'])
    const [g] = grad(x.mul(3).add(idle.sum()).sum(), [x])
    const slope = compile({ g })
    expect([slope.inputs, slope.size]).toEqual([[], 1])
  })

  it('draws transposes and scalar factors into products', () => {
    expect(operations([matmul(x.transpose(), y.transpose(), { transA: true, transB: true })])).toEqual({
      gemm: 1,
    })
    expect(operations([y.transpose().matmul(x.transpose()).mul(0.5)])).toEqual({ gemm: 1 })
    // With another user of the product the factor stays outside.
    const p = x.matmul(y)
    expect(operations([p.mul(0.5), p.exp()])).toEqual({ gemm: 1, mul: 1, exp: 1 })
  })

  it('replaces composites and shares their parts with their derivatives', () => {
    const [q, k, v] = ['q', 'k', 'v'].map((n) => input(n, [2, 3, 4]))
    const loss = attention(q, k, v).sumSquare()
    const count = operations([loss, ...grad(loss, [q, k, v])])
    expect(count.attention).toBeUndefined()
    expect([count.softmax, count.matmul]).toEqual([1, 6])
  })

  it('optimises bodies of loops and prunes their unused results', () => {
    const rows = input('rows', [6, 4])
    const { carry, ys } = scan(
      ([s], [r]) => ({ carry: [s.add(r.exp()).add(r.exp())], ys: [r.sin(), s.cos()] }),
      [input('s', [4])],
      [rows],
    )
    const [best] = optimise([carry[0]])
    const body = nodesOf((best.node.attrs.body as Body).outputs.slice(0, 1))
    expect(body.filter((n) => n.op.name === 'exp')).toHaveLength(1)
    const text = (outputs: Record<string, Tensor>) => Buffer.from(compile(outputs).onnx).toString('latin1')
    expect(text({ carry: carry[0], sin: ys[0], cos: ys[1] })).toMatch(/Sin/)
    expect(text({ carry: carry[0] })).not.toMatch(/Sin|Cos/)
    expect(text({ carry: carry[0], cos: ys[1] })).not.toMatch(/Sin/)
  })
})

describe('an optimised graph evaluates to the same values', () => {
  const same = (outputs: readonly Tensor[], feeds: Parameters<typeof evaluate>[1]) => {
    const before = evaluate(outputs, feeds).map((v) => v.data)
    const after = evaluate(optimise(outputs), feeds)
    expect(after.map((v) => v.shape)).toEqual(outputs.map((t) => t.shape))
    // Factors drawn into products and folded constants round differently.
    expect(
      relativeError(
        after.map((v) => v.data),
        before,
      ),
    ).toBeLessThan(1e-11)
  }

  it.each(cases)('$name with its derivatives', ({ samples }) => {
    const check = (sample: Parameters<typeof trace>[0]) => {
      const t = trace(sample, 'float64')
      same([...t.results, ...t.gradient, ...t.tangents, ...t.curvature], t.feeds)
    }
    fc.assert(fc.property(samples, check), { numRuns: 5, seed: 20260201 })
  })

  // A random program: each step applies an operation to what is there so far, on square matrices.
  const n = 3
  const one: readonly ((t: Tensor) => Tensor)[] = [
    (t) => t.transpose(),
    (t) => t.mul(0.5),
    (t) => t.add(1),
    (t) => t.tanh(),
    (t) => t.neg(),
    (t) => t.sum(0, { keep: true }).expand(n, n),
    (t) => t.mean([0, 1]).expand(n, n),
    (t) => t.reshape(n * n).reshape(n, n),
    (t) => t.slice([null, null, -1]),
    (t) => t.softmax(),
    (t) => t.mul(0).add(constant(2, { dtype: 'float64' }).mul(3)),
    (t) => silu(t),
  ]
  const two: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
    (a, b) => a.matmul(b).mul(1 / 3),
    (a, b) => matmul(a, b, { transA: true }).mul(0.25),
    (a, b) => a.add(b),
    (a, b) => a.mul(b).mul(0.5),
    (a, b) => a.sub(b),
    (a, b) => a.maximum(b),
    (a, b) => a.slice(0).add(b),
  ]
  const step = fc.record({ op: fc.nat(one.length + two.length - 1), a: fc.nat(99), b: fc.nat(99) })

  it('random programs and their gradients', () => {
    const check = (steps: readonly { op: number; a: number; b: number }[], seed: number) => {
      const inputs = ['p', 'q'].map((name) => input(name, [n, n], 'float64'))
      const made = [
        ...inputs,
        constant(Float64Array.of(1, 2, 3), { shape: [1, n], dtype: 'float64' }).expand(n, n),
      ]
      for (const { op, a, b } of steps) {
        const [s, t] = [made[a % made.length], made[b % made.length]]
        made.push(op < one.length ? one[op](s) : two[op - one.length](s, t))
      }
      const loss = made.slice(-3).reduce((s, t) => s.add(t.sumSquare()), constant(0, { dtype: 'float64' }))
      const feeds = inputs.map((t) => {
        const data = stream(seed, t.node.attrs.name as string).uniform(new Float64Array(n * n))
        return [t, { shape: t.shape, data }] as const
      })
      same([...made.slice(-3), loss, ...grad(loss, inputs)], new Map(feeds))
    }
    const program = fc.array(step, { minLength: 1, maxLength: 14 })
    fc.assert(fc.property(program, fc.nat(1 << 20), check), { numRuns: 200, seed: 20260202 })
  })
})
