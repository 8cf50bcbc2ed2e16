import { groupBy } from '../io/observations/summary.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { observedVariables } from '../io/observations/variables.ts'
import type { Row } from '../report/table.ts'

/** Observations of one report type and variable. */
export interface ObservationCount {
  readonly instrument: string
  readonly reportType: number
  readonly variable: string
  readonly unit: string
  readonly count: number
  /** How many have each quality mark; mark -1 is none. */
  readonly quality: Readonly<Record<string, number>>
  /** Mean and root mean square of observation minus background, over marks up to 3; null without background. */
  readonly bias: number | null
  readonly rms: number | null
}

/** Counts by report type, variable and quality mark, in that order. */
export function countObservations(table: ObservationTable): ObservationCount[] {
  const order = Object.keys(observedVariables)
  const counts = groupBy(table, ['instrument', 'reportType', 'variable']).map(({ key, rows }) => {
    const quality: Record<string, number> = {}
    let [n, sum, square] = [0, 0, 0]
    for (const i of rows) {
      const mark = table.quality[i]
      quality[mark] = (quality[mark] ?? 0) + 1
      const departure = table.value[i] - table.background[i]
      if (mark > 3 || Number.isNaN(departure)) continue
      n++
      sum += departure
      square += departure * departure
    }
    const variable = String(key.variable)
    return {
      instrument: String(key.instrument),
      reportType: Number(key.reportType),
      variable,
      unit: observedVariables[variable]?.unit ?? '',
      count: rows.length,
      quality,
      bias: n ? sum / n : null,
      rms: n ? Math.sqrt(square / n) : null,
    }
  })
  return counts.sort(
    (a, b) =>
      a.instrument.localeCompare(b.instrument) ||
      a.reportType - b.reportType ||
      order.indexOf(a.variable) - order.indexOf(b.variable),
  )
}

/** The counts as rows of a printed table, a column for each quality mark that occurs. */
export function observationRows(counts: readonly ObservationCount[]): Row[] {
  const marks = [...new Set(counts.flatMap((c) => Object.keys(c.quality)))].map(Number).sort((a, b) => a - b)
  return counts.map((c) => {
    const row: Record<string, string | number | undefined> = {
      class: c.instrument,
      type: c.reportType,
      variable: c.variable,
      unit: c.unit,
      count: c.count,
    }
    // A space keeps keys such as '0' from moving to the front, where objects put integers.
    for (const mark of marks) row[` ${mark < 0 ? 'none' : mark}`] = c.quality[mark]
    row['O-B mean'] = c.bias ?? undefined
    row['O-B rms'] = c.rms ?? undefined
    return row
  })
}
