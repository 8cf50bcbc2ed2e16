import Table from 'cli-table3'
import { z } from 'zod'
import { DataError } from '../base/errors.ts'

/** One number of a verification, the row of a tidy table. */
export interface ScoreRow {
  /** rmse, crps, geo-score, ... */
  metric: string
  /** Channel name, or "all". */
  channel: string
  /** Forecast lead time, hours; none for an analysis. */
  lead?: number
  /** The system, network, season, ... that tells rows apart. */
  group?: string
  value: number
  /** Ends of the 95 % interval (or the level asked for). */
  low?: number
  high?: number
  /** Number of dates (or cases) behind the value. */
  n: number
  units: string
}

const number = z.union([z.number(), z.null().transform(() => Number.NaN)])

const schema = z.array(
  z.strictObject({
    metric: z.string(),
    channel: z.string(),
    lead: z.number().optional(),
    group: z.string().optional(),
    value: number,
    low: number.optional(),
    high: number.optional(),
    n: z.int().nonnegative(),
    units: z.string(),
  }),
)

/** The rows as JSON, one row a line; NaN becomes null. */
export function scoresToJSON(rows: readonly ScoreRow[]): string {
  return `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`
}

/**
 * Rows from `scoresToJSON`.
 * @throws DataError when the text is something else.
 */
export function scoresFromJSON(text: string): ScoreRow[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new DataError(`a score table is not JSON: ${(error as Error).message}`)
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success) throw new DataError(`this is no score table: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** The rows as a printed table; columns that no row fills are left out. */
export function printScores(rows: readonly ScoreRow[]): string {
  const interval = (row: ScoreRow) =>
    row.low === undefined || row.high === undefined ? '' : `${digits(row.low)} .. ${digits(row.high)}`
  const columns: [string, 'left' | 'right', (row: ScoreRow) => string][] = [
    ['group', 'left', (row) => row.group ?? ''],
    ['lead', 'right', (row) => (row.lead === undefined ? '' : `${row.lead} h`)],
    ['channel', 'left', (row) => row.channel],
    ['metric', 'left', (row) => row.metric],
    ['value', 'right', (row) => digits(row.value)],
    ['95 %', 'left', interval],
    ['units', 'left', (row) => row.units],
    ['n', 'right', (row) => String(row.n)],
  ]
  const filled = columns.filter(([name, , cell]) => name === 'value' || rows.some((row) => cell(row) !== ''))
  const table = new Table({
    head: filled.map(([name]) => name),
    colAligns: filled.map(([, align]) => align),
    style: { head: [], border: [], compact: true },
  })
  for (const row of rows) table.push(filled.map(([, , cell]) => cell(row)))
  return table.toString()
}

/** Four significant digits without a trailing exponent where that is readable. */
function digits(x: number): string {
  if (!Number.isFinite(x)) return String(x)
  if (x === 0) return '0'
  const magnitude = Math.floor(Math.log10(Math.abs(x)))
  return magnitude < -4 || magnitude > 6 ? x.toExponential(3) : x.toFixed(Math.max(0, 3 - magnitude))
}
