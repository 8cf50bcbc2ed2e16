import { describe, expect, it } from 'vitest'
import { channel } from '../atmosphere/channels.ts'
import { stream } from '../random/stream.ts'
import { type Metric, metrics, type Sample, score } from './metric.ts'
import { printScores, type ScoreRow, scoresFromJSON, scoresToJSON } from './score-table.ts'

const z500 = channel('z', 500)

/** `dates` samples of `points` values with errors of standard deviation `sigma`, `members` members each. */
function samples(dates: number, points: number, sigma: number, members = 1): Sample[] {
  return Array.from({ length: dates }, (_, date) => ({
    truth: new Float64Array(points),
    forecast: stream(2, 'errors', date)
      .normal(new Float64Array(members * points))
      .map((x) => sigma * x),
    members,
  }))
}

describe('scores over dates', () => {
  it('take the root after the mean over dates', () => {
    const truth = Float64Array.of(0, 0)
    const two = [1, 7].map((error) => ({ truth, forecast: Float64Array.of(error, error) }))
    const row = score(metrics.rmse, z500, two, undefined)
    expect(row).toMatchObject({ metric: 'rmse', channel: 'z500', value: 5, n: 2, units: 'm2 s-2' })
    expect(score(metrics.mse, z500, two, undefined)).toMatchObject({ value: 25, units: '(m2 s-2)^2' })
    expect(score(metrics.mae, z500, two, undefined).value).toBe(4)
    expect(score(metrics.bias, z500, two, undefined).value).toBe(4)
  })

  it('have an interval around the value, labels, and the ensemble scores', () => {
    const row = score(metrics.rmse, z500, samples(40, 50, 100), undefined, { lead: 48, group: 'base' })
    expect(row).toMatchObject({ lead: 48, group: 'base', n: 40 })
    expect(row.low).toBeLessThan(row.value)
    expect(row.high).toBeGreaterThan(row.value)
    expect(Math.abs(row.value - 100)).toBeLessThan(8)
    const truth = stream(2, 'truth')
    const ensemble = samples(30, 200, 1, 5).map((sample, date) => ({
      ...sample,
      truth: truth.child(date).normal(new Float64Array(200)),
    }))
    expect(Math.abs(score(metrics['spread/skill'], z500, ensemble, undefined).value - 1)).toBeLessThan(0.05)
    expect(
      Math.abs(score(metrics.crps, z500, ensemble, undefined).value - 1 / Math.sqrt(Math.PI)),
    ).toBeLessThan(0.03)
  })

  it('are NaN without an interval where a date has none', () => {
    const row = score(metrics.acc, z500, samples(3, 4, 1), undefined)
    expect(row.value).toBeNaN()
    expect(row.low).toBeUndefined()
    expect(score(metrics.rmse, z500, samples(1, 4, 1), undefined)).not.toHaveProperty('low')
  })

  it("take a metric of one's own", () => {
    const worst: Metric = {
      name: 'worst',
      ensemble: false,
      units: (of) => of,
      perDate: ({ forecast, truth }) => [Math.max(...forecast.map((x, i) => Math.abs(x - truth[i])))],
      finish: ([mean]) => mean,
    }
    expect(score(worst, z500, [{ forecast: Float64Array.of(1, -4), truth: Float64Array.of(0, 0) }], undefined)).toEqual({
      metric: 'worst', channel: 'z500', value: 4, n: 1, units: 'm2 s-2',
    }) // biome-ignore format: a row
  })
})

describe('the score table', () => {
  const rows: ScoreRow[] = [
    { metric: 'rmse', channel: 'z500', group: 'base', value: 104.55, low: 101, high: 108.2, n: 91, units: 'm2 s-2' },
    { metric: 'acc', channel: 'q700', group: 'aligned', value: Number.NaN, n: 91, units: '1' },
    { metric: 'mse', channel: 'q700', group: 'aligned', value: 1.2345e-7, n: 91, units: '(kg kg-1)^2' },
  ] // biome-ignore format: a table

  it('comes back from JSON, NaN too', () => {
    expect(scoresFromJSON(scoresToJSON(rows))).toEqual(rows)
    expect(scoresFromJSON(scoresToJSON([]))).toEqual([])
    expect(() => scoresFromJSON('[{"metric": 1}]')).toThrow(/no score table/)
    expect(() => scoresFromJSON('[')).toThrow(/not JSON/)
  })

  it('prints values with their interval and units, without empty columns', () => {
    const text = printScores(rows)
    expect(text).toMatch(/base\s*│ z500\s*│ rmse\s*│\s*104\.5\d?\s*│ 101\.0 \.\. 108\.2\s*│ m2 s-2/)
    expect(text).toMatch(/1\.23[45]e-7/)
    expect(text).not.toMatch(/lead/)
    expect(printScores([{ ...rows[0], lead: 48 }])).toMatch(/48 h/)
  })
})
