import { describe, expect, it } from 'vitest'
import { virtualTemperature } from '../../atmosphere/constants.ts'
import { filter, row } from '../observations/table.ts'
import { saturationHumidity } from './humidity.ts'
import { decodePrepbufr, prepbufrReports } from './prepbufr.ts'
import { type Event, emptyLevel, type Level } from './report.ts'
import { backgroundTemperature, sensibleTemperature, virtualTemperatureOf } from './temperature.ts'
import { fixture } from './testing/files.ts'

const event = (value: number, program = 1): Event => ({ value, quality: 2, program, reason: 1 })
const virtmp = 8

/** A level with the temperature events given (degrees C, newest first) and 10 g/kg of vapour, unless dry. */
function level(events: Event[], dry = false): Level {
  const humidity = dry ? undefined : { events: [event(10_000)], background: 8000, error: 2 }
  return { ...emptyLevel(), temperature: { events, background: 20, error: 1 }, humidity }
}

describe('temperature', () => {
  const virtual = virtualTemperature(290, 0.01) - 273.15

  it('is sensible as it stands where VIRTMP left no event', () => {
    expect(sensibleTemperature(level([event(16.85)]), virtmp)).toEqual({ value: 290, virtual: false })
    expect(virtualTemperatureOf(level([event(16.85)]), virtmp)).toEqual({
      value: virtualTemperature(290, 0.01),
      virtual: true,
    })
  })

  it('takes the event below VIRTMP, or divides where a later step followed', () => {
    const below = sensibleTemperature(level([event(18.6, virtmp), event(16.85)]), virtmp)
    expect(below).toEqual({ value: 290, virtual: false })
    const later = sensibleTemperature(level([event(virtual, 6), event(18.6, virtmp), event(16.85)]), virtmp)
    expect(later.virtual).toBe(false)
    expect(later.value).toBeCloseTo(290, 10)
    expect(virtualTemperatureOf(level([event(virtual, 6), event(18.6, virtmp)]), virtmp).value).toBeCloseTo(
      virtual + 273.15,
      10,
    )
  })

  it('says so where it has to stay as it is', () => {
    expect(sensibleTemperature(level([event(18.6, virtmp)], true), virtmp).virtual).toBe(true)
    expect(virtualTemperatureOf(level([event(18.6)], true), virtmp).virtual).toBe(false)
  })

  it('has a virtual background, made sensible by the humidity of the background', () => {
    expect(backgroundTemperature(level([]), true)).toBeCloseTo(293.15, 10)
    const sensible = backgroundTemperature(level([]), false)
    expect(virtualTemperature(sensible, 0.008)).toBeCloseTo(293.15, 10)
    expect(backgroundTemperature(level([], true), false)).toBeNaN()
  })
})

it('saturation humidity is that of published tables', () => {
  // Saturation vapour pressure over water at 20 and 0 degrees C: 2339 and 611 Pa (Smithsonian tables, List 1949).
  expect(saturationHumidity(293.15, 100_000)).toBeCloseTo((0.622 * 2339) / (100_000 - 0.378 * 2339), 4)
  expect(saturationHumidity(273.15, 100_000)).toBeCloseTo((0.622 * 611) / (100_000 - 0.378 * 611), 5)
  expect(saturationHumidity(300, 1000)).toBe(1)
})

describe('rows of a sounding', () => {
  const bytes = fixture('adpupa.prepbufr.gz')
  const table = decodePrepbufr(bytes)
  const reports = [...prepbufrReports(bytes)]

  it('have SI units and the newest events', () => {
    const report = reports.find((r) => r.type === 120)!
    const index = report.levels.findIndex((l) => l.temperature && l.humidity?.events.length && l.height)
    const l = report.levels[index]
    const pressure = l.pressure!.events[0].value * 100
    const at = (variable: string) => {
      const found = filter(
        table,
        (i) =>
          table.station[i] === report.station &&
          table.variable[i] === variable &&
          Math.abs(table.pressure[i] - pressure) < 1e-6 &&
          table.reportType[i] === report.type,
      )
      expect(found.length).toBeGreaterThan(0)
      return row(found, 0)
    }
    const q = at('q')
    expect(q.value).toBeCloseTo(l.humidity!.events[0].value / 1e6, 12)
    expect(q.background).toBeCloseTo(l.humidity!.background / 1e6, 12)
    expect(at('z').value).toBeCloseTo(9.80665 * l.height!.events[0].value, 8)
    const t = at('t')
    const events = l.temperature!.events
    expect(t.value).toBeCloseTo(events[events.length - 1].value + 273.15, 10)
    expect(t.quality).toBe(events[0].quality)
    // QOE 2 is 20 % relative humidity.
    expect(q.error / (l.humidity!.error / 10)).toBeCloseTo(saturationHumidity(t.value, pressure), 12)
    expect(t.time).toBe(Math.round(report.cycle + l.hours * 3_600_000))
    expect([t.longitude, t.latitude]).toEqual([l.longitude, l.latitude])
  })

  it('share a sounding number between mass and wind, and no other report has it', () => {
    for (const n of new Set(table.sounding)) {
      const one = filter(table, (i) => table.sounding[i] === n)
      expect(new Set(one.station).size).toBe(1)
    }
    const pairs = new Set(reports.map((r) => `${r.station} ${r.sequence}`))
    expect(new Set(table.sounding).size).toBe(pairs.size)
  })

  it('can be had up to a quality mark', () => {
    const kept = decodePrepbufr(bytes, { maxQuality: 2 })
    expect(kept.length).toBe(filter(table, (i) => table.quality[i] >= 0 && table.quality[i] <= 2).length)
    expect(kept.length).toBeLessThan(table.length)
  })
})
