import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ShapeError } from '../base/errors.ts'
import { stream } from '../random/stream.ts'
import { input } from '../tensor/index.ts'
import { dense, initialisers, loadWeights, Parameters, saveWeights, type Weights } from './index.ts'

const values = (w: Weights, name: string) => w.get(name)!.data as Float32Array

describe('parameters', () => {
  it('are named by scope, shared when asked for again, and counted', () => {
    const p = new Parameters()
    const x = input('x', [2, 3])
    dense(p.scope('block').scope(0), x, 4)
    const weight = p.scope('block').scope(0).get('weight', [3, 4], initialisers.zeros)
    expect(weight).toBe(p.tensors.get('block.0.weight'))
    expect(p.specs.map((s) => [s.name, s.shape, s.decay])).toEqual([
      ['block.0.weight', [3, 4], true],
      ['block.0.bias', [4], false],
    ])
    expect(p.count).toBe(16)
    expect(() => p.get('block.0.bias', [5], initialisers.zeros)).toThrow(
      "'block.0.bias' is [4] and is asked for as [5]",
    )
  })

  it('begin with the same values whatever else is declared, and in any order', () => {
    const [a, b] = [new Parameters(), new Parameters({ prefix: 'reference.' })]
    for (const name of ['one', 'two']) a.get(name, [3, 4], initialisers.normal(1))
    for (const name of ['two', 'three', 'one']) b.get(name, [3, 4], initialisers.normal(1))
    const [wa, wb] = [a.initialise(5), b.initialise(5)]
    expect(values(wa, 'one')).toEqual(values(wb, 'one'))
    expect(values(wa, 'two')).toEqual(values(wb, 'two'))
    expect(values(wa, 'one')).not.toEqual(values(wa, 'two'))
    expect(values(a.initialise(6), 'one')).not.toEqual(values(wa, 'one'))
    expect(Object.keys(b.feeds(wb))).toEqual(['reference.two', 'reference.three', 'reference.one'])
  })

  it('come back from a file, and those of another network are refused by name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
    const [a, b] = [new Parameters(), new Parameters()]
    for (const [name, n] of Object.entries({ same: 2, wide: 3, old: 4 })) a.get(name, [n], initialisers.ones)
    for (const [name, n] of Object.entries({ same: 2, wide: 5, fresh: 1 }))
      b.get(name, [n], initialisers.ones)
    await saveWeights(join(folder, 'w.safetensors'), a.initialise(1), { note: 'n' })
    const { weights, metadata } = await loadWeights(join(folder, 'w.safetensors'))
    await rm(folder, { recursive: true })
    expect(metadata).toEqual({ note: 'n' })
    expect(a.feeds(weights).wide.data).toEqual(new Float32Array(3).fill(1))
    expect(() => b.feeds(weights, 'w.safetensors')).toThrow(ShapeError)
    expect(() => b.feeds(weights, 'w.safetensors')).toThrow(
      'w.safetensors do not fit this network: wide is [3] instead of [5]; fresh [1] is missing; old [4] is unknown',
    )
  })
})

describe('initial values', () => {
  const draw = (init: initialisers.Initialiser, shape: number[]) => init(shape, stream(1, 'parameter', 'w'))
  const deviation = (x: Float32Array) => Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length)

  it('of an orthogonal matrix have orthonormal rows or columns', () => {
    for (const [m, n] of [
      [5, 8],
      [8, 5],
      [6, 6],
    ]) {
      const w = draw(initialisers.orthogonal(2), [m, n])
      const k = Math.min(m, n)
      for (let i = 0; i < k; i++)
        for (let j = 0; j < k; j++) {
          let dot = 0
          for (let l = 0; l < Math.max(m, n); l++)
            dot += m <= n ? w[i * n + l] * w[j * n + l] : w[l * n + i] * w[l * n + j]
          expect(dot).toBeCloseTo(i === j ? 4 : 0, 5)
        }
    }
  })

  it('have the variances of their definitions', () => {
    expect(deviation(draw(initialisers.xavier(), [300, 100]))).toBeCloseTo(Math.sqrt(2 / 400), 3)
    expect(deviation(draw(initialisers.he, [40, 30, 3, 3])) / Math.sqrt(2 / 270)).toBeCloseTo(1, 1)
    const cut = draw(initialisers.truncatedNormal(0.5), [20_000])
    expect(Math.max(...cut.map(Math.abs))).toBeLessThanOrEqual(1)
    // Variance of a standard normal between -2 and 2: 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.7737.
    expect(deviation(cut)).toBeCloseTo(0.5 * Math.sqrt(0.7737), 2)
    expect(() => draw(initialisers.xavier(), [3])).toThrow('has no fan')
  })
})
