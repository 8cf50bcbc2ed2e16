import type { ColumnName, ObservationTable } from './table.ts'
import { observedVariables } from './variables.ts'

/** How often each combination of the values of `by` occurs, most frequent first. */
export function count<K extends ColumnName>(
  table: ObservationTable,
  by: readonly K[],
): ({ readonly [name in K]: number | string } & { readonly count: number })[] {
  return groupBy(table, by)
    .map(({ key, rows }) => ({ ...key, count: rows.length }))
    .sort((a, b) => b.count - a.count)
}

/** The row numbers of each combination of the values of `by`, in the order of first occurrence. */
export function groupBy<K extends ColumnName>(
  table: ObservationTable,
  by: readonly K[],
): { readonly key: { readonly [name in K]: number | string }; readonly rows: number[] }[] {
  const groups = new Map<string, number[]>()
  const picked = by.map((name) => table[name])
  for (let i = 0; i < table.length; i++) {
    let id = ''
    for (const column of picked) id += `${column[i]}\u0000`
    const rows = groups.get(id)
    if (rows) rows.push(i)
    else groups.set(id, [i])
  }
  return [...groups.values()].map((rows) => ({
    key: Object.fromEntries(by.map((name) => [name, table[name][rows[0]]])) as {
      [name in K]: number | string
    },
    rows,
  }))
}

/** What a scientist asks first of a set of observations; plain JSON. Empty tables have null ranges. */
export interface ObservationSummary {
  readonly rows: number
  readonly stations: number
  readonly soundings: number
  /** ISO 8601. */
  readonly time: readonly [string, string] | null
  readonly latitude: readonly [number, number] | null
  readonly longitude: readonly [number, number] | null
  /** Pa */
  readonly pressure: readonly [number, number] | null
  readonly reportTypes: Readonly<Record<string, number>>
  readonly instruments: Readonly<Record<string, number>>
  readonly variables: readonly VariableSummary[]
}

export interface VariableSummary {
  readonly variable: string
  readonly unit: string
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly max: number
  /** Rows that have a background; bias and rms are of value minus background there, null where there is none. */
  readonly withBackground: number
  readonly bias: number | null
  readonly rms: number | null
  readonly quality: Readonly<Record<string, number>>
}

export function summarize(table: ObservationTable): ObservationSummary {
  const time = range(table.time)
  const counts = (name: 'reportType' | 'instrument') =>
    Object.fromEntries(count(table, [name]).map((c) => [String(c[name]), c.count]))
  return {
    rows: table.length,
    stations: new Set(table.station).size,
    soundings: new Set(table.sounding).size,
    time: time && [new Date(time[0]).toISOString(), new Date(time[1]).toISOString()],
    latitude: range(table.latitude),
    longitude: range(table.longitude),
    pressure: range(table.pressure),
    reportTypes: counts('reportType'),
    instruments: counts('instrument'),
    variables: groupBy(table, ['variable']).map(({ key, rows }) =>
      variableSummary(table, String(key.variable), rows),
    ),
  }
}

function variableSummary(
  table: ObservationTable,
  variable: string,
  rows: readonly number[],
): VariableSummary {
  let [min, max, sum, n, difference, square] = [Infinity, -Infinity, 0, 0, 0, 0]
  const quality: Record<string, number> = {}
  for (const i of rows) {
    const value = table.value[i]
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
    quality[table.quality[i]] = (quality[table.quality[i]] ?? 0) + 1
    const d = value - table.background[i]
    if (Number.isNaN(d)) continue
    n++
    difference += d
    square += d * d
  }
  return {
    variable,
    unit: observedVariables[variable]?.unit ?? '',
    count: rows.length,
    min,
    mean: sum / rows.length,
    max,
    withBackground: n,
    bias: n ? difference / n : null,
    rms: n ? Math.sqrt(square / n) : null,
    quality,
  }
}

/** Smallest and largest finite value; null when there is none. */
function range(values: Float64Array): [number, number] | null {
  let [low, high] = [Infinity, -Infinity]
  for (const x of values) {
    if (x < low) low = x
    if (x > high) high = x
  }
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : null
}
