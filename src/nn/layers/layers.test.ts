import { describe, expect, it } from 'vitest'
import { ShapeError } from '../../base/errors.ts'
import type { Values } from '../../tensor/graph.ts'
import { input, roll, type Tensor } from '../../tensor/index.ts'
import * as nn from '../index.ts'
import { evaluated, maxDifference, randomInputs, valuesOf } from '../testing.ts'

const f64 = (name: string, shape: number[]) => input(name, shape, 'float64')
const parameters = () => new nn.Parameters({ dtype: 'float64' })
const context = (known: Map<Tensor, Values>, p: nn.Parameters) => {
  const weights = p.initialise(1)
  for (const [name, t] of p.tensors) known.set(t, valuesOf(weights.get(name)!))
  return known
}
/** Whether two expressions of the same random inputs have the same values. */
const difference = (a: Tensor, b: Tensor) => {
  const known = randomInputs([a, b], 0.5)
  return maxDifference(evaluated(a, known), evaluated(b, known))
}

describe('attention', () => {
  it('to a single key gives its value, whatever the query', () => {
    const p = parameters()
    const [x, c] = [f64('x', [2, 5, 8]), f64('c', [2, 1, 6])]
    const y = nn.crossAttention(p, x, c, { heads: 2 })
    const value = nn.dense(p.scope('out'), nn.dense(p.scope('value'), c, 8), 8)
    expect(difference(y, value.expand(2, 5, 8))).toBeLessThan(1e-12)
  })

  it('does not know the order of keys, and follows the order of queries', () => {
    const p = parameters()
    const [x, c] = [f64('x', [2, 5, 8]), f64('c', [2, 3, 6])]
    const y = nn.crossAttention(p, x, c, { heads: 4 })
    expect(difference(nn.crossAttention(p, x, roll(c, 1, 1), { heads: 4 }), y)).toBeLessThan(1e-12)
    expect(difference(nn.crossAttention(p, roll(x, 2, 1), c, { heads: 4 }), roll(y, 2, 1))).toBeLessThan(
      1e-12,
    )
  })

  it('with normalised queries and keys does not see their lengths', () => {
    const attend = (p: nn.Parameters) => nn.selfAttention(p, f64('x', [1, 4, 8]), { heads: 2, qkNorm: true })
    const p = parameters()
    const y = attend(p)
    const known = randomInputs([y], 0.5)
    const before = evaluated(y, known)
    for (const name of ['query.weight', 'query.bias']) {
      const t = p.tensors.get(name)!
      known.set(t, { shape: t.shape, data: known.get(t)!.data.map((v) => 100 * v) })
    }
    expect(maxDifference(evaluated(y, known), before)).toBeLessThan(1e-4)
  })

  it('refuses heads that do not divide the width', () => {
    expect(() => nn.selfAttention(parameters(), f64('x', [1, 4, 8]), { heads: 3 })).toThrow(
      /attention: width 8 does not divide into 3 heads/,
    )
  })
})

describe('windowed attention', () => {
  const x = f64('x', [2, 4 * 6, 8])
  const grid = { grid: [4, 6], window: [2, 3], heads: 2 } as const
  const turn = (t: Tensor, by: number) => roll(t.reshape(2, 4, 6, 8), by, 2).reshape(2, 24, 8)

  it('with one window is attention', () => {
    const p = parameters()
    const whole = nn.windowAttention(p, x, { ...grid, window: [4, 6] })
    expect(difference(whole, nn.selfAttention(p, x, { heads: 2 }))).toBeLessThan(1e-12)
  })

  it.each([[[0, 0]], [[1, 1]], [[0, 2]]] as const)(
    'shifted by %s commutes with turning by a window',
    (shift) => {
      const p = parameters()
      const attend = (t: Tensor) => nn.windowAttention(p, t, { ...grid, shift })
      expect(difference(attend(turn(x, 3)), turn(attend(x), 3))).toBeLessThan(1e-12)
      expect(difference(attend(turn(x, 1)), turn(attend(x), 1))).toBeGreaterThan(1e-3)
    },
  )

  it('shifted east equals turned, attended and turned back', () => {
    const p = parameters()
    const shifted = nn.windowAttention(p, x, { ...grid, shift: [0, 1] })
    expect(difference(shifted, turn(nn.windowAttention(p, turn(x, -1), grid), 1))).toBeLessThan(1e-12)
  })

  it.each([0, 1])(
    'reaches the tokens of its window alone (shifted south by %i), never across a pole',
    (south) => {
      const p = parameters()
      const y = nn.windowAttention(p, x, { ...grid, shift: [south, 1] })
      const known = randomInputs([y], 0.5)
      const before = evaluated(y, known)
      const windowOf = (token: number) => {
        const [row, column] = [Math.floor(token / 6), token % 6]
        // Rows 0 and 3 share a shifted window with nobody, rows 1 and 2 are one.
        return `${Math.floor((row + south) / 2)} ${Math.floor(((column + 5) % 6) / 3)}`
      }
      for (const token of [0, 2, 9, 23]) {
        const data = known.get(x)!.data.slice()
        data[token * 8] += 1
        const after = evaluated(y, new Map([...known, [x, { shape: x.shape, data }]]))
        for (let other = 0; other < 24; other++) {
          const change = maxDifference(
            after.subarray(other * 8, other * 8 + 8),
            before.subarray(other * 8, other * 8 + 8),
          )
          if (windowOf(other) === windowOf(token)) expect(change).toBeGreaterThan(1e-6)
          else expect(change).toBe(0)
        }
      }
    },
  )
})

describe('convolution', () => {
  it('commutes with zonal rolls, with strides with rolls by a stride', () => {
    const x = f64('x', [1, 2, 4, 8])
    const p = parameters()
    const plain = (t: Tensor) => nn.convolution(p.scope('a'), t, 3, { kernel: 5 })
    expect(difference(plain(roll(x, 3, 3)), roll(plain(x), 3, 3))).toBeLessThan(1e-12)
    const strided = (t: Tensor) => nn.convolution(p.scope('b'), t, 3, { stride: 2 })
    expect(strided(x).shape).toEqual([1, 3, 2, 4])
    expect(difference(strided(roll(x, 2, 3)), roll(strided(x), 1, 3))).toBeLessThan(1e-12)
  })

  it('of side 1 is a dense layer over channels', () => {
    const x = f64('x', [2, 3, 4, 5])
    const p = parameters()
    const y = nn.convolution(p, x, 6, { kernel: 1 })
    const weight = p.tensors.get('weight')!.reshape(6, 3).transpose()
    const dense = x.transpose(0, 2, 3, 1).matmul(weight).add(p.tensors.get('bias')!)
    expect(difference(y.transpose(0, 2, 3, 1), dense)).toBeLessThan(1e-12)
  })
})

describe('normalisation', () => {
  it('gives mean square 1, and mean 0 for layer normalisation', () => {
    const x = f64('x', [4, 16])
    const known = randomInputs([x], 5)
    const scaled = (t: Tensor) => [...evaluated(t, known)]
    for (const v of scaled(nn.rmsNorm(x).sumSquare(-1))) expect(v).toBeCloseTo(16, 5)
    const p = parameters()
    const y = nn.scaledLayerNorm(p, x)
    context(known, p)
    for (const v of scaled(y.sum(-1))) expect(v).toBeCloseTo(0, 10)
    for (const v of scaled(y.sumSquare(-1))) expect(v).toBeCloseTo(16, 5)
  })
})

describe('patches', () => {
  it('are put together again as they were', () => {
    const x = f64('x', [2, 3, 4, 6])
    expect(difference(nn.unpatchify(nn.patchify(x, [2, 3]), [2, 3], [4, 6]), x)).toBe(0)
  })

  it('are the cells of the field, row by row', () => {
    const x = f64('x', [1, 2, 2, 4])
    const data = Float64Array.from({ length: 16 }, (_, i) => i)
    const y = evaluated(nn.patchify(x, [1, 2]), new Map([[x, { shape: x.shape, data }]]))
    expect([...y]).toEqual([0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15])
  })

  it('that do not divide the field are refused', () => {
    expect(() => nn.patchify(f64('x', [1, 2, 4, 6]), [3, 2])).toThrow(ShapeError)
  })
})

describe('adaLN-zero', () => {
  const [x, t, c] = [f64('x', [2, 6, 8]), f64('t', [2]), f64('c', [2, 6, 4])]

  it('makes a block the identity at first, and the denoiser zero', () => {
    const p = parameters()
    const block = nn.ditBlock(p.scope('block'), x, nn.timeEmbedding(t, 8), c, { heads: 2 })
    const out = nn.dit(p, x, t, c, { width: 12, blocks: 2, heads: 3 })
    const known = context(randomInputs([x, t, c]), p)
    expect(maxDifference(evaluated(block, known), known.get(x)!.data)).toBe(0)
    expect(evaluated(out, known).every((v) => v === 0)).toBe(true)
  })
})

describe('dropout', () => {
  const x = f64('x', [4, 8, 5])

  it('drops numbers, tokens or samples whole and keeps the mean', () => {
    const d = new nn.Dropout(0.25, { dtype: 'float64' })
    const kinds = ['element', 'token', 'sample'] as const
    const known = randomInputs([x])
    const ys = kinds.map((kind) => d.apply(kind, x, kind))
    for (const [i, y] of ys.entries()) {
      const mask = y.node.inputs.find((t) => t !== x)!
      let sum = 0
      for (let step = 0; step < 200; step++) {
        const data = d.feeds(1, step)[`dropout.${kinds[i]}`] as Float64Array
        expect(new Set(data).size).toBeLessThanOrEqual(2)
        sum += data.reduce((a, b) => a + b, 0) / data.length / 200
        known.set(mask, { shape: mask.shape, data })
      }
      // Standard error of a sample mask's mean: sqrt(1/3 / 800) = 0.02.
      expect(Math.abs(sum - 1)).toBeLessThan(0.08)
      expect(mask.shape).toEqual(
        [
          [4, 8, 5],
          [4, 8, 1],
          [4, 1, 1],
        ][i],
      )
      expect(evaluated(y, known)).toHaveLength(160)
    }
    expect(d.feeds(1, 3)).toEqual(d.feeds(1, 3))
    expect(d.feeds(1, 3)).not.toEqual(d.feeds(1, 4))
    expect(() => new nn.Dropout(1)).toThrow('dropout rate 1')
  })
})

describe('positions', () => {
  it('of the sphere obey the addition theorem: sum over m of Y Y is (2 l + 1) P_l(cos angle)', () => {
    const [lat, lon] = [
      [90, 47.3, -12, -90, 0],
      [0, 181, 359.9, 20, -33],
    ]
    const y = nn.sphericalPosition(lat, lon, 49, 'float64')
    const data = evaluated(y, new Map())
    const radians = Math.PI / 180
    const unit = lat.map((a, i) => [
      Math.cos(a * radians) * Math.cos(lon[i] * radians),
      Math.cos(a * radians) * Math.sin(lon[i] * radians),
      Math.sin(a * radians),
    ])
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 5; j++) {
        const cos = unit[i].reduce((s, v, k) => s + v * unit[j][k], 0)
        const p = [1, cos]
        for (let l = 2; l < 7; l++) p.push(((2 * l - 1) * cos * p[l - 1] - (l - 1) * p[l - 2]) / l)
        for (let l = 0; l < 7; l++) {
          let sum = 0
          for (let k = l * l; k < (l + 1) ** 2; k++) sum += data[i * 49 + k] * data[j * 49 + k]
          expect(sum).toBeCloseTo((2 * l + 1) * p[l], 10)
        }
      }
  })

  it('of a grid have dot products that depend on the offset alone', () => {
    const data = evaluated(nn.gridPosition([3, 4], 16, 'float64'), new Map())
    const dot = (a: number, b: number) => {
      let sum = 0
      for (let k = 0; k < 16; k++) sum += data[a * 16 + k] * data[b * 16 + k]
      return sum
    }
    expect(dot(0, 5)).toBeCloseTo(dot(5, 10), 12)
    expect(dot(1, 4)).toBeCloseTo(dot(6, 9), 12)
    expect(dot(3, 3)).toBeCloseTo(8, 12)
  })

  it('in time turn by a fixed angle a step', () => {
    const t = f64('t', [3])
    const data = evaluated(
      nn.timeEmbedding(t, 6, 100),
      new Map([[t, { shape: [3], data: Float64Array.of(0, 1, 250.5) }]]),
    )
    expect([...data.subarray(0, 6)]).toEqual([1, 1, 1, 0, 0, 0])
    for (const [row, time] of [0, 1, 250.5].entries())
      for (let i = 0; i < 3; i++) {
        expect(data[row * 6 + i]).toBeCloseTo(Math.cos(time * 100 ** (-i / 3)), 12)
        expect(data[row * 6 + 3 + i]).toBeCloseTo(Math.sin(time * 100 ** (-i / 3)), 12)
      }
  })
})
