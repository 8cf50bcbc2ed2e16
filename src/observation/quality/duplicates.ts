import { earthRadius } from '../../atmosphere/constants.ts'
import type { ObservationTable } from '../../io/observations/table.ts'
import type { Screening } from './screening.ts'

/** km; radiosondes drift by 200 at the most. */
const sameStation = 250

/**
 * Rejects all but the best of the rows with one station, time (to the minute), level (to the Pa, or the height to the
 * metre) and variable: the best has the lowest quality mark, then the smallest error, then comes first. Rows of a
 * station count as one where they are less than `sameStation` apart: a balloon drifts, and its reports may or may not
 * say so, but ships share a name that hides theirs. Rows without a station also need the same place.
 */
export function rejectDuplicates(screening: Screening) {
  const { table } = screening
  const best = new Map<string, number[]>()
  const mark = (i: number) => (table.quality[i] < 0 ? Infinity : table.quality[i])
  const size = (i: number) => (table.error[i] > 0 ? table.error[i] : Infinity)
  const better = (i: number, j: number) => mark(i) < mark(j) || (mark(i) === mark(j) && size(i) < size(j))
  for (const i of screening.passing) {
    const level = Number.isNaN(table.pressure[i])
      ? `${Math.round(table.height[i])} m`
      : Math.round(table.pressure[i])
    const place = table.station[i] || `${table.latitude[i]} ${table.longitude[i]}`
    const key = `${place}|${Math.round(table.time[i] / 60_000)}|${level}|${table.variable[i]}`
    const found = best.get(key) ?? []
    best.set(key, found)
    const at = found.findIndex((j) => kilometresApart(table, i, j) < sameStation)
    if (at < 0) found.push(i)
    else if (better(i, found[at])) {
      screening.reject(found[at], 'duplicate')
      found[at] = i
    } else screening.reject(i, 'duplicate')
  }
}

function kilometresApart({ latitude, longitude }: ObservationTable, i: number, j: number): number {
  const [a, b, d] = [latitude[i], latitude[j], longitude[i] - longitude[j]].map((v) => (v * Math.PI) / 180)
  const cosine = Math.sin(a) * Math.sin(b) + Math.cos(a) * Math.cos(b) * Math.cos(d)
  return (earthRadius / 1000) * Math.acos(Math.min(1, cosine))
}
