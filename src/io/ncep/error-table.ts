import { readFile } from 'node:fs/promises'
import { DataError, didYouMean } from '../../base/errors.ts'
import { fieldsOf, numberOf } from './lines.ts'

/**
 * Observation errors of one report type by pressure, from the highest pressure to the lowest, SI units; NaN where
 * the table gives none. The columns of NCEP's prepobs_errtable, as GSI reads them.
 */
export interface TypeErrors {
  /** Pa */
  readonly pressure: Float64Array
  /** Temperature, K. */
  readonly t: Float64Array
  /** Relative humidity, 0..1 (the file has tens of per cent). */
  readonly rh: Float64Array
  /** Each wind component, m s-1. */
  readonly wind: Float64Array
  /** Surface pressure, Pa. */
  readonly ps: Float64Array
  /** Precipitable water, kg m-2. */
  readonly pw: Float64Array
}

export type ErrorTable = ReadonlyMap<number, TypeErrors>

/** Variables an error can be asked for: the columns, and the codes of observed variables they serve. */
const columnOf: Readonly<Record<string, Exclude<keyof TypeErrors, 'pressure'>>> = {
  t: 't', tv: 't', t2m: 't', tv2m: 't', rh: 'rh', u: 'wind', v: 'wind', u10: 'wind', v10: 'wind', wind: 'wind', ps: 'ps', pw: 'pw',
} // biome-ignore format: a list read at a glance

const columns = ['pressure', 't', 'rh', 'wind', 'ps', 'pw'] as const
/** From the file's units (hPa, K, tens of per cent, m/s, hPa, mm) to SI. */
const scale = { pressure: 100, t: 1, rh: 0.1, wind: 1, ps: 100, pw: 1 }
/** The file writes 0.1E+10 for "no error given". */
const absent = 1e8

/** Reads the text of a table. Throws DataError naming the line. */
export function parseErrorTable(text: string, name = 'error table'): ErrorTable {
  const table = new Map<number, number[][]>()
  let rows: number[][] | undefined
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return
    const where = `${name}, line ${i + 1}`
    const heading = /^\s*(\d{3})\s+OBSERVATION TYPE\s*$/.exec(line)
    if (heading) {
      const type = Number(heading[1])
      if (table.has(type)) throw new DataError(`${where}: report type ${type} occurs twice`)
      rows = []
      table.set(type, rows)
      return
    }
    const fields = fieldsOf(line)
    if (!rows) throw new DataError(`${where}: a line such as "120 OBSERVATION TYPE" must come first`)
    if (fields.length !== columns.length)
      throw new DataError(
        `${where}: ${fields.length} numbers where ${columns.length} are needed (p, T, RH, wind, ps, PW)`,
      )
    const values = fields.map((f) => numberOf(f, where))
    if (rows.length > 0 && !(values[0] < rows[rows.length - 1][0]))
      throw new DataError(
        `${where}: pressure ${values[0]} does not go on downwards from ${rows[rows.length - 1][0]}`,
      )
    rows.push(values)
  })
  if (table.size === 0) throw new DataError(`${name}: no report type in it`)
  return new Map([...table].map(([type, lines]) => [type, typeErrors(lines)]))
}

function typeErrors(lines: readonly number[][]): TypeErrors {
  const column = (i: number) =>
    Float64Array.from(lines, (l) => (l[i] >= absent ? Number.NaN : l[i] * scale[columns[i]]))
  return { pressure: column(0), t: column(1), rh: column(2), wind: column(3), ps: column(4), pw: column(5) }
}

export async function readErrorTable(path: string): Promise<ErrorTable> {
  return parseErrorTable(await readFile(path, 'latin1'), path)
}

/**
 * The error of `variable` for a report type at a pressure (Pa), interpolated linearly in pressure between the
 * table's levels as GSI does, constant beyond its ends. NaN where the table gives none on either side.
 * @throws DataError for a variable the table has no column for.
 */
export function errorAt(table: ErrorTable, type: number, variable: string, pressure: number): number {
  const name = columnOf[variable]
  if (!name)
    throw new DataError(`no error column for '${variable}'${didYouMean(variable, Object.keys(columnOf))}`)
  const errors = table.get(type)
  if (!errors || errors.pressure.length === 0 || Number.isNaN(pressure)) return Number.NaN
  const p = errors.pressure
  const column = errors[name]
  if (pressure >= p[0]) return column[0]
  const below = p.findIndex((level) => level <= pressure)
  if (below < 0) return column[p.length - 1]
  const share = (p[below - 1] - pressure) / (p[below - 1] - p[below])
  // At a level itself the other side does not matter, not even where it gives no error.
  return share === 1 ? column[below] : (1 - share) * column[below - 1] + share * column[below]
}
