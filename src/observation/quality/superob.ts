import { ObservationBuilder } from '../../io/observations/builder.ts'
import { concat, type ObservationTable, row, take } from '../../io/observations/table.ts'
import { type BoxOptions, boxesOf } from './boxes.ts'

/** Boxes in which observations are averaged. */
export interface SuperobOptions extends BoxOptions {
  /** Share of the error variance that the members have in common and averaging does not reduce; default 0. */
  readonly common?: number
}

/** Means of observations, and of which rows they are. */
export interface Superobs {
  readonly table: ObservationTable
  /** Rows of the given table that each row was made of. */
  readonly origin: readonly (readonly number[])[]
}

/**
 * Means of all rows in a box: value, background, place, time and ln p, so that the mean departure is kept. The error
 * of n members is sigma sqrt(c + (1 - c) / n), sigma their root mean square error and c the common share (Berger &
 * Forsythe 2004). Directions are left as they are: a mean of angles is not one of winds. A mean without background
 * among its members has none. Rows alone in their box are unchanged.
 */
export function superob(table: ObservationTable, rows: readonly number[], options: SuperobOptions): Superobs {
  const { common = 0 } = options
  const single = (i: number) => table.variable[i].startsWith('dd')
  const boxes = [
    ...boxesOf(table, rows.filter((i) => !single(i)), options),
    ...rows.filter(single).map((i) => [i]),
  ].sort((a, b) => Math.min(...a) - Math.min(...b)) // biome-ignore format: two kinds
  const builder = new ObservationBuilder(Math.max(1, boxes.length))
  for (const members of boxes) {
    const first = row(table, members[0])
    if (members.length === 1) {
      builder.push(first)
      continue
    }
    const mean = (f: (i: number) => number) => members.reduce((sum, i) => sum + f(i), 0) / members.length
    const radians = Math.PI / 180
    const [east, north] = [Math.sin, Math.cos].map((f) => mean((i) => f(table.longitude[i] * radians)))
    const variance = mean((i) => table.error[i] ** 2)
    const same = <T>(column: ArrayLike<T>, otherwise: T) =>
      members.every((i) => column[i] === column[members[0]]) ? column[members[0]] : otherwise
    builder.push({
      ...first,
      time: Math.round(mean((i) => table.time[i])),
      latitude: mean((i) => table.latitude[i]),
      longitude: Math.atan2(east, north) / radians,
      pressure: Math.exp(mean((i) => Math.log(table.pressure[i]))),
      height: mean((i) => table.height[i]),
      value: mean((i) => table.value[i]),
      background: mean((i) => table.background[i]),
      error: Math.sqrt(variance * (common + (1 - common) / members.length)),
      station: same(table.station, ''),
      quality: Math.max(...members.map((i) => table.quality[i])),
      sounding: same(table.sounding, -1),
    })
  }
  const made = builder.build()
  return { table: boxes.length ? made : take(concat([table]), []), origin: boxes }
}
