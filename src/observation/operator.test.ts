import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from '../tensor/evaluate.ts'
import { compile, input, jvp, Runtime, type Tensor, vjp } from '../tensor/index.ts'
import { buildOperator } from './build.ts'
import { channels, grid, normaliser, normals, randomTable } from './testing/worlds.ts'

const linear = ['z', 't', 'q', 'u', 'v', 't2m', 'u10', 'v10', 'msl', 'dz500-850', 'dz300-500']
const nonLinear = ['ff', 'dd', 'ff10', 'dd10', 'tv', 'ps']
const n = channels.length * grid.size
const shape = [channels.length, grid.rows, grid.columns]
const cases = [...linear, ...nonLinear].flatMap((code) =>
  (['physical', 'normalised'] as const).map((units) => ({ code, units })),
)
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let [sum, size] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    sum += a[i] * b[i]
    size += Math.abs(a[i] * b[i])
  }
  return { sum, size }
}
/** |<H dx, dy> - <dx, H* dy>| relative to what could cancel. */
function mismatch(
  hdx: ArrayLike<number>,
  dy: ArrayLike<number>,
  dx: ArrayLike<number>,
  hdy: ArrayLike<number>,
) {
  const [left, right] = [dot(hdx, dy), dot(dx, hdy)]
  return Math.abs(left.sum - right.sum) / Math.max(left.size, right.size)
}
const build = (codes: readonly string[], units: 'physical' | 'normalised', each = 20) =>
  buildOperator(randomTable(codes, each), grid, channels, normaliser, { units }).operator
const run = (outputs: Tensor[], feeds: [Tensor, Float64Array][]) =>
  evaluate(outputs, new Map(feeds.map(([t, data]) => [t, { shape: t.shape, data }]))).map((v) => v.data)
/** Weather about the mean: with a wind, so that directions have a meaning. */
const state = () => normals('state', n).map((x) => 0.3 * x + 0.5)

describe.each(cases)('H of $code in $units units', ({ code, units }) => {
  const H = build([code], units)
  const x = state()
  const [dx, dy] = [normals('dx', n), normals('dy', H.outputs)]

  it('is linear or not as declared, and takes every row', () => {
    expect(H.outputs).toBe(20)
    expect(H.linear).toBe(linear.includes(code))
  })

  it('has the adjoint of its tangent, to 1e-12 in float64, in the program and on the host', () => {
    const at = input('x', shape, 'float64')
    const [u, w] = [input('dx', shape, 'float64'), input('dy', [H.outputs], 'float64')]
    const y = H.forward(at)
    const [tangent] = jvp([y], [at], [u])
    const [adjoint] = vjp([y], [at], [w])
    const feeds: [Tensor, Float64Array][] = [[at, x], [u, dx], [w, dy]] // biome-ignore format: pairs
    const [value, hdx, hdy] = run([y, tangent, adjoint], feeds)
    expect(mismatch(hdx, dy, dx, hdy)).toBeLessThan(1e-12)
    const host = H.linearise(x)
    expect(mismatch(host.tangent(dx), dy, dx, host.adjoint(dy))).toBeLessThan(1e-12)
    const close = (a: Float64Array, b: Float64Array) => {
      const largest = Math.max(...b.map(Math.abs))
      a.forEach((v, i) => {
        expect(Math.abs(v - b[i])).toBeLessThan(1e-11 * largest)
      })
    }
    close(H.apply(x), value)
    close(host.value, value)
    close(host.tangent(dx), hdx)
    close(host.adjoint(dy), hdy)
  })

  it('has the tangent that central differences find', () => {
    const host = H.linearise(x)
    const h = 1e-6
    const [plus, minus] = [1, -1].map((s) => H.apply(x.map((v, i) => v + s * h * dx[i])))
    const slope = H.innovation(plus, minus).map((d) => d / (2 * h))
    const tangent = host.tangent(dx)
    const largest = Math.max(...tangent.map(Math.abs))
    slope.forEach((s, i) => {
      expect(Math.abs(s - tangent[i])).toBeLessThan(3e-6 * largest)
    })
  })
})

describe('on a device, in float32', () => {
  let runtime: Runtime
  beforeAll(() => {
    runtime = new Runtime({ device: 'cpu', threads: 1 })
  })
  afterAll(() => runtime.close())

  it.each([
    ['linear', linear],
    ['non-linear', nonLinear],
    ['mixed', [...nonLinear, ...linear]],
  ] as const)(
    '%s operators of a batch have the value, tangent and adjoint of the host, the dot product to 1e-5',
    async (_, codes) => {
      const H = build(codes, 'normalised', 6)
      const [at, u] = [input('x', [2, ...shape]), input('dx', [2, ...shape])]
      const w = input('dy', [2, H.outputs])
      const y = H.forward(at)
      const program = compile({ y, tangent: jvp([y], [at], [u])[0], adjoint: vjp([y], [at], [w])[0] })
      const x = Float32Array.from([...state(), ...state().map((v) => 0.7 * v)])
      const dx = Float32Array.from(normals('batch', 2 * n))
      const dy = Float32Array.from(normals('cotangents', 2 * H.outputs))
      const out = await runtime.evaluate(program, { x, dx, dy })
      const numbers = (name: string) => Float64Array.from(out[name].data as Float32Array)
      expect(mismatch(numbers('tangent'), dy, dx, numbers('adjoint'))).toBeLessThan(1e-5)
      const value = numbers('y')
      H.apply(x).forEach((v, i) => {
        expect(Math.abs(v - value[i])).toBeLessThan(1e-4)
      })
      const part = (a: Float32Array, k: number, size: number) =>
        Float64Array.from(a.subarray(k * size, (k + 1) * size))
      for (const k of [0, 1]) {
        const host = H.linearise(part(x, k, n))
        host.tangent(part(dx, k, n)).forEach((v, i) => {
          expect(Math.abs(v - numbers('tangent')[k * H.outputs + i])).toBeLessThan(1e-3)
        })
        const adjoint = numbers('adjoint').subarray(k * n, (k + 1) * n)
        const exact = host.adjoint(part(dy, k, H.outputs))
        const largest = Math.max(...exact.map(Math.abs))
        exact.forEach((v, i) => {
          expect(Math.abs(v - adjoint[i])).toBeLessThan(1e-5 * largest)
        })
      }
    },
  )

  it('innovations of directions go the short way round, also as a program with gradients', async () => {
    const H = build(['dd', 't'], 'physical', 3)
    const y = Float64Array.from([350, 300, 10, 250, 180, 280])
    const observed = Float64Array.from([10, 290, 350, 260, 180, 281])
    const expected = [-20, 10, 20, -10, 0, -1]
    expect([...H.innovation(y, observed)]).toEqual(expected)
    const [a, b] = [input('a', [6]), input('b', [6])]
    const d = H.innovationTensor(a, b)
    const program = compile({ d, slope: vjp([d], [b], [d])[0] })
    const out = await runtime.evaluate(program, { a: Float32Array.from(y), b: Float32Array.from(observed) })
    expect([...out.d.data]).toEqual(expected)
    expect([...out.slope.data]).toEqual(expected.map((v) => -v))
  })
})
