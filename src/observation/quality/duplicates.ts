import type { Screening } from './screening.ts'

/**
 * Rejects all but the best of the rows with one station, time (to the minute), level (to the Pa, or the height to the
 * metre) and variable: the best has the lowest quality mark, then the smallest error, then comes first. Rows of a
 * station count as one wherever they say they are; rows without a station also need the same place.
 */
export function rejectDuplicates(screening: Screening) {
  const { table } = screening
  const best = new Map<string, number>()
  const mark = (i: number) => (table.quality[i] < 0 ? Infinity : table.quality[i])
  const size = (i: number) => (table.error[i] > 0 ? table.error[i] : Infinity)
  const better = (i: number, j: number) => mark(i) < mark(j) || (mark(i) === mark(j) && size(i) < size(j))
  for (const i of screening.passing) {
    const level = Number.isNaN(table.pressure[i])
      ? `${Math.round(table.height[i])} m`
      : Math.round(table.pressure[i])
    const place = table.station[i] || `${table.latitude[i]} ${table.longitude[i]}`
    const key = `${place}|${Math.round(table.time[i] / 60_000)}|${level}|${table.variable[i]}`
    const other = best.get(key)
    if (other === undefined) best.set(key, i)
    else if (better(i, other)) {
      screening.reject(other, 'duplicate')
      best.set(key, i)
    } else screening.reject(i, 'duplicate')
  }
}
