import { DataError } from '../base/errors.ts'

/** Milliseconds of the units of CF time axes that have a fixed length. */
const unitMilliseconds: [RegExp, number][] = [
  [/^(milliseconds?|millisec|msecs?|ms)$/, 1],
  [/^(seconds?|secs?|s)$/, 1000],
  [/^(minutes?|mins?)$/, 60_000],
  [/^(hours?|hrs?|hr|h)$/, 3_600_000],
  [/^(days?|d)$/, 86_400_000],
  [/^(microseconds?|microsecs?)$/, 1e-3],
  [/^(nanoseconds?|nanosecs?)$/, 1e-6],
]

/** Whether these are units of a time axis ("hours since ..."). */
export function isTimeUnits(units: string | undefined): boolean {
  return units !== undefined && /^\s*[a-z]+\s+since\s+/i.test(units)
}

/**
 * Times in milliseconds since 1970-01-01 00:00 UTC from a CF time axis (CF 1.8, section 4.4). Calendars: standard
 * (gregorian; Julian before 1582-10-15), proleptic_gregorian, julian; noleap, all_leap and 360_day dates become the
 * date of the same name. NaN stays NaN.
 * @param units "hours since 1959-01-01", with milliseconds to days, an optional time of day and zone.
 * @throws DataError for units or calendars that cannot be understood (months, years), and for dates that no real
 *   calendar has (30 February).
 */
export function decodeTimes(
  values: ArrayLike<number | bigint>,
  units: string,
  calendar = 'standard',
): Float64Array {
  const { step, origin, kind } = parseUnits(units, calendar)
  const result = new Float64Array(values.length)
  const dates = calendars[kind]
  const first = dates.day(origin.year, origin.month, origin.day)
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i])
    // Rounded to whole milliseconds where doubles of days are off by a little.
    const elapsed = Math.round(value * step) + origin.milliseconds
    if (dates.real) result[i] = elapsed + (first - unixDay) * dayMilliseconds
    else result[i] = Number.isNaN(value) ? Number.NaN : named(dates, first, elapsed, calendar)
  }
  return result
}

/**
 * Milliseconds of one unit, and of the origin since 1970, of units in the standard calendar.
 * @throws DataError as `decodeTimes` does.
 */
export function parseTimeUnits(units: string): { step: number; origin: number } {
  const { step, origin } = parseUnits(units, 'standard')
  const day = calendars.standard.day(origin.year, origin.month, origin.day)
  return { step, origin: (day - unixDay) * dayMilliseconds + origin.milliseconds }
}

const dayMilliseconds = 86_400_000

/** Julian day number of 1970-01-01. */
const unixDay = 2_440_588

interface Calendar {
  /** Whether its days are those of the real world. */
  readonly real: boolean
  /** Day number of a date; Julian day numbers in real calendars. */
  day(year: number, month: number, day: number): number
  /** The date of a day number, where the calendar is not real. */
  date?(day: number): [year: number, month: number, day: number]
}

/** Julian day numbers by the formulas of the Explanatory Supplement to the Astronomical Almanac, 12.92. */
function gregorianDay(year: number, month: number, day: number): number {
  const a = Math.floor((14 - month) / 12)
  const y = year + 4800 - a
  const m = month + 12 * a - 3
  const leap = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  return day + Math.floor((153 * m + 2) / 5) + 365 * y + leap - 32_045
}

function julianDay(year: number, month: number, day: number): number {
  const a = Math.floor((14 - month) / 12)
  const y = year + 4800 - a
  const m = month + 12 * a - 3
  return day + Math.floor((153 * m + 2) / 5) + 365 * y + Math.floor(y / 4) - 32_083
}

/** A calendar whose years all have the same months. */
function uniform(months: readonly number[]): Calendar {
  const starts = [0]
  for (const length of months) starts.push(starts[starts.length - 1] + length)
  const year = starts[months.length]
  return {
    real: false,
    day: (y, m, d) => y * year + starts[m - 1] + d - 1,
    date(number) {
      const y = Math.floor(number / year)
      const rest = number - y * year
      const m = starts.findIndex((start, i) => rest >= start && rest < starts[i + 1])
      return [y, m + 1, rest - starts[m] + 1]
    },
  }
}

const noleap = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const calendars = {
  standard: {
    real: true,
    day: (y: number, m: number, d: number) =>
      y * 10_000 + m * 100 + d < 15_821_015 ? julianDay(y, m, d) : gregorianDay(y, m, d),
  },
  proleptic: { real: true, day: gregorianDay },
  julian: { real: true, day: julianDay },
  noleap: uniform(noleap),
  allLeap: uniform(noleap.map((days, i) => (i === 1 ? 29 : days))),
  days360: uniform(new Array<number>(12).fill(30)),
} satisfies Record<string, Calendar>

const calendarNames: Record<string, keyof typeof calendars> = {
  standard: 'standard',
  gregorian: 'standard',
  proleptic_gregorian: 'proleptic',
  julian: 'julian',
  noleap: 'noleap',
  '365_day': 'noleap',
  all_leap: 'allLeap',
  '366_day': 'allLeap',
  '360_day': 'days360',
}

function parseUnits(units: string, calendar: string) {
  const kind = calendarNames[calendar.toLowerCase()]
  if (!kind)
    throw new DataError(
      `calendar '${calendar}' is not known; known are ${Object.keys(calendarNames).join(', ')}`,
    )
  const match =
    /^\s*([a-z]+)\s+since\s+([+-]?\d{1,4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ]\s*(\d{1,2})(?::(\d{1,2}))?(?::(\d{1,2}(?:\.\d*)?))?)?\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?\s*$/i.exec(
      units,
    )
  if (!match)
    throw new DataError(`time units '${units}' are not understood; they should read 'hours since 1970-01-01'`)
  const [, unit, year, month, day = '1', hour = '0', minute = '0', second = '0', zone = 'Z'] = match
  const step = unitMilliseconds.find(([name]) => name.test(unit.toLowerCase()))?.[1]
  if (step === undefined)
    throw new DataError(
      `time unit '${unit}' has no fixed length or is unknown; seconds, minutes, hours and days are read`,
    )
  const [m, d] = [Number(month), Number(day)]
  if (m < 1 || m > 12 || d < 1 || d > 31) throw new DataError(`time units '${units}' name no date`)
  const milliseconds =
    ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 - zoneMilliseconds(zone)
  return { step, kind, origin: { year: Number(year), month: m, day: d, milliseconds } }
}

function zoneMilliseconds(zone: string): number {
  const match = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone)
  if (!match) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60_000
}

/** The real date of the same name as a date of an artificial calendar. */
function named(dates: Calendar, first: number, elapsed: number, calendar: string): number {
  const days = Math.floor(elapsed / dayMilliseconds)
  const [year, month, day] = dates.date!(first + days)
  const start = new Date(0)
  start.setUTCFullYear(year, month - 1, day)
  if (start.getUTCMonth() !== month - 1)
    throw new DataError(`${year}-${month}-${day} of the ${calendar} calendar is no date of ours`)
  return start.getTime() + elapsed - days * dayMilliseconds
}
