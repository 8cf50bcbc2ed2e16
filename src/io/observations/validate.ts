import { DataError, didYouMean } from '../../base/errors.ts'
import type { ObservationTable } from './table.ts'
import { observedVariables } from './variables.ts'

/** One kind of fault, and the rows (counted from 0) that have it. */
export interface Fault {
  readonly what: string
  readonly rows: readonly number[]
}

/** The highest pressure taken for possible, Pa; the record at sea level is 108 480 Pa (Tosontsengel, 2001). */
const highestPressure = 120_000

/** Everything that makes a table unusable, by kind. An empty list means that it is fit for use. */
export function findFaults(table: ObservationTable): Fault[] {
  const found = new Map<string, number[]>()
  const note = (what: string, i: number) => {
    const rows = found.get(what)
    if (rows) rows.push(i)
    else found.set(what, [i])
  }
  const { time, latitude, longitude, pressure, height, variable, value, error } = table
  for (let i = 0; i < table.length; i++) {
    if (!Number.isFinite(time[i])) note('time is missing', i)
    if (!(Math.abs(latitude[i]) <= 90)) note('latitude is not in -90..90', i)
    if (!(longitude[i] >= 0 && longitude[i] < 360)) note('longitude is not in 0..360', i)
    if (!Number.isFinite(value[i])) note('value is missing', i)
    const known = observedVariables[variable[i]]
    if (!known)
      note(
        `variable '${variable[i]}' is unknown${didYouMean(variable[i], Object.keys(observedVariables))}`,
        i,
      )
    if (Number.isNaN(pressure[i])) {
      if (Number.isNaN(height[i]) && known && !known.surface) note('neither pressure nor height is given', i)
    } else if (!(pressure[i] > 0 && pressure[i] <= highestPressure))
      note(`pressure is not in 0..${highestPressure} Pa`, i)
    if (error[i] <= 0 || error[i] === Infinity) note('error is not positive', i)
  }
  const inHectopascals = pressureScale(pressure)
  if (inHectopascals.length > 0) found.set('pressure looks like hPa where Pa is needed', inHectopascals)
  return [...found].map(([what, rows]) => ({ what, rows }))
}

/** Throws DataError that lists every fault with the first rows that have it. `name` says which table. */
export function validate(table: ObservationTable, name = 'observations') {
  const faults = findFaults(table)
  if (faults.length === 0) return
  const lines = faults.map(({ what, rows }) => {
    const shown = rows.slice(0, 5).join(', ') + (rows.length > 5 ? ', ...' : '')
    return `${what} in ${rows.length} of ${table.length} rows (${rows.length > 1 ? 'rows' : 'row'} ${shown}, counted from 0)`
  })
  throw new DataError(`${name}: ${lines.join('; ')}`)
}

/** All rows with a pressure, when together they look like hPa: none above 1100, some above 200. */
function pressureScale(pressure: Float64Array): number[] {
  const rows: number[] = []
  let highest = 0
  for (let i = 0; i < pressure.length; i++) {
    if (Number.isNaN(pressure[i])) continue
    rows.push(i)
    if (pressure[i] > highest) highest = pressure[i]
  }
  return highest > 200 && highest <= 1100 ? rows : []
}
