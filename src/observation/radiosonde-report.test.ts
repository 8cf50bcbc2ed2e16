import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../base/testing.ts'
import { readConvinfo } from '../io/ncep/convinfo.ts'
import { observationTable } from '../io/observations/table.ts'
import { decodePrepbufr } from '../io/prepbufr/prepbufr.ts'
import { radiosondeReport } from './radiosonde-report.ts'

describe.skipIf(!sharedData)('the radiosondes of 2020-11-01 12Z (needs the shared data)', () => {
  it('go through quality control and the operators of the 64 x 32 grid, every row accounted for', async () => {
    const real = join(sharedData!, 'real')
    const table = decodePrepbufr(readFileSync(join(real, 'gdas.20201101.t12z.ADPUPA.prepbufr')))
    const limits = await readConvinfo(join(real, 'global_convinfo.txt.2020091612'))
    const report = radiosondeReport(table, { limits })
    expect([report.rows, report.stations]).toEqual([table.length, 634])
    const sum = (list: readonly { count: number }[]) => list.reduce((n, c) => n + c.count, 0)
    const of = (reason: string) => sum(report.quality.filter((c) => c.reason === reason))
    expect(sum(report.quality)).toBe(table.length)
    expect(of('quality mark')).toBe(table.quality.reduce((n, q) => n + Number(q > 3), 0))
    expect(sum(report.observed) + sum(report.unobserved)).toBe(of('kept'))
    expect(of('kept') / table.length).toBeGreaterThan(0.85)
    const wind = (code: string) =>
      report.quality.find((c) => c.variable === code && c.reason === 'kept')?.count
    expect(wind('u')).toBe(wind('v'))
    expect(new Set(report.unobserved.map((r) => r.reason))).toEqual(
      new Set(['above the highest level', 'below the lowest level', 'the station is too high']),
    )
    // The GDAS background fits radiosondes to about 1 K and 2.5 m/s in the middle troposphere, without bias.
    const at500 = (code: string) => report.departures.find((d) => d.variable === code && d.bottom === 600)!
    expect(at500('t').rms).toBeGreaterThan(0.8)
    expect(at500('t').rms).toBeLessThan(1.05)
    expect(Math.abs(at500('t').bias)).toBeLessThan(0.2)
    expect(at500('u').rms).toBeGreaterThan(2)
    expect(at500('u').rms).toBeLessThan(3)
    for (const d of report.departures.filter((s) => ['t', 'u', 'v'].includes(s.variable)))
      expect(d.rms).toBeLessThan(1.02 * d.rmsBefore)
    // The report type of winds in a table of limits that does not use them.
    const unused = limits.map((l) => (l.variable === 'uv' ? { ...l, usage: 'monitor' as const } : l))
    const without = radiosondeReport(table, { limits: unused, buddy: false })
    expect(without.observed.some((o) => o.variable === 'u')).toBe(false)
  }, 60_000)
})

it('a table without rows gives an empty report', () => {
  const empty = observationTable({ time: [], latitude: [], longitude: [], variable: [], value: [] })
  expect(radiosondeReport(empty)).toEqual({
    rows: 0, stations: 0, soundings: 0, quality: [], observed: [], unobserved: [], departures: [],
  }) // biome-ignore format: short
})
