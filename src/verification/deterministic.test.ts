import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Grid } from '../atmosphere/grid.ts'
import { anomalyCorrelation } from './anomaly-correlation.ts'
import { bias } from './bias.ts'
import { mae } from './mae.ts'
import { mse } from './mse.ts'
import { rmse } from './rmse.ts'
import { pointWeights } from './sample.ts'

const field = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 4, maxLength: 4 })
const weights = [1, 2, 0.5, 3]

describe('deterministic scores', () => {
  it('of a perfect forecast are 0, and its anomaly correlation 1', () => {
    const truth = Float64Array.of(1, -2, 3, 5)
    for (const score of [mse, rmse, mae, bias]) expect(score(truth, truth, weights)).toBe(0)
    const climatology = Float64Array.of(0, 1, 1, 0)
    expect(anomalyCorrelation(truth, truth, climatology, weights)).toBeCloseTo(1, 14)
  })

  it('obey bias^2 <= mse, |bias| <= mae <= rmse, and mse = bias^2 + variance of the error', () => {
    fc.assert(
      fc.property(field, field, (a, b) => {
        const [x, y] = [Float64Array.from(a), Float64Array.from(b)]
        const [slack, tiny] = [1 + 1e-12, 1e-150]
        expect(Math.abs(bias(x, y, weights))).toBeLessThanOrEqual(mae(x, y, weights) * slack + tiny)
        expect(mae(x, y, weights)).toBeLessThanOrEqual(rmse(x, y, weights) * slack + tiny)
        const centred = x.map((value) => value - bias(x, y, weights))
        const parts = bias(x, y, weights) ** 2 + mse(centred, y, weights)
        expect(Math.abs(mse(x, y, weights) - parts)).toBeLessThanOrEqual(1e-9 * (1 + parts))
      }),
    )
  })

  it('weigh latitudes by cos(lat) / mean(cos(lat))', () => {
    const grid = Grid.equiangular(3, 2)
    const w = pointWeights(grid.latitudeWeights(), 2)
    // An error of 2 in the equatorial row: rows at 60, 0, -60 degrees weigh 0.5, 1, 0.5.
    const error = Float32Array.of(0, 0, 2, 2, 0, 0)
    expect(rmse(error, new Float32Array(6), w)).toBeCloseTo(Math.sqrt(4 / 2), 12)
    expect(rmse(error, new Float32Array(6))).toBeCloseTo(Math.sqrt(4 / 3), 12)
    // The paper's formula, mean over the grid of w (x - y)^2, is the same: the mean weight is 1.
    const direct = error.reduce((sum, e, i) => sum + w[i] * e * e, 0) / 6
    expect(mse(error, new Float32Array(6), w)).toBeCloseTo(direct, 12)
  })

  it('leave out points where the truth is NaN, and are NaN where the forecast is', () => {
    const forecast = Float64Array.of(1, 2, 3, 4)
    const truth = Float64Array.of(0, Number.NaN, 3, 4)
    expect(mse(forecast, truth)).toBeCloseTo(1 / 3, 14)
    expect(mae(truth, forecast)).toBeNaN()
    expect(
      rmse(
        forecast,
        truth.map(() => Number.NaN),
      ),
    ).toBeNaN()
    // A masked point does not count at all.
    expect(
      mae(Float64Array.of(1, Number.NaN), Float64Array.of(0, 0), pointWeights([1], 2, [true, false])),
    ).toBe(1)
    expect(() => mse(forecast, truth.subarray(1))).toThrow(/4 values and the truth 3/)
    expect(() => mse(forecast, truth, [1])).toThrow(/1 weights for 4 points/)
  })

  it('anomaly correlation ignores the amplitude and sees the sign', () => {
    const climatology = Float64Array.of(10, 20, 30, 40)
    const anomaly = Float64Array.of(1, -1, 2, 0.5)
    const at = (factor: number) => climatology.map((c, i) => c + factor * anomaly[i])
    expect(anomalyCorrelation(at(3), at(1), climatology, weights)).toBeCloseTo(1, 12)
    expect(anomalyCorrelation(at(-0.1), at(1), climatology, weights)).toBeCloseTo(-1, 12)
    // A constant offset lowers the plain form and not the centred one.
    const shifted = at(1).map((x) => x + 5)
    expect(anomalyCorrelation(shifted, at(1), climatology, weights)).toBeLessThan(0.9)
    expect(anomalyCorrelation(shifted, at(1), climatology, weights, { centred: true })).toBeCloseTo(1, 12)
    expect(anomalyCorrelation(climatology, at(1), climatology)).toBeNaN()
  })
})
