import { describe, expect, it } from 'vitest'
import { DataError } from '../../base/errors.ts'
import { ObservationBuilder } from './builder.ts'
import { count, groupBy, summarize } from './summary.ts'
import { concat, eastward, filter, observationTable, row, take } from './table.ts'
import { findFaults, validate } from './validate.ts'

const noon = Date.UTC(2020, 10, 1, 12)
const table = observationTable({
  time: [noon, noon + 60_000, noon, noon],
  latitude: [-90, 0, 45.5, 90],
  longitude: [-180, 0, 359.99, 360],
  pressure: [50_000, 50_000, 85_000, 85_000],
  variable: ['t', 'u', 't', 'q'],
  value: [250, -12, 280, 0.006],
  background: [251, Number.NaN, 282, 0.005],
  error: [0.8, 1.5, 0.9, 0.001],
  station: ['89002', '89002', 'X', 'X'],
  reportType: [120, 220, 120, 120],
  quality: [2, 1, 2, 9],
  sounding: [0, 0, 1, 1],
})

describe('a table', () => {
  it('fills absent columns with their missing value and brings longitudes to 0..360', () => {
    expect([...table.longitude]).toEqual([180, 0, 359.99, 0])
    expect(table.height).toEqual(new Float64Array(4).fill(Number.NaN))
    expect(table.instrument).toEqual(['', '', '', ''])
    expect(eastward(-1e-20)).toBe(0)
    expect(eastward(1000)).toBe(1000)
  })

  it('refuses absent and unequal columns', () => {
    const { time, latitude, longitude, variable } = table
    expect(() => observationTable({ time, latitude, longitude, variable })).toThrow('needs the column value')
    expect(() => observationTable({ time, latitude, longitude, variable, value: [1] })).toThrow(
      'column value has 1 rows where time has 4',
    )
  })

  it('is filtered, taken from and put together, reports staying apart', () => {
    const cold = filter(table, (i) => table.variable[i] === 't')
    expect([...cold.value]).toEqual([250, 280])
    expect(row(take(table, [3, 0]), 0)).toEqual(row(table, 3))
    const twice = concat([table, cold, table])
    expect(twice.length).toBe(10)
    expect([...twice.sounding]).toEqual([0, 0, 1, 1, 2, 3, 4, 4, 5, 5])
    expect(twice.station.slice(4, 6)).toEqual(['89002', 'X'])
    expect(concat([]).length).toBe(0)
  })

  it('grows row by row into the same table', () => {
    const builder = new ObservationBuilder(1)
    for (let i = 0; i < table.length; i++) builder.push(row(table, i))
    expect(builder.build()).toEqual(table)
    expect(builder.length).toBe(0)
  })

  it('is counted and grouped', () => {
    expect(count(table, ['variable', 'quality'])).toEqual([
      { variable: 't', quality: 2, count: 2 },
      { variable: 'u', quality: 1, count: 1 },
      { variable: 'q', quality: 9, count: 1 },
    ])
    expect(groupBy(table, ['reportType']).map((g) => g.rows)).toEqual([[0, 2, 3], [1]])
  })

  it('is summed up', () => {
    const s = summarize(table)
    expect(s).toMatchObject({ rows: 4, stations: 2, soundings: 2, pressure: [50_000, 85_000] })
    expect(s.time).toEqual(['2020-11-01T12:00:00.000Z', '2020-11-01T12:01:00.000Z'])
    const t = s.variables.find((v) => v.variable === 't')!
    expect(t).toMatchObject({
      unit: 'K',
      count: 2,
      min: 250,
      mean: 265,
      max: 280,
      bias: -1.5,
      quality: { 2: 2 },
    })
    expect(t.rms).toBeCloseTo(Math.sqrt(2.5), 12)
    expect(s.variables.find((v) => v.variable === 'u')).toMatchObject({
      withBackground: 0,
      bias: null,
      rms: null,
    })
    expect(summarize(filter(table, () => false))).toMatchObject({ rows: 0, time: null, latitude: null })
    expect(JSON.parse(JSON.stringify(s))).toEqual(s)
  })
})

describe('validation', () => {
  const base = { time: [noon], latitude: [0], longitude: [0], pressure: [5e4], variable: ['t'], value: [250] }

  it('passes what is fit for use', () => {
    expect(findFaults(table)).toEqual([])
    validate(table)
  })

  it.each([
    [{ time: [Number.NaN] }, /time is missing in 1 of 1 rows \(row 0/],
    [{ latitude: [90.01] }, /latitude is not in -90..90/],
    [{ longitude: [720.5] }, /longitude is not in 0..360/],
    [{ value: [Number.NaN] }, /value is missing/],
    [{ variable: ['tempv'] }, /variable 'tempv' is unknown/],
    [{ pressure: [0] }, /pressure is not in 0..120000 Pa/],
    [{ pressure: [500] }, /pressure looks like hPa where Pa is needed/],
    [{ pressure: [Number.NaN] }, /neither pressure nor height/],
    [{ error: [0] }, /error is not positive/],
  ])('refuses %j', (change, message) => {
    const bad = observationTable({ ...base, ...change })
    expect(() => validate(bad, 'file.csv')).toThrow(DataError)
    expect(() => validate(bad, 'file.csv')).toThrow(message)
    expect(() => validate(bad, 'file.csv')).toThrow(/^file.csv: /)
  })

  it('lists the first rows of a fault', () => {
    const many = concat(Array.from({ length: 7 }, () => observationTable({ ...base, latitude: [99] })))
    expect(() => validate(many)).toThrow('in 7 of 7 rows (rows 0, 1, 2, 3, 4, ..., counted from 0)')
  })
})
