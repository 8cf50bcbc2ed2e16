import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { DataError, didYouMean } from '../../base/errors.ts'
import { replaceAtomic } from '../../base/files.ts'
import { ObservationBuilder } from './builder.ts'
import { parseCsvLine, quote } from './csv-line.ts'
import {
  type ColumnName,
  columnNames,
  columns,
  type Observation,
  type ObservationTable,
  requiredColumns,
} from './table.ts'

/** The unit of the time column in CSV; the file holds ISO 8601 in UTC. */
const csvUnit = (name: ColumnName): string => (name === 'time' ? 'UTC' : columns[name].unit)

/** `name [unit]` for each column: the first line of a file. */
export const csvHeader = columnNames.map((n) => (csvUnit(n) ? `${n} [${csvUnit(n)}]` : n)).join(',')

/**
 * The table as CSV text in pieces of whole lines: the header, then one line per row. Times are ISO 8601, missing
 * values are empty, numbers are written in the shortest form that reads back to the same double.
 */
export function* csvText(table: ObservationTable, rowsAtOnce = 10_000): Generator<string> {
  yield `${csvHeader}\n`
  for (let from = 0; from < table.length; from += rowsAtOnce) {
    let text = ''
    for (let i = from; i < Math.min(from + rowsAtOnce, table.length); i++) {
      for (const name of columnNames) text += (name === columnNames[0] ? '' : ',') + cell(table, name, i)
      text += '\n'
    }
    yield text
  }
}

function cell(table: ObservationTable, name: ColumnName, i: number): string {
  const value = table[name][i]
  if (typeof value === 'string') return quote(value)
  if (name === 'time') {
    if (!(Math.abs(value) <= 8.64e15)) throw new DataError(`row ${i} has no valid time (${value})`)
    return new Date(value).toISOString()
  }
  if (Number.isNaN(value) || (columns[name].kind === 'integer' && value === -1)) return ''
  return String(value)
}

/** Writes `table` to a CSV file, whole or not at all. */
export async function writeObservationsCsv(path: string, table: ObservationTable) {
  await replaceAtomic(path, async (temporary) => {
    const handle = await open(temporary, 'wx')
    try {
      for (const piece of csvText(table)) await handle.writeFile(piece)
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

/**
 * Reads CSV with a header line: the columns of `ObservationTable` in any order and case, with or without a unit in
 * brackets; other
 * columns are passed over, lines beginning with # and empty lines too. Fields may be quoted (RFC 4180), but not
 * contain line breaks. A unit that is not the table's, an absent column or a cell that is no number throws
 * DataError naming the line.
 */
export class CsvParser {
  private readonly name: string
  private layout: (ColumnName | undefined)[] | undefined
  private line = 0
  readonly builder = new ObservationBuilder()

  constructor(name: string) {
    this.name = name
  }

  /** Takes the next line, without its end. */
  push(line: string) {
    this.line++
    const text = this.line === 1 ? line.replace(/^\uFEFF/, '') : line
    if (text.trim() === '' || text.startsWith('#')) return
    const fields = parseCsvLine(text)
    if (!fields) this.fail('a quote is not closed; a field cannot contain a line break')
    if (!this.layout) this.layout = this.header(fields)
    else this.row(fields, this.layout)
  }

  /** The table. Throws DataError when there was no header line. */
  finish(): ObservationTable {
    if (!this.layout)
      throw new DataError(`${this.name}: empty; a header line such as "${csvHeader}" is needed`)
    return this.builder.build()
  }

  private header(fields: string[]): (ColumnName | undefined)[] {
    const layout = fields.map((field) => {
      const [, name, unit] = /^\s*([^[\](]*?)\s*(?:[[(](.*)[\])])?\s*$/.exec(field) ?? [
        undefined,
        field,
        undefined,
      ]
      const column = columnNames.find((c) => c.toLowerCase() === name.toLowerCase())
      if (column && unit !== undefined && unit !== csvUnit(column))
        this.fail(`column ${column} is in ${unit}; ${csvUnit(column) || 'no unit'} is needed`)
      return column
    })
    for (const required of requiredColumns)
      if (!layout.includes(required))
        this.fail(`the header lacks the column ${required}${didYouMean(required, fields)}`)
    for (const column of layout)
      if (column && layout.indexOf(column) !== layout.lastIndexOf(column))
        this.fail(`the column ${column} occurs twice`)
    return layout
  }

  private row(fields: string[], layout: readonly (ColumnName | undefined)[]) {
    if (fields.length !== layout.length)
      this.fail(`${fields.length} fields where the header has ${layout.length}`)
    const o: Record<string, number | string> = {}
    for (const name of columnNames) {
      const { kind } = columns[name]
      o[name] = kind === 'real' ? Number.NaN : kind === 'integer' ? -1 : ''
    }
    for (let i = 0; i < layout.length; i++) {
      const name = layout[i]
      if (name) o[name] = this.value(name, fields[i])
    }
    this.builder.push(o as Observation)
  }

  private value(name: ColumnName, field: string): number | string {
    const { kind } = columns[name]
    const text = field.trim()
    // Names of stations may have spaces about them; names of variables have none.
    if (kind === 'text') return name === 'variable' ? text : field
    if (text === '') {
      if (requiredColumns.includes(name)) this.fail(`${name} is empty`)
      return kind === 'real' ? Number.NaN : -1
    }
    // A bare number does not say since when it counts, nor in what.
    if (name === 'time') return this.time(text)
    const isNumber = /^([-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan)$/i.test(text)
    const number = isNumber ? Number(text) : Number.POSITIVE_INFINITY
    if (Math.abs(number) === Number.POSITIVE_INFINITY) this.fail(`${name}: '${shown(text)}' is not a number`)
    if (kind === 'integer' && !(Number.isInteger(number) && Math.abs(number) < 2 ** 31))
      this.fail(`${name}: '${shown(text)}' is not an integer`)
    return number
  }

  private time(text: string): number {
    // Without a zone a time is UTC, as everywhere in meteorology; Date.parse would take it for local time.
    const zoned =
      /([zZ]|[-+]\d\d:?\d\d)$/.test(text) || !/[T ]/.test(text) ? text : `${text.replace(' ', 'T')}Z`
    const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(zoned) : Number.NaN
    if (Number.isNaN(time)) this.fail(`time: '${shown(text)}' is not a time such as 2020-11-01T12:00:00Z`)
    return time
  }

  private fail(what: string): never {
    throw new DataError(`${this.name}, line ${this.line}: ${what}`)
  }
}

const shown = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}...` : text)

/** The observations in CSV text. */
export function parseObservationsCsv(text: string, name = 'the text'): ObservationTable {
  const parser = new CsvParser(name)
  for (const line of text.split(/\r\n|\n|\r/)) parser.push(line)
  return parser.finish()
}

/** The observations of a CSV file, read line by line. */
export async function readObservationsCsv(path: string): Promise<ObservationTable> {
  const parser = new CsvParser(path)
  let rest = ''
  for await (const piece of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    for (const line of lines) parser.push(line.endsWith('\r') ? line.slice(0, -1) : line)
  }
  if (rest !== '') parser.push(rest)
  return parser.finish()
}
