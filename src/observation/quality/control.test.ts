import { describe, expect, it } from 'vitest'
import { ConfigError, ShapeError } from '../../base/errors.ts'
import type { ConventionalInfo } from '../../io/ncep/convinfo.ts'
import { concat, type ObservationTable, observationTable } from '../../io/observations/table.ts'
import { stream } from '../../random/stream.ts'
import { evaluate } from '../../tensor/evaluate.ts'
import { input } from '../../tensor/index.ts'
import { windowAround } from '../window.ts'
import { qualityControl } from './control.ts'
import { Neighbours } from './neighbours.ts'
import { huber, huberCost, varQC } from './robust.ts'

const noon = Date.UTC(2020, 10, 1, 12)
const hour = 3_600_000

/** 60 stations over Europe with good temperatures and winds at 500 hPa: departures of one standard deviation. */
function good(): ObservationTable {
  const n = 180
  const noise = stream(5, 'departures').normal(new Float64Array(n))
  const codes = ['t', 'u', 'v']
  const sigma = [1, 2.5, 2.5]
  const background = [255, 12, -3]
  const list = <T>(f: (station: number, k: number) => T) =>
    Array.from({ length: n }, (_, i) => f(Math.floor(i / 3), i % 3))
  return observationTable({
    time: list(() => noon),
    latitude: list((s) => 42 + 2.5 * Math.floor(s / 10)),
    longitude: list((s) => -5 + 3 * (s % 10)),
    pressure: list(() => 50_000),
    variable: list((_, k) => codes[k]),
    value: list((s, k) => background[k] + sigma[k] * noise[3 * s + k]),
    error: list((_, k) => sigma[k]),
    background: list((_, k) => background[k]),
    station: list((s) => `0${1000 + s}`),
    reportType: list((_, k) => (k === 0 ? 120 : 220)),
    quality: list(() => 2),
    sounding: list((s) => s),
  })
}
type Plant = Partial<
  Record<
    'value' | 'time' | 'latitude' | 'longitude' | 'pressure' | 'quality' | 'background' | 'error',
    number
  >
>
function planted(faults: Readonly<Record<number, Plant>>): ObservationTable {
  const t = good()
  for (const [row, fault] of Object.entries(faults))
    for (const [column, value] of Object.entries(fault)) t[column as keyof Plant][Number(row)] = value
  return t
}
const reasonsOf = (t: ObservationTable, options = {}) =>
  Object.fromEntries(qualityControl(t, options).rejected.map(({ row, reason }) => [row, reason]))

describe('quality control', () => {
  it('keeps good observations', () => {
    const t = good()
    const result = qualityControl(t)
    expect(result.rejected).toEqual([])
    expect(result.table).toEqual(t)
    expect(result.counts).toEqual(
      ['t', 'u', 'v'].map((variable) => ({ variable, reason: 'kept', count: 60 })),
    )
    expect(result.unchecked).toBe(0)
    expect(result.weight).toEqual(new Float64Array(180).fill(1))
  })

  it('finds every planted fault, with its reason and nothing else', () => {
    const faults: Record<number, Plant> = {
      0: { value: Number.NaN },
      3: { time: noon + 4 * hour },
      6: { quality: 9 },
      9: { value: 20 },
      12: { value: 265.5 },
      15: { latitude: 95 },
      18: { pressure: 500_000 },
      21: { value: 248.5, background: 255 },
      24: { pressure: Number.NaN },
      27: { value: 1e30 },
      31: { value: 80 },
    }
    const window = windowAround(noon, 3)
    expect(reasonsOf(planted(faults), { window })).toEqual({
      0: 'a value is missing',
      3: 'outside the time window',
      6: 'quality mark',
      9: 'out of range',
      12: 'far from the background',
      15: 'out of range',
      18: 'out of range',
      21: 'disagrees with its neighbours',
      24: 'no pressure or height',
      27: 'out of range',
      31: 'far from the background',
      32: 'the other wind component was rejected',
    })
    const counts = qualityControl(planted(faults), { window }).counts
    expect(counts.reduce((sum, c) => sum + c.count, 0)).toBe(180)
    expect(counts.filter((c) => c.variable !== 't')).toEqual([
      { variable: 'u', reason: 'far from the background', count: 1 },
      { variable: 'u', reason: 'kept', count: 59 },
      { variable: 'v', reason: 'the other wind component was rejected', count: 1 },
      { variable: 'v', reason: 'kept', count: 59 },
    ])
  })

  it('knows the layer of a thickness without its pressure', () => {
    const table = observationTable({
      ...{ time: [noon, noon], latitude: [50, 50], longitude: [0, 0], variable: ['dz500-850', 't'] },
      ...{ value: [41_000, 255], background: [41_010, 255] },
    })
    expect(reasonsOf(table, { buddy: false })).toEqual({ 1: 'no pressure or height' })
  })

  it('tells an unknown variable from a missing value', () => {
    const t = good()
    const named = { ...t, variable: t.variable.map((name, i) => (i === 0 ? 'temperature' : name)) }
    expect(reasonsOf(named, { buddy: false })).toEqual({ 0: 'unknown variable' })
  })

  it('keeps reports of ships that share a name', () => {
    const ships = observationTable({
      time: [noon, noon, noon],
      latitude: [40, 43, 43.5],
      longitude: [-30, -25, -25],
      pressure: [Number.NaN, Number.NaN, Number.NaN],
      height: [0, 0, 0],
      variable: ['msl', 'msl', 'msl'],
      value: [101_000, 101_200, 101_210],
      error: [100, 100, 100],
      station: ['SHIP', 'SHIP', 'SHIP'],
    })
    expect(qualityControl(ships, { buddy: false }).rejected).toEqual([{ row: 2, reason: 'duplicate' }])
  })

  it('keeps the best of duplicated reports, wherever the station says it is', () => {
    const t = good()
    const again = { ...good(), latitude: t.latitude.map((x) => x + 1), quality: t.quality.map(() => 1) }
    const result = qualityControl(concat([t, again]), { buddy: false })
    expect(result.rejected).toEqual(Array.from({ length: 180 }, (_, row) => ({ row, reason: 'duplicate' })))
    const twice = qualityControl(concat([t, t]))
    expect([...twice.kept]).toEqual(Array.from({ length: 180 }, (_, i) => i))
  })

  it('judges by the limits of a report type', () => {
    const line: ConventionalInfo = {
      variable: 't', type: 120, subtype: 0, usage: 'use', timeWindow: 3, gross: 2, largestError: 5, smallestError: 4,
      varB: 0, varPg: 0, thinning: 0, mesh: 0,
    } // biome-ignore format: a line of a table
    const t = planted({ 0: { value: 262.9 }, 3: { value: 263.1 } })
    expect(reasonsOf(t, { limits: [line], buddy: false })).toEqual({ 3: 'far from the background' })
    const unused = reasonsOf(t, { limits: [{ ...line, usage: 'monitor' }], buddy: false })
    expect(Object.values(unused)).toEqual(Array(60).fill('type not used'))
    expect(reasonsOf(t, { gross: { t: 7 }, buddy: false })).toEqual({ 0: 'far from the background', 3: 'far from the background' }) // biome-ignore format: short
  })

  it('judges accurate observations by the errors of the background too', () => {
    // Departures of 3 and 6 K: 8 errors of the observation are 1.6 K, 5 together with the background's 1 K are 5.1 K.
    const t = planted({ 0: { value: 258, error: 0.2 }, 3: { value: 261, error: 0.2 } })
    expect(reasonsOf(t, { buddy: false })).toEqual({ 0: 'far from the background', 3: 'far from the background' }) // biome-ignore format: short
    const backgroundError = t.value.map(() => 1)
    const kept = { 3: 'far from the background' }
    expect(reasonsOf(t, { buddy: false, backgroundError })).toEqual(kept)
    expect(reasonsOf(t, { buddy: false, backgroundError, gross: { t: 6 } })).toEqual({})
    expect(() => qualityControl(t, { backgroundError: [1] })).toThrow('its error has 1 rows, the table 180')
  })

  it('lets neighbours differ by what the background may be wrong', () => {
    // The neighbours' departures hardly scatter; this one is 2 K off, ten of its errors.
    const exact = { ...good(), value: good().background, error: good().error.map(() => 0.2) }
    exact.value = exact.value.map((y, i) => (i === 135 ? y + 2 : y))
    const options = { gross: { t: 20 } }
    expect(reasonsOf(exact, options)).toEqual({ 135: 'disagrees with its neighbours' })
    expect(reasonsOf(exact, { ...options, backgroundError: exact.value.map(() => 1) })).toEqual({})
  })

  it('takes directions the short way round', () => {
    const t = good()
    const directions = { ...t, variable: t.variable.map(() => 'dd'), value: t.value.map(() => 358), background: t.value.map(() => 3), error: t.value.map(() => 5) } // biome-ignore format: columns
    expect(
      reasonsOf({ ...directions, sounding: t.sounding, station: t.station.map((_, i) => `${i}`) }),
    ).toEqual({})
  })

  it('without background checks what it can, and says how many passed unchecked', () => {
    const t = good()
    const result = qualityControl(t, { background: new Float64Array(180).fill(Number.NaN), robust: huber() })
    expect([result.unchecked, result.rejected.length]).toEqual([180, 0])
    expect(result.weight).toEqual(new Float64Array(180).fill(1))
    expect(() => qualityControl(t, { background: [1] })).toThrow(ShapeError)
  })

  it('gives an empty result when nothing is usable', () => {
    const result = qualityControl(good(), { window: windowAround(noon + 24 * hour, 3) })
    expect([result.table.length, result.kept.length, result.weight.length, result.rejected.length]).toEqual([
      0, 0, 0, 180,
    ])
    const superobbed = qualityControl(good(), { window: windowAround(0, 3), superobbing: { mesh: 500 } })
    expect(superobbed.table.length).toBe(0)
    expect(
      qualityControl(observationTable({ time: [], latitude: [], longitude: [], variable: [], value: [] }))
        .counts,
    ).toEqual([])
  })
})

describe('thinning and super-observations', () => {
  it('leave one row a box, the same of every variable', () => {
    const result = qualityControl(good(), { thinning: { mesh: 1000 } })
    const stations = (code: string) =>
      result.table.station.filter((_, i) => result.table.variable[i] === code)
    expect(stations('t').length).toBeLessThan(20)
    expect(stations('u')).toEqual(stations('t'))
    expect(stations('v')).toEqual(stations('t'))
    expect(result.rejected.every((r) => r.reason === 'thinned')).toBe(true)
    expect(() => qualityControl(good(), { thinning: { mesh: 0 } })).toThrow(ConfigError)
  })

  it('keep mean values and departures, and have the error of a mean', () => {
    const t = good()
    const { table, origin } = qualityControl(t, { superobbing: { mesh: 1000, common: 0.25 } })
    expect(origin.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 180 }, (_, i) => i))
    origin.forEach((rows, i) => {
      const mean = (column: Float64Array) => rows.reduce((sum, k) => sum + column[k], 0) / rows.length
      expect(table.value[i]).toBeCloseTo(mean(t.value), 10)
      expect(table.background[i]).toBeCloseTo(mean(t.background), 10)
      expect(table.error[i]).toBeCloseTo(t.error[rows[0]] * Math.sqrt(0.25 + 0.75 / rows.length), 10)
      expect(table.pressure[i]).toBeCloseTo(50_000, 6)
    })
    expect(table.length).toBeLessThan(60)
    expect(Math.max(...table.longitude)).toBeLessThan(360)
  })
})

describe('robust weights', () => {
  it('fall with the departure, and are the derivative of their cost over the departure', () => {
    const weight = huber(1.5)
    expect([weight(0), weight(-1.5), weight(3)]).toEqual([1, 1, 0.5])
    const d = input('d', [3], 'float64')
    const at = (shift: number) => evaluate([huberCost(d)], new Map([[d, { shape: [3], data: Float64Array.of(-4, 0.5, 3).map((v) => v + shift) }]]))[0].data // biome-ignore format: short
    const [up, down] = [at(1e-6), at(-1e-6)]
    ;[-4, 0.5, 3].forEach((v, i) => {
      expect((up[i] - down[i]) / 2e-6).toBeCloseTo(weight(v) * v, 8)
    })
    // The cost of variational quality control is -ln(gamma + exp(-d^2 / 2)).
    const soft = varQC(0.01, 5)
    const gamma = (0.01 * Math.sqrt(2 * Math.PI)) / (0.99 * 10)
    for (const v of [0.5, 2, 4]) {
      const cost = (x: number) => -Math.log(gamma + Math.exp((-x * x) / 2))
      expect((cost(v + 1e-6) - cost(v - 1e-6)) / 2e-6).toBeCloseTo(soft(v) * v, 7)
    }
  })

  it('are given for the rows kept', () => {
    const t = planted({ 0: { value: 261 } })
    const { weight } = qualityControl(t, { robust: huber(1.5), buddy: false })
    expect(weight[0]).toBeCloseTo(1.5 / 6, 12)
    const backgroundError = t.value.map(() => Math.sqrt(8))
    expect(qualityControl(t, { robust: huber(1.5), buddy: false, backgroundError }).weight[0]).toBeCloseTo(
      1.5 / 2,
      12,
    )
  })
})

it('neighbours are those within the distance, over the poles and the date line too', () => {
  const u = stream(6, 'places').uniform(new Float64Array(400))
  const latitude = [...u.subarray(0, 200)].map((x, i) => (i % 2 ? 180 * x - 90 : 90 - 10 * x))
  const longitude = [...u.subarray(200)].map((x) => 360 * x)
  const near = new Neighbours(latitude, longitude, 800)
  const radians = Math.PI / 180
  const apart = (i: number, j: number) => {
    const cosine =
      Math.sin(latitude[i] * radians) * Math.sin(latitude[j] * radians) +
      Math.cos(latitude[i] * radians) *
        Math.cos(latitude[j] * radians) *
        Math.cos((longitude[i] - longitude[j]) * radians)
    return 6371.229 * Math.acos(Math.min(1, cosine))
  }
  for (let i = 0; i < 200; i++) {
    const expected = latitude.flatMap((_, j) => (j !== i && apart(i, j) <= 800 ? [j] : []))
    expect(near.of(i).sort((a, b) => a - b)).toEqual(expected)
  }
})
