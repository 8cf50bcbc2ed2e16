import type { ObservationTable } from '../../io/observations/table.ts'
import { difference } from '../operator.ts'
import { assumedError } from './limits.ts'

/** Observation minus background of each row, directions the short way round; NaN without background. */
export function departures(table: ObservationTable, background: ArrayLike<number>): Float64Array {
  return Float64Array.from(table.value, (y, i) =>
    difference(y, background[i], table.variable[i].startsWith('dd') ? 360 : 0),
  )
}

/** The error of each row for the purpose of checks: its own where that is above zero, else an assumed one. */
export function checkErrors(table: ObservationTable): Float64Array {
  return table.error.map((e, i) => (e > 0 && e < Infinity ? e : assumedError(table.variable[i])))
}
