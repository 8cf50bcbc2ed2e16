import type { Screening } from './screening.ts'

const partner: Readonly<Record<string, string>> = { u: 'v', v: 'u', u10: 'v10', v10: 'u10' }

/** Rejects a wind component whose partner, of the same report, place, time and level, was itself found faulty. */
export function rejectPartners(screening: Screening) {
  const { table } = screening
  const key = (code: string, i: number) =>
    `${code} ${table.station[i]} ${table.sounding[i]} ${table.time[i]} ${table.pressure[i]} ${table.latitude[i]} ${table.longitude[i]}`
  const fate = new Map<string, { passed: boolean }>()
  for (let i = 0; i < table.length; i++) {
    if (!partner[table.variable[i]]) continue
    const id = key(table.variable[i], i)
    // Of duplicates the one that was kept decides.
    fate.set(id, { passed: screening.passes(i) || (fate.get(id)?.passed ?? false) })
  }
  screening.rejectWhere('the other wind component was rejected', (i) => {
    const other = partner[table.variable[i]]
    return other !== undefined && fate.get(key(other, i))?.passed === false
  })
}
