import { readFileSync } from 'node:fs'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { DataError } from '../base/errors.ts'
import { parseErrorTable } from '../io/ncep/error-table.ts'
import { observationTable } from '../io/observations/table.ts'
import { saturationHumidity } from '../io/prepbufr/humidity.ts'
import { evaluate } from '../tensor/evaluate.ts'
import { input } from '../tensor/index.ts'
import { ErrorCovariance, errorCovariance } from './error-covariance.ts'
import * as models from './error-models.ts'
import { normals } from './testing/worlds.ts'

const table = observationTable({
  time: Array(6).fill(0),
  latitude: Array(6).fill(50),
  longitude: Array(6).fill(10),
  pressure: [85_000, 50_000, 50_000, 30_000, 50_000, 85_000],
  variable: ['t', 't', 'q', 't', 'u', 'u'],
  value: [280, 255, 0.001, 230, 10, 5],
  error: [1, Number.NaN, 0.0005, 2, 3, 4],
  station: Array(6).fill('10393'),
  reportType: [120, 120, 120, 120, 220, 220],
  sounding: Array(6).fill(0),
})

describe('error models', () => {
  const ncep = models.ncepErrors(
    parseErrorTable(
      readFileSync(new URL('../io/ncep/fixtures/errtable-excerpt.txt', import.meta.url), 'latin1'),
    ),
  )
  it('are constant, reported, tabled, the first that knows, or inflated', () => {
    const constant = models.constantErrors({ t: 1.5, u: 2 })
    expect([...constant(table)]).toEqual([1.5, 1.5, Number.NaN, 1.5, 2, 2])
    expect([...models.firstOf(models.reportedErrors, constant)(table)]).toEqual([1, 1.5, 0.0005, 2, 3, 4])
    const inflated = models.withRepresentativeness(models.reportedErrors, { t: 0.75, u: 4 }, 2)(table)
    expect([...inflated]).toEqual([2.5, Number.NaN, 0.001, 2 * Math.hypot(2, 0.75), 10, 2 * Math.hypot(4, 4)])
    expect(() => models.constantErrors({ tt: 1 })).toThrow(/'tt' is no observed variable \(did you mean/)
    expect(() => models.constantErrors({ t: -1 })).toThrow('the error of t is -1')
  })
  it("make NCEP's relative errors of humidity specific by the temperature of the level", () => {
    const sigma = ncep(table)
    expect(sigma[3]).toBe(0.9)
    expect(sigma[2] / saturationHumidity(255, 50_000)).toBeCloseTo(0.2, 12)
    expect(ncep({ ...table, variable: table.variable.map((v) => (v === 't' ? 'z' : v)) })[2]).toBeNaN()
  })
})

describe('R', () => {
  it.each([0, -1, Number.NaN, Infinity])('refuses an error of %s and names the row', (bad) => {
    const sigma = [1, 1, 1, bad, 1, 1]
    expect(() => errorCovariance(table, sigma)).toThrow(DataError)
    expect(() => errorCovariance(table, sigma)).toThrow(
      `row 3 (t at 30000 Pa of station 10393) has the error ${bad}; an observation error must be above zero`,
    )
    expect(() => new ErrorCovariance(sigma)).toThrow(DataError)
  })

  const sigma = [1, 2, 0.5, 1.5, 3, 4]
  const correlation = { length: 0.5, share: 0.8 }
  const R = errorCovariance(table, sigma, { correlation })
  /** R written out from its definition. */
  const full = Matrix.zeros(6, 6)
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 6; j++) {
      const r = Math.abs(Math.log(table.pressure[i]) - Math.log(table.pressure[j])) / 0.5
      const same = table.variable[i] === table.variable[j]
      full.set(i, j, sigma[i] * sigma[j] * (i === j ? 1 : same ? 0.8 * (1 + r) * Math.exp(-r) : 0))
    }
  const d = normals('d', 6)
  const close = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).forEach((v, i) => {
      expect(v).toBeCloseTo(b[i], 11)
    })
  const exact = new CholeskyDecomposition(full).solve(Matrix.columnVector(d)).to1DArray()

  it('of a sounding correlates levels of one variable; its applications agree with the full matrix', () => {
    expect(R.blocks.map((b) => [...b.indices])).toEqual([[0, 1, 3], [4, 5]]) // biome-ignore format: pairs
    close(R.whitenAdjoint(R.whiten(d)), exact)
    close(R.whiten(R.colour(d)), d)
    const square = R.whiten(d).reduce((sum, v) => sum + v * v, 0)
    expect(square).toBeCloseTo(
      exact.reduce((sum, v, i) => sum + v * d[i], 0),
      11,
    )
    close(R.sigma, sigma)
  })

  it('is the same in programs, also of batches', () => {
    const t = input('d', [2, 6], 'float64')
    const feed = new Map([[t, { shape: [2, 6], data: Float64Array.from([...d, ...d.map((v) => 2 * v)]) }]])
    const [w, p, c] = evaluate(
      [R.whitenTensor(t), R.precisionTensor(t), R.covarianceTensor(R.precisionTensor(t))],
      feed,
    )
    close(w.data.subarray(0, 6), R.whiten(d))
    close(p.data.subarray(6), exact.map((v) => 2 * v)) // biome-ignore format: short
    close(c.data.subarray(0, 6), d)
    expect(() => R.whitenTensor(input('e', [5]))).toThrow('6 errors do not fit')
  })

  it('is in the units asked for, and of some of the observations', () => {
    const scale = [2, 2, 0.001, 2, 5, 5]
    close(errorCovariance(table, sigma, { scale }).sigma, sigma.map((s, i) => s / scale[i])) // biome-ignore format: short
    const some = R.select([3, 4, 0])
    close(some.variances, [2.25, 9, 1])
    close(some.colour(some.whiten(d.subarray(0, 3))), d.subarray(0, 3))
    expect([...some.blocks[0].indices]).toEqual([2, 0])
  })

  it('refuses blocks that are no covariance', () => {
    const block = { indices: Int32Array.of(0, 1), covariance: Float64Array.of(1, 2, 2, 1) }
    expect(() => new ErrorCovariance([1, 1], [block])).toThrow('not positive definite')
    expect(() => errorCovariance(table, sigma, { correlation: { length: 0, share: 1 } })).toThrow(DataError)
  })
})
