import { describe, expect, it } from 'vitest'
import { timeGaps } from './gaps.ts'
import { decodeTimes, isTimeUnits, parseTimeUnits } from './time.ts'

const iso = (value: number, units: string, calendar?: string) =>
  new Date(decodeTimes([value], units, calendar)[0]).toISOString().replace('.000Z', 'Z')

// Dates by cftime 1.6.2's num2date, but for those said to be otherwise.
describe('CF times', () => {
  it.each([
    [210384, 'hours since 1959-01-01', 'proleptic_gregorian', '1983-01-01T00:00:00Z'],
    [1.5, 'days since 2020-02-28 12:00', 'standard', '2020-03-01T00:00:00Z'],
    [90, 'minutes since 2000-1-1 0:0:0.0', 'gregorian', '2000-01-01T01:30:00Z'],
    [1e9, 'seconds since 1970-01-01T00:00:00Z', 'standard', '2001-09-09T01:46:40Z'],
    [0, 'hours since 2000-01-01 00:00:00 +02:00', 'standard', '1999-12-31T22:00:00Z'],
    [0, 'hours since 2000-01-01 00:00:00 -0130', 'standard', '2000-01-01T01:30:00Z'],
    // NCEP's reanalyses count from year 1 in the mixed calendar: two days apart from the proleptic one.
    [17_067_072, 'hours since 1-1-1 00:00:0.0', 'standard', '1948-01-01T00:00:00Z'],
    [17_067_072 - 48, 'hours since 1-1-1 00:00:0.0', 'proleptic_gregorian', '1948-01-01T00:00:00Z'],
    [365 * 4, 'days since 2000-01-01', 'noleap', '2004-01-01T00:00:00Z'],
    [366 * 3, 'days since 2001-01-01', 'all_leap', '2004-01-01T00:00:00Z'],
    [360 * 10 + 31, 'days since 1990-01-01', '360_day', '2000-02-02T00:00:00Z'],
    [0, 'days since 1900-01-01', 'julian', '1900-01-13T00:00:00Z'],
    [1 / 3, 'days since 2020-01-01', 'standard', '2020-01-01T08:00:00Z'],
  ])('%d %s (%s) is %s', (value, units, calendar, wanted) => {
    expect(iso(value, units, calendar)).toBe(wanted)
  })

  it('refuses what has no fixed length, is no date, or is not known, and says what would be right', () => {
    expect(() => iso(1, 'months since 2000-01-01')).toThrow("time unit 'months' has no fixed length")
    expect(() => iso(1, 'hours after noon')).toThrow("'hours since 1970-01-01'")
    expect(() => iso(1, 'hours since 2000-13-01')).toThrow('no date')
    expect(() => iso(1, 'hours since 2000-01-01', 'mayan')).toThrow(
      "calendar 'mayan' is not known; known are standard",
    )
    expect(() => iso(59, 'days since 2000-01-01', '360_day')).toThrow(
      '2000-2-30 of the 360_day calendar is no date',
    )
    expect(() => iso(59, 'days since 2001-01-01', 'all_leap')).toThrow('2001-2-29 of the all_leap calendar')
  })

  it('keeps NaN, reads 64-bit integers, and knows time units by sight', () => {
    expect(decodeTimes([Number.NaN], 'hours since 2000-01-01')[0]).toBeNaN()
    expect(decodeTimes(BigInt64Array.of(6n), 'hours since 1970-01-01')[0]).toBe(21_600_000)
    expect(isTimeUnits('Hours since 1900-01-01')).toBe(true)
    expect(isTimeUnits('hours')).toBe(false)
    expect(parseTimeUnits('hours since 1970-01-02')).toEqual({ step: 3_600_000, origin: 86_400_000 })
  })
})

describe('gaps in a time axis', () => {
  it('are steps longer than the usual one', () => {
    expect(timeGaps([0, 6, 12, 30, 36, 48])).toEqual({
      step: 6,
      gaps: [
        { after: 12, before: 30, missing: 2 },
        { after: 36, before: 48, missing: 1 },
      ],
    })
    expect(timeGaps([0, 6, 12])).toEqual({ step: 6, gaps: [] })
    expect(timeGaps([5])).toEqual({ step: undefined, gaps: [] })
  })
})
