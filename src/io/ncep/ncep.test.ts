import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../base/errors.ts'
import { sharedData } from '../../base/testing.ts'
import { prepbufrReports } from '../prepbufr/prepbufr.ts'
import { parseConvinfo, readConvinfo } from './convinfo.ts'
import { errorAt, parseErrorTable, readErrorTable } from './error-table.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'latin1')

describe('the error table', () => {
  const text = fixture('errtable-excerpt.txt')
  const table = parseErrorTable(text)

  it('has levels and columns in SI units', () => {
    expect([...table.keys()]).toEqual([120, 220])
    const sonde = table.get(120)!
    expect(sonde.pressure.length).toBe(33)
    expect([sonde.pressure[0], sonde.pressure[32]]).toEqual([110_000, 0])
    // Lines of 1000 and 300 hPa: 1.2 K, 20 % relative humidity, no wind, 1.1 hPa; 0.9 K.
    expect([sonde.t[2], sonde.rh[2], sonde.wind[2], sonde.pw[2]]).toEqual([1.2, 0.2, Number.NaN, Number.NaN])
    expect(sonde.ps[2]).toBeCloseTo(110, 10)
    expect(sonde.t[16]).toBe(0.9)
    expect(table.get(220)!.t[2]).toBeNaN()
  })

  it('is interpolated linearly in pressure', () => {
    expect(errorAt(table, 120, 't', 100_000)).toBe(1.2)
    expect(errorAt(table, 120, 't', 27_500)).toBeCloseTo(1.05, 12)
    expect(errorAt(table, 120, 't2m', 120_000)).toBe(1.2)
    expect(errorAt(table, 120, 'tv', 0)).toBe(1.5)
    expect(errorAt(table, 120, 'ps', 60_000)).toBeCloseTo(120, 10)
    expect(errorAt(table, 120, 'u', 50_000)).toBeNaN()
    expect(errorAt(table, 999, 't', 50_000)).toBeNaN()
    expect(errorAt(table, 120, 't', Number.NaN)).toBeNaN()
    expect(() => errorAt(table, 120, 'tt', 1)).toThrow("no error column for 'tt' (did you mean")
  })

  it.each([
    ['', /no report type/],
    ['  0.11000E+04 1 1 1 1 1', /line 1: a line such as "120 OBSERVATION TYPE" must come first/],
    [' 120 OBSERVATION TYPE\n 1 2 3', /line 2: 3 numbers where 6 are needed/],
    [' 120 OBSERVATION TYPE\n 1 2 3 4 5 x', /line 2: 'x' is not a number/],
    [
      ' 120 OBSERVATION TYPE\n 1 2 3 4 5 6\n 2 2 3 4 5 6',
      /line 3: pressure 2 does not go on downwards from 1/,
    ],
    [' 120 OBSERVATION TYPE\n 120 OBSERVATION TYPE', /line 2: report type 120 occurs twice/],
  ])('refuses %j', (bad, message) => {
    expect(() => parseErrorTable(bad)).toThrow(DataError)
    expect(() => parseErrorTable(bad)).toThrow(message)
  })

  it.skipIf(!sharedData)('is read whole (needs the shared data)', async () => {
    const whole = await readErrorTable(join(sharedData!, 'real/prepobs_errtable.global.2020082412'))
    expect([whole.size, Math.min(...whole.keys()), Math.max(...whole.keys())]).toEqual([200, 100, 299])
    expect([...whole.values()].every((t) => t.pressure.length === 33)).toBe(true)
    expect(whole.get(120)).toEqual(table.get(120))
  })
})

it.skipIf(!sharedData)(
  'the errors in a PrepBUFR file are those of the table (needs the shared data)',
  async () => {
    const table = await readErrorTable(join(sharedData!, 'real/prepobs_errtable.global.2020082412'))
    const bytes = readFileSync(join(sharedData!, 'real/gdas.20201101.t12z.ADPUPA.prepbufr'))
    const agree = { t: 0, rh: 0, wind: 0 }
    const all = { t: 0, rh: 0, wind: 0 }
    for (const report of prepbufrReports(bytes))
      for (const level of report.levels) {
        const written = {
          t: level.temperature?.error ?? Number.NaN,
          rh: (level.humidity?.error ?? Number.NaN) / 10,
          wind: level.wind?.error ?? Number.NaN,
        }
        for (const name of ['t', 'rh', 'wind'] as const) {
          if (Number.isNaN(written[name])) continue
          all[name]++
          // The file keeps one decimal of the unit of the table.
          const step = name === 'rh' ? 0.01 : 0.1
          const expected = errorAt(table, report.type, name, 100 * level.pressure!.events[0].value)
          if (Math.abs(written[name] - expected) < 0.501 * step) agree[name]++
        }
      }
    expect(all).toEqual({ t: 29_505, rh: 27_740, wind: 36_868 })
    expect(agree).toEqual({ t: 29_504, rh: 27_740, wind: 36_868 })
  },
)

describe('convinfo', () => {
  it('has usage, limits in SI units and thinning', () => {
    const info = parseConvinfo(fixture('convinfo-excerpt.txt'))
    const find = (variable: string, type: number) =>
      info.find((i) => i.variable === variable && i.type === type)!
    expect(find('ps', 120)).toMatchObject({
      usage: 'use',
      timeWindow: 3,
      gross: 5,
      largestError: 300,
      smallestError: 100,
    })
    expect(find('t', 120)).toMatchObject({
      gross: 8,
      largestError: 5.6,
      smallestError: 1.3,
      varPg: 1e-6,
      thinning: 0,
    })
    expect(find('q', 120)).toMatchObject({ largestError: 1, smallestError: 0.1 })
    expect(info.filter((i) => i.variable === 't' && i.type === 180).map((i) => i.subtype)).toEqual([0, 1])
  })

  it('refuses lines that lack columns, and empty files', () => {
    expect(() => parseConvinfo('! only a comment')).toThrow('no observation type')
    expect(() => parseConvinfo(' t 120 0 1')).toThrow('line 1: 4 columns where at least 15 are needed')
    expect(() => parseConvinfo(` t x 0 1 ${'1 '.repeat(20)}`)).toThrow("line 1: 'x' is not a number")
  })

  it.skipIf(!sharedData)('is read whole (needs the shared data)', async () => {
    const info = await readConvinfo(join(sharedData!, 'real/global_convinfo.txt.2020091612'))
    expect(info.length).toBe(223)
    expect(
      Object.fromEntries(
        ['use', 'monitor', 'skip'].map((u) => [u, info.filter((i) => i.usage === u).length]),
      ),
    ).toEqual({ use: 122, monitor: 94, skip: 7 })
  })
})
