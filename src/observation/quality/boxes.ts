import { earthRadius } from '../../atmosphere/constants.ts'
import { ConfigError } from '../../base/errors.ts'
import type { ObservationTable } from '../../io/observations/table.ts'

/** Size of the boxes of thinning and super-observations. */
export interface BoxOptions {
  /** Size of a box, km. */
  readonly mesh: number
  /** Its depth in ln p; default 0.1, about 800 m. */
  readonly depth?: number
  /** Its length in time, hours; default 6, counted from 00Z. */
  readonly hours?: number
}

/**
 * Groups rows of one variable and report type into boxes of about equal area: rings of latitude, each cut into as many
 * boxes as fit. Rows within a box are ordered by their distance from its centre. Throws ConfigError for a mesh, depth
 * or length that is not above zero.
 */
export function boxesOf(
  table: ObservationTable,
  rows: readonly number[],
  { mesh, depth = 0.1, hours = 6 }: BoxOptions,
): number[][] {
  if (!(mesh > 0 && depth > 0 && hours > 0))
    throw new ConfigError(`boxes need a mesh, depth and hours above zero, not ${mesh}, ${depth}, ${hours}`)
  const circle = 2e-3 * Math.PI * earthRadius
  const rings = Math.max(1, Math.round(circle / 2 / mesh))
  const boxes = new Map<string, { row: number; distance: number }[]>()
  for (const row of rows) {
    const y = ((table.latitude[row] + 90) / 180) * rings
    const ring = Math.min(rings - 1, Math.floor(y))
    const centre = ((ring + 0.5) / rings - 0.5) * Math.PI
    const around = Math.max(1, Math.round((circle * Math.cos(centre)) / mesh))
    const x = (table.longitude[row] / 360) * around
    const p = Number.isNaN(table.pressure[row]) ? Number.NaN : Math.log(table.pressure[row]) / depth
    const time = table.time[row] / (3_600_000 * hours)
    const key = [
      table.variable[row],
      table.reportType[row],
      ring,
      Math.floor(x),
      Math.floor(p),
      Math.floor(time),
    ].join(' ')
    const off = (v: number) => v - Math.floor(v) - 0.5
    const distance = off(x) ** 2 + off(y) ** 2 + (Number.isNaN(p) ? 0 : off(p) ** 2)
    const box = boxes.get(key)
    if (box) box.push({ row, distance })
    else boxes.set(key, [{ row, distance }])
  }
  return [...boxes.values()].map((box) =>
    box.sort((a, b) => a.distance - b.distance || a.row - b.row).map((m) => m.row),
  )
}
