import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stream } from '../random/stream.ts'
import { evaluate } from '../tensor/evaluate.ts'
import { compile, type DType, grad, input, Runtime, type Tensor } from '../tensor/index.ts'
import { geostrophicMismatch, geostrophicWind, thermalWind } from './balance.ts'
import { BalanceProgram } from './balance-program.ts'
import { earthRadius as a, g, Rd } from './constants.ts'
import { Differences } from './differences.ts'
import { Grid } from './grid.ts'
import { hydrostaticMismatch } from './hydrostatic.ts'
import { gridFamily, largest, onGrid, order, rms, solidBody, speed, wavy } from './testing/flows.ts'
import { divergence, kineticEnergy, vorticity } from './wind.ts'

/** Values of tensors in float64 from values of inputs. */
function run(outputs: Tensor[], feeds: [Tensor, Float64Array][]): Float64Array[] {
  const known = new Map(feeds.map(([t, data]) => [t, { shape: t.shape, data }]))
  return evaluate(outputs, known).map((v) => v.data)
}

const noise = (name: string, n: number) => stream(4, name).normal(new Float64Array(n))

/** Winds and geopotential of a rough but reasonable atmosphere. */
function rough(grid: Grid) {
  const smooth = {
    u: onGrid(grid, solidBody.u),
    v: onGrid(grid, solidBody.v),
    z: onGrid(grid, wavy.geopotential),
  }
  const add = (x: Float64Array, name: string, size: number) => {
    const n = noise(name, x.length)
    return x.map((value, i) => value + size * n[i])
  }
  return {
    u: add(smooth.u, 'u', 3),
    v: add(smooth.v, 'v', 3),
    z: add(smooth.z, 'z', 50).map((x) => x + 55_000),
  }
}

const fields = (grid: Grid, dtype: DType = 'float64') =>
  ['z', 'u', 'v'].map((name) => input(name, [grid.rows, grid.columns], dtype))

/** NaN where the plain functions have it becomes 0, as in the programs. */
const zeroed = (x: Float64Array) => x.map((value) => (Number.isFinite(value) ? value : 0))

describe.each(gridFamily)('the programs on a grid %s', (name, make) => {
  it('equal the plain functions', () => {
    const grid = make(12)
    const [d, program, state] = [new Differences(grid), new BalanceProgram(grid), rough(grid)]
    const [z, u, v] = fields(grid)
    const wind = program.geostrophicWind(z)
    const shear = program.thermalWind(z.mul(0.005), 300, 850)
    const outputs = [wind.u, wind.v, shear.u, shear.v, program.divergence(u, v), program.vorticity(u, v), program.kineticEnergy(u, v)]
    const plain = geostrophicWind(state.z, d)
    const plainShear = thermalWind(state.z.map((x) => 0.005 * x), 300, 850, d)
    const expected = [plain.u, plain.v, plainShear.u, plainShear.v, divergence(state.u, state.v, d), vorticity(state.u, state.v, d), kineticEnergy(state.u, state.v)]
    const feeds: [Tensor, Float64Array][] = [[z, state.z], [u, state.u], [v, state.v]]
    run(outputs, feeds).forEach((result, k) => {
      // On pole rows the program's divergence holds the part that exists; the plain one is NaN throughout.
      const scale = Math.max(...zeroed(expected[k]).map(Math.abs))
      expect(largest(grid, result, expected[k])).toBeLessThan(1e-11 * scale)
      expect(result.every(Number.isFinite)).toBe(true)
    })
    for (const options of [{}, { band: [0, 90], guard: 3 }] as const) {
      const [mismatch] = run([program.geostrophicMismatch(z, u, v, options)], feeds)
      const exact = geostrophicMismatch(state.z, state.u, state.v, d, options)
      expect(Math.abs(mismatch[0] / exact - 1)).toBeLessThan(1e-11)
    }
  }) // biome-ignore format: pairs of results

  it('find the vorticity of solid-body rotation to second order', () => {
    const error = (n: number) => {
      const grid = make(n)
      const [, u, v] = fields(grid)
      const [result] = run(
        [new BalanceProgram(grid).vorticity(u, v)],
        [
          [u, onGrid(grid, solidBody.u)],
          [v, onGrid(grid, solidBody.v)],
        ],
      )
      const exact = onGrid(grid, solidBody.vorticity)
      // A pole row has no vorticity of its own.
      const rows = grid.latitude.map((lat) => (90 - Math.abs(lat) < 1e-6 ? Number.NaN : 0))
      return (
        rms(
          grid,
          result,
          exact.map((x, i) => x + rows[Math.floor(i / grid.columns)]),
        ) /
        (speed / a)
      )
    }
    expect(order(error, 12), name).toBeGreaterThan(1.85)
  })
})

describe('hydrostatic mismatch', () => {
  const grid = Grid.equiangular(4, 6)
  const levels = [200, 500, 850]
  const shape = [2, 3, 4, 6]
  const [z, t, q] = ['z', 't', 'q'].map((name) => input(name, shape, 'float64'))
  const program = new BalanceProgram(grid)

  it('equals the plain function, for a batch, moist and dry', () => {
    const state = {
      z: noise('hz', 144).map((n, i) => 110_000 - 45_000 * (Math.floor(i / 24) % 3) + 100 * n),
      t: noise('ht', 144).map((n) => 260 + 10 * n),
      q: noise('hq', 144).map((n) => 0.01 + 0.002 * n),
    }
    const column = { levels, geopotential: z, temperature: t }
    const outputs = [program.hydrostaticMismatch({ ...column, humidity: q }), program.hydrostaticMismatch(column)]
    const results = run(outputs, [[z, state.z], [t, state.t], [q, state.q]])
    for (const b of [0, 1]) {
      const at = (x: Float64Array) => x.subarray(72 * b, 72 * b + 72)
      const dry = { levels, geopotential: at(state.z), temperature: at(state.t) }
      expect(results[0][b]).toBeCloseTo(hydrostaticMismatch({ ...dry, humidity: at(state.q) }, grid), 12)
      expect(results[1][b]).toBeCloseTo(hydrostaticMismatch(dry, grid), 12)
    }
  }) // biome-ignore format: pairs

  it('of an isothermal atmosphere is 0, of a constant lapse rate what the trapezoid misses', () => {
    const [single, temperature] = ['z', 't'].map((name) => input(name, [3, 4, 6], 'float64'))
    const even = [250, 500, 1000]
    const mismatch = program.hydrostaticMismatch({ levels: even, geopotential: single, temperature })
    const fill = (f: (p: number) => number) => Float64Array.from({ length: 72 }, (_, i) => f(even[Math.floor(i / 24)]))
    const isothermal = fill((p) => Rd * 250 * Math.log(1000 / p))
    expect(run([mismatch], [[single, isothermal], [temperature, fill(() => 250)]])[0][0]).toBeLessThan(1e-14)
    const k = (Rd * 6.5e-3) / g
    // Of layers of thickness h the trapezoid misses 1 - tanh(k h / 2) / (k h / 2).
    const x = (k * Math.LN2) / 2
    const lapse = fill((p) => 288 * (p / 1000) ** k)
    const height = lapse.map((value) => (g / 6.5e-3) * (288 - value))
    expect(run([mismatch], [[single, height], [temperature, lapse]])[0][0]).toBeCloseTo(1 - Math.tanh(x) / x, 12)
  }) // biome-ignore format: pairs

  it('refuses levels that do not fit', () => {
    expect(() =>
      program.hydrostaticMismatch({ levels: [500, 850], geopotential: z, temperature: t }),
    ).toThrow(/2 levels/)
    expect(() => program.hydrostaticMismatch({ levels: [500], geopotential: z, temperature: t })).toThrow(
      /at least two/,
    )
    const field = input('f', [4, 6], 'float64')
    expect(() => program.geostrophicMismatch(field, field, field, { band: [89, 90] })).toThrow(/no row/)
  })
})

it('gradients of the mismatches agree with central differences', () => {
  const grid = Grid.equiangular(8, 12)
  const [z, u, v] = fields(grid)
  const mismatch = new BalanceProgram(grid).geostrophicMismatch(z, u, v)
  const state = rough(grid)
  const feeds: [Tensor, Float64Array][] = [[z, state.z], [u, state.u], [v, state.v]]
  const gradient = run(grad(mismatch, [z, u, v]), feeds)
  feeds.forEach((_, k) => {
    for (const i of [13, 25, 40, 77]) {
      const at = (step: number) => {
        const moved = feeds.map(([t, x], j) => [t, j === k ? x.map((y, l) => (l === i ? y + step : y)) : x])
        return run([mismatch], moved as [Tensor, Float64Array][])[0][0]
      }
      const h = k === 0 ? 1e-3 : 1e-5
      expect(gradient[k][i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 7)
    }
  })
}) // biome-ignore format: pairs

describe('compiled, in float32', () => {
  let runtime: Runtime
  beforeAll(() => {
    runtime = new Runtime({ device: 'cpu', threads: 1 })
  })
  afterAll(() => runtime.close())

  it("a batch on a device gives the plain functions' results", async () => {
    const grid = Grid.equiangular(32, 64)
    const [d, program, state] = [new Differences(grid), new BalanceProgram(grid), rough(grid)]
    const [z, u, v] = ['z', 'u', 'v'].map((name) => input(name, [2, 32, 64]))
    const twice = (x: Float64Array) => Float32Array.from([...x, ...x.map((y) => 1.01 * y)])
    const compiled = compile({
      mismatch: program.geostrophicMismatch(z, u, v),
      vorticity: program.vorticity(u, v),
    })
    const out = await runtime.evaluate(compiled, { z: twice(state.z), u: twice(state.u), v: twice(state.v) })
    const scaled = (x: Float64Array) => x.map((y) => 1.01 * y)
    const exact = [state, { z: scaled(state.z), u: scaled(state.u), v: scaled(state.v) }]
    exact.forEach((s, b) => {
      const relative = Number(out.mismatch.data[b]) / geostrophicMismatch(s.z, s.u, s.v, d) - 1
      expect(Math.abs(relative)).toBeLessThan(1e-3)
      const spin = Float64Array.from(out.vorticity.data.subarray(2048 * b, 2048 * (b + 1)) as Float32Array)
      expect(largest(grid, spin, vorticity(s.u, s.v, d))).toBeLessThan(1e-8)
    })
  })
})
