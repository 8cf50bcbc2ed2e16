import Table from 'cli-table3'

/** A cell of a printed table. Numbers stand right and keep full precision in JSON; undefined is an empty cell. */
export type Cell = string | number | boolean | undefined

/** A row by column name; the columns are those of the first row, in its order. */
export type Row = Readonly<Record<string, Cell>>

export interface TableOptions {
  /** Prints JSON (an array of objects) in place of a table. */
  readonly json?: boolean
  /** Significant digits of numbers that are no integers (default 5); JSON is not rounded. */
  readonly digits?: number
  readonly print?: (text: string) => void
}

/** Prints rows as a table for people or, with `json`, as JSON for programs. */
export function printTable(
  rows: readonly Row[],
  { json, digits = 5, print = console.log }: TableOptions = {},
) {
  print(json ? jsonText(rows) : tableText(rows, digits))
}

/** Indented JSON; NaN and infinities, which JSON lacks, become null. */
export const jsonText = (value: unknown) => JSON.stringify(value, null, 2)

/** Rows as text without frames: a head, a rule, aligned columns. */
export function tableText(rows: readonly Row[], digits = 5): string {
  if (rows.length === 0) return '(none)'
  const names = Object.keys(rows[0])
  const numeric = names.map((name) => rows.some((row) => typeof row[name] === 'number'))
  const table = new Table({
    head: names,
    chars: {
      top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '',
      'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ',
    }, // biome-ignore format: no frame at all
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: numeric.map((is) => (is ? 'right' : 'left')),
  })
  for (const row of rows) table.push(names.map((name) => cellText(row[name], digits)))
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
  const width = Math.max(...lines.map((line) => [...line].length))
  return [lines[0], '─'.repeat(width), ...lines.slice(1)].join('\n')
}

function cellText(value: Cell, digits: number): string {
  if (value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'number' ? numberText(value, digits) : value
}

/** A number with the given significant digits; whole numbers are left whole, and powers stand only where needed. */
export function numberText(value: number, digits = 5): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞'
  if (Number.isInteger(value) && Math.abs(value) < 1e12) return String(value)
  const magnitude = Math.abs(value)
  if (magnitude >= 1e6 || magnitude < 1e-3) return value.toExponential(digits - 1)
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(magnitude)))
  return value.toFixed(Math.min(places, 8))
}

/** Bytes in binary units: 17 MiB. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let k = 0
  let value = bytes
  while (value >= 1024 && k < units.length - 1) {
    value /= 1024
    k++
  }
  return `${value < 10 && k > 0 ? value.toFixed(1) : Math.round(value)} ${units[k]}`
}
