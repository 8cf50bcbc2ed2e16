import type { ConventionalInfo } from '../../io/ncep/convinfo.ts'
import type { ObservationTable } from '../../io/observations/table.ts'
import { saturationHumidities } from '../humidity.ts'
import { grossLimit } from './limits.ts'
import type { Screening } from './screening.ts'

const columns: Readonly<Record<string, string>> = {
  t: 't', tv: 't', t2m: 't', tv2m: 't', q: 'q', q2m: 'q', u: 'uv', v: 'uv', u10: 'uv', v10: 'uv', ps: 'ps', pw: 'pw',
} // biome-ignore format: a table

/** The line of a table of limits for a row: of its variable and type, sub-type 0 (the tables here have no others). */
function findInfo(limits: readonly ConventionalInfo[]) {
  const lines = new Map<string, ConventionalInfo>()
  for (const info of limits) {
    const key = `${info.variable} ${info.type}`
    if (info.subtype === 0 || !lines.has(key)) lines.set(key, info)
  }
  return (table: ObservationTable, i: number) =>
    lines.get(`${columns[table.variable[i]]} ${table.reportType[i]}`)
}

/** Rejects report types that a table of limits knows but does not use. Types it does not know pass. */
export function rejectUnused(screening: Screening, limits: readonly ConventionalInfo[]) {
  const info = findInfo(limits)
  screening.rejectWhere('type not used', (i) => (info(screening.table, i)?.usage ?? 'use') !== 'use')
}

/**
 * Rejects rows that miss the background by more than `gross` standard deviations of the departure, whose variance is
 * that of the observation's error and that of the background's, sigma_b (Andersson & Jarvinen 1999, Q. J. R. Meteorol.
 * Soc. 125, section 2). A table of limits gives `gross` by variable and report type, and bounds between which the
 * observation's error is brought first; where it has a line, that error alone counts, as in GSI (setupt.f90 and its
 * siblings; bounds of humidity are relative to saturation). Rows without background or error pass.
 */
export function rejectFarFromBackground(
  screening: Screening,
  { departure, error, sigma_b }: Record<'departure' | 'error' | 'sigma_b', Float64Array>,
  limits: readonly ConventionalInfo[] = [],
  gross: Readonly<Record<string, number>> = {},
) {
  const { table } = screening
  const info = findInfo(limits)
  const saturation = limits.length ? saturationHumidities(table) : undefined
  screening.rejectWhere('far from the background', (i) => {
    const code = table.variable[i]
    const line = info(table, i)
    const unit = code === 'q' || code === 'q2m' ? (saturation?.[i] ?? Number.NaN) : 1
    let e = error[i]
    if (!line) e = Math.hypot(e, sigma_b[i])
    else if (!Number.isNaN(unit))
      e = Math.min(Math.max(e, line.smallestError * unit), line.largestError * unit)
    const usual = sigma_b[i] > 0 ? grossLimit.both : grossLimit.own
    return Math.abs(departure[i]) > (gross[code] ?? line?.gross ?? usual) * e
  })
}
