import { DataError } from '../../base/errors.ts'

/**
 * Observations as columns of equal length, one row per observed value (a wind is two rows, `u` and `v`).
 *
 * | column | unit | meaning |
 * |---|---|---|
 * | time | ms since 1970-01-01T00Z | of the value itself (a drifting balloon's levels differ) |
 * | latitude | degrees north | -90..90 |
 * | longitude | degrees east | 0 <= longitude < 360 |
 * | pressure | Pa | of the level; the station pressure for surface values; NaN if not known |
 * | height | m above sea level | of the level or of the station; NaN if not known |
 * | variable | | a code of `observedVariables` (variables.ts), which gives its unit |
 * | value | SI | |
 * | error | as value | standard deviation of the observation error; NaN if not given |
 * | background | as value | the short forecast at the observation that came with the file; NaN if not given |
 * | station | | identifier, '' if none |
 * | reportType | | the centre's number (NCEP: 120 radiosonde mass, 220 radiosonde wind); -1 if none |
 * | quality | | quality mark (NCEP: 0-3 used, 4-15 not); -1 if none |
 * | instrument | | message class or instrument: ADPUPA, ADPSFC, AIRCFT, SATWND, ...; '' if none |
 * | sounding | | rows of one report share this number; counted from 0 within a table; -1 if none |
 */
export interface ObservationTable {
  readonly length: number
  readonly time: Float64Array
  readonly latitude: Float64Array
  readonly longitude: Float64Array
  readonly pressure: Float64Array
  readonly height: Float64Array
  readonly variable: readonly string[]
  readonly value: Float64Array
  readonly error: Float64Array
  readonly background: Float64Array
  readonly station: readonly string[]
  readonly reportType: Int32Array
  readonly quality: Int32Array
  readonly instrument: readonly string[]
  readonly sounding: Int32Array
}

/** Name of a column. */
export type ColumnName = Exclude<keyof ObservationTable, 'length'>

/** One row as an object; what builders take and messages print. */
export type Observation = {
  [name in ColumnName]: ObservationTable[name] extends readonly string[] ? string : number
}

interface ColumnSpec {
  /** `real`: Float64Array, missing is NaN; `integer`: Int32Array, missing is -1; `text`: missing is ''. */
  readonly kind: 'real' | 'integer' | 'text'
  /** Unit as it is written into files; '' where the column has none or the variable decides. */
  readonly unit: string
}

/** The columns in the order in which files hold them. */
export const columns: Readonly<Record<ColumnName, ColumnSpec>> = {
  time: { kind: 'real', unit: 'ms since 1970-01-01T00:00:00Z' },
  latitude: { kind: 'real', unit: 'degrees_north' },
  longitude: { kind: 'real', unit: 'degrees_east' },
  pressure: { kind: 'real', unit: 'Pa' },
  height: { kind: 'real', unit: 'm' },
  variable: { kind: 'text', unit: '' },
  value: { kind: 'real', unit: 'SI' },
  error: { kind: 'real', unit: 'SI' },
  background: { kind: 'real', unit: 'SI' },
  station: { kind: 'text', unit: '' },
  reportType: { kind: 'integer', unit: '' },
  quality: { kind: 'integer', unit: '' },
  instrument: { kind: 'text', unit: '' },
  sounding: { kind: 'integer', unit: '' },
}

export const columnNames = Object.keys(columns) as readonly ColumnName[]

/** Columns a table cannot do without; the others default to their missing value. */
export const requiredColumns: readonly ColumnName[] = ['time', 'latitude', 'longitude', 'variable', 'value']

/**
 * A table from columns of any array type (copied), the absent ones filled with their missing value.
 * Longitudes are brought to 0..360. Throws DataError when a required column is absent or lengths differ.
 */
export function observationTable(
  given: {
    readonly [name in ColumnName]?: ArrayLike<Observation[name]>
  },
): ObservationTable {
  for (const name of requiredColumns)
    if (!given[name]) throw new DataError(`an observation table needs the column ${name}`)
  const length = given.time!.length
  const table: Record<string, unknown> = { length }
  for (const name of columnNames) {
    const source = given[name] as ArrayLike<number> | ArrayLike<string> | undefined
    if (source && source.length !== length)
      throw new DataError(`column ${name} has ${source.length} rows where time has ${length}`)
    const { kind } = columns[name]
    if (kind === 'real')
      table[name] = source
        ? Float64Array.from(source as ArrayLike<number>)
        : new Float64Array(length).fill(Number.NaN)
    else if (kind === 'integer')
      table[name] = source ? Int32Array.from(source as ArrayLike<number>) : new Int32Array(length).fill(-1)
    else table[name] = source ? Array.from(source as ArrayLike<string>) : new Array<string>(length).fill('')
  }
  const longitude = table.longitude as Float64Array
  for (let i = 0; i < length; i++) longitude[i] = eastward(longitude[i])
  return table as unknown as ObservationTable
}

/** A longitude in degrees brought to 0 <= longitude < 360 when it lies in -360..720; others are left for `validate`. */
export function eastward(longitude: number): number {
  const shifted =
    longitude < 0 && longitude >= -360
      ? longitude + 360
      : longitude >= 360 && longitude <= 720
        ? longitude - 360
        : longitude
  return shifted === 360 ? 0 : shifted
}

/** Row `i` as an object. */
export function row(table: ObservationTable, i: number): Observation {
  return Object.fromEntries(columnNames.map((name) => [name, table[name][i]])) as Observation
}

/** The rows of `table` with the given numbers, in that order. Sounding numbers are kept. */
export function take(table: ObservationTable, rows: ArrayLike<number>): ObservationTable {
  const picked: Record<string, unknown> = {}
  for (const name of columnNames) {
    const source = table[name]
    const { kind } = columns[name]
    const n = rows.length
    const out = kind === 'real' ? new Float64Array(n) : kind === 'integer' ? new Int32Array(n) : new Array(n)
    for (let i = 0; i < n; i++) out[i] = source[rows[i]]
    picked[name] = out
  }
  return { length: rows.length, ...picked } as unknown as ObservationTable
}

/** The rows for which `keep` holds, in their order. `keep` gets the row number, to read the columns it needs. */
export function filter(table: ObservationTable, keep: (row: number) => boolean): ObservationTable {
  const rows: number[] = []
  for (let i = 0; i < table.length; i++) if (keep(i)) rows.push(i)
  return take(table, rows)
}

/** The tables one below the other; sounding numbers are shifted so that reports of different tables stay apart. */
export function concat(tables: readonly ObservationTable[]): ObservationTable {
  const joined: Record<string, unknown> = {}
  const length = tables.reduce((sum, t) => sum + t.length, 0)
  for (const name of columnNames) {
    const { kind } = columns[name]
    if (kind === 'text') {
      joined[name] = tables.flatMap((t) => t[name] as readonly string[])
      continue
    }
    const out = kind === 'real' ? new Float64Array(length) : new Int32Array(length)
    let at = 0
    for (const t of tables) {
      out.set(t[name] as ArrayLike<number>, at)
      at += t.length
    }
    joined[name] = out
  }
  const sounding = joined.sounding as Int32Array
  let at = 0
  let shift = 0
  for (const t of tables) {
    let highest = -1
    for (let i = 0; i < t.length; i++) {
      highest = Math.max(highest, t.sounding[i])
      if (t.sounding[i] >= 0) sounding[at + i] = t.sounding[i] + shift
    }
    at += t.length
    shift += highest + 1
  }
  return { length, ...joined } as unknown as ObservationTable
}
