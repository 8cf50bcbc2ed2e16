import { ConfigError, DataError } from '../base/errors.ts'
import type { States } from '../io/states.ts'

/** Milliseconds since 1970 of `1984-04-01`, `1984-04-01T06`, `1984-04-01 06:00`; always UTC. */
export function parseTime(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2})(?::?(\d{2})(?::(\d{2}))?)?)?Z?$/.exec(text.trim())
  const [, y, m, d, hour = '00', minute = '00', second = '00'] = match ?? []
  const time = match ? Date.parse(`${y}-${m}-${d}T${hour}:${minute}:${second}Z`) : Number.NaN
  if (Number.isNaN(time))
    throw new ConfigError(`${JSON.stringify(text)} is no time; write 1984-04-01 or 1984-04-01T06 (UTC)`)
  return time
}

/** A time for reading: `1984-04-01 06:00`, in UTC; seconds only where they are not zero. */
export function timeText(time: number): string {
  if (Number.isNaN(time)) return 'unknown time'
  const iso = new Date(time).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, time % 60_000 === 0 ? 16 : 19)}`
}

/** A duration for reading: 6 h, 1 d, 30 min. */
export function durationText(milliseconds: number): string {
  const units: [number, string][] = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min']] // biome-ignore format: pairs
  for (const [size, name] of units) if (milliseconds % size === 0) return `${milliseconds / size} ${name}`
  return `${milliseconds / 1000} s`
}

/**
 * The position of a time in a dataset: a date, `first` or `last` (the default of a single state needs no time).
 * @throws DataError naming the times around a time that is not there.
 */
export function timePosition({ times, location }: States, text = 'first'): number {
  if (text === 'first') return 0
  if (text === 'last') return times.length - 1
  const wanted = parseTime(text)
  const found = times.indexOf(wanted)
  if (found >= 0) return found
  if (Number.isNaN(times[0]))
    throw new DataError(`${location} does not say of what time its state is; leave --time out`)
  const after = times.findIndex((t) => t > wanted)
  const near = [after < 0 ? times.length - 1 : after - 1, after].filter((i) => i >= 0 && i < times.length)
  const names = [...new Set(near)].map((i) => timeText(times[i])).join(' and ')
  throw new DataError(`${location} has no state at ${timeText(wanted)} UTC; the nearest: ${names}`)
}

/** Positions [start, stop) of the times from `from` to the end of `to`; a date without an hour means its whole day. */
export function timeRange({ times, location }: States, range?: readonly [string, string]): [number, number] {
  if (!range) return [0, times.length]
  const from = range[0] === '' ? -Infinity : parseTime(range[0])
  const wholeDay = /^\d{4}-\d{2}-\d{2}$/.test(range[1].trim()) ? 86_400_000 - 1 : 0
  const to = range[1] === '' ? Infinity : parseTime(range[1]) + wholeDay
  if (from > to) throw new ConfigError(`the time range ${range.join('..')} ends before it starts`)
  const inside = (t: number) => t >= from && t <= to
  const start = times.findIndex(inside)
  if (start < 0)
    throw new DataError(
      `${location} has no state in ${range.join('..')}; it has ${timeText(times[0])} .. ${timeText(times[times.length - 1])}`,
    )
  let stop = start
  while (stop < times.length && inside(times[stop])) stop++
  return [start, stop]
}
