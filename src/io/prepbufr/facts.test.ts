import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { File, ready } from 'h5wasm/node'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../base/testing.ts'
import { count } from '../observations/summary.ts'
import type { ObservationTable } from '../observations/table.ts'
import { validate } from '../observations/validate.ts'
import { messagesIn } from './framing.ts'
import { decodePrepbufr, PrepbufrDecoder, prepbufrReports, readPrepbufr, streamPrepbufr } from './prepbufr.ts'

const file = (name: string) => join(sharedData!, 'real', name)
const adpupa = 'gdas.20201101.t12z.ADPUPA.prepbufr'
const surface = 'rap.t06z.adpsfc.prepbufr.tm00'

/** Mean square of observation minus background at 300-700 hPa, quality mark <= 3. */
function meanSquare(t: ObservationTable, variables: string[]): { rows: number; value: number } {
  let [rows, sum] = [0, 0]
  for (let i = 0; i < t.length; i++) {
    const d = t.value[i] - t.background[i]
    if (!variables.includes(t.variable[i]) || Number.isNaN(d)) continue
    if (t.quality[i] < 0 || t.quality[i] > 3 || t.pressure[i] < 30_000 || t.pressure[i] > 70_000) continue
    rows++
    sum += d * d
  }
  return { rows, value: sum / rows }
}

describe.skipIf(!sharedData)('the radiosondes of 2020-11-01 12Z (needs the shared data)', () => {
  it('hold as many messages, subsets and stations as NCEP put in', () => {
    const decoder = new PrepbufrDecoder()
    let [messages, subsets] = [0, 0]
    const stations = new Set<string>()
    for (const message of messagesIn(readFileSync(file(adpupa)))) {
      const reports = [...decoder.reports(message)]
      if (reports.length > 0) messages++
      subsets += reports.length
      for (const r of reports) stations.add(r.station)
    }
    expect({ messages, subsets, stations: stations.size }).toEqual({
      messages: 339,
      subsets: 1341,
      stations: 634,
    })
  })

  it.each(['sensible', 'virtual'] as const)(
    'give the known numbers and departures (%s temperature)',
    async (temperature) => {
      const t = await readPrepbufr(file(adpupa), { temperature })
      validate(t)
      const counts = Object.fromEntries(count(t, ['variable']).map((c) => [c.variable, c.count]))
      expect((counts.t ?? 0) + (counts.tv ?? 0)).toBe(29_505)
      expect(counts).toMatchObject({ q: 27_740, u: 36_868, v: 36_868, z: 20_871 })
      const rmsT = Math.sqrt(meanSquare(t, ['t', 'tv']).value)
      expect(rmsT).toBeGreaterThan(0.9)
      expect(rmsT).toBeLessThan(1.0)
      const wind = Math.sqrt(meanSquare(t, ['u']).value + meanSquare(t, ['v']).value)
      expect(wind).toBeGreaterThan(3.7)
      expect(wind).toBeLessThan(4.1)
      // 12Z and the ascents around it; a balloon drifts, so that its levels have times of their own.
      const hours = t.time.map((ms) => (ms - Date.UTC(2020, 10, 1, 12)) / 3_600_000)
      expect(hours.every((h) => Math.abs(h) < 4)).toBe(true)
      expect(new Set(hours).size).toBeGreaterThan(1000)
    },
  )

  it('come out the same from disk in pieces', async () => {
    const whole = decodePrepbufr(readFileSync(file(adpupa)))
    let rows = 0
    for await (const part of streamPrepbufr(file(adpupa), { rows: 20_000 })) {
      expect(part.value).toEqual(whole.value.slice(rows, rows + part.length))
      expect(part.sounding).toEqual(whole.sounding.slice(rows, rows + part.length))
      rows += part.length
    }
    expect(rows).toBe(whole.length)
  })
})

describe.skipIf(!sharedData)('the surface reports of 2022-08-24 06Z (needs the shared data)', () => {
  it('agree with an independent decode in place, type, time and station', async () => {
    await ready
    const golden = new File(file(`${surface.replace('.tm00', '')}.ioda-decoded.nc`), 'r')
    const meta = (name: string) =>
      Array.from((golden.get(`MetaData/${name}`) as { value: ArrayLike<number | string> }).value)
    const reports = [...prepbufrReports(readFileSync(file(surface)))]
    expect(reports.length).toBe(16_751)
    expect(reports.map((r) => Math.fround(r.latitude))).toEqual(meta('latitude'))
    expect(reports.map((r) => Math.fround(r.longitude))).toEqual(meta('longitude'))
    expect(reports.map((r) => r.type)).toEqual(meta('prepbufrReportType'))
    expect(reports.map((r) => r.elevation)).toEqual(meta('stationElevation'))
    expect(reports.map((r) => Math.fround(r.hours))).toEqual(meta('obsTimeMinusCycleTime'))
    expect(reports.map((r) => r.station)).toEqual(meta('stationIdentification'))
    golden.close()
  })

  it('become valid screen-level observations, two reports to a sounding', () => {
    const t = decodePrepbufr(readFileSync(file(surface)))
    validate(t)
    expect(new Set(t.variable)).toEqual(new Set(['ps', 't2m', 'q2m', 'u10', 'v10', 'msl']))
    expect(new Set(t.sounding).size).toBe(8496)
    const ps = t.value.filter((_, i) => t.variable[i] === 'ps')
    expect(ps.length).toBe(8496)
  })
})
