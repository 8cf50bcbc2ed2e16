import { Neighbours } from './neighbours.ts'
import type { Screening } from './screening.ts'

/** Who counts as a neighbour, and how far from them is too far. */
export interface BuddyOptions {
  /** km; default 500. */
  readonly radius?: number
  /** Greatest distance in ln p of levels that are compared; default 0.1. */
  readonly depth?: number
  /** Hours; default 3. */
  readonly hours?: number
  /** Fewest buddies, of other stations, for a verdict; default 3. */
  readonly least?: number
  /** Greatest difference from the buddies, in standard deviations; default 5. */
  readonly limit?: number
}

/**
 * Rejects rows whose departure from the background differs from the median of their neighbours' by more than `limit`
 * standard deviations: the larger of the row's error and the neighbours' spread (1.4826 times the median absolute
 * deviation). Medians keep one bad station from condemning its neighbours (a robust form of Lorenc 1981, Mon. Wea. Rev. 109,
 * section 3: an observation against an analysis of the others). Neighbours are of the same variable and level. Rows with
 * too few pass. Throws nothing; needs departures.
 */
export function rejectByBuddies(
  screening: Screening,
  departure: Float64Array,
  error: Float64Array,
  { radius = 500, depth = 0.1, hours = 3, least = 3, limit = 5 }: BuddyOptions = {},
) {
  const { table } = screening
  const groups = new Map<string, number[]>()
  for (const i of screening.passing) {
    if (Number.isNaN(departure[i]) || Number.isNaN(error[i])) continue
    const group = groups.get(table.variable[i])
    if (group) group.push(i)
    else groups.set(table.variable[i], [i])
  }
  const bad: number[] = []
  for (const rows of groups.values()) {
    // By level too, so that neighbours are few: bins as deep as the search, the next ones searched as well.
    const bins = new Map<number, number[]>()
    const bin = (i: number) =>
      Number.isNaN(table.pressure[i]) ? 0 : Math.floor(Math.log(table.pressure[i]) / depth)
    for (const i of rows) {
      const members = bins.get(bin(i))
      if (members) members.push(i)
      else bins.set(bin(i), [i])
    }
    for (const [at, members] of bins) {
      const near = [...members, ...(bins.get(at - 1) ?? []), ...(bins.get(at + 1) ?? [])]
      const index = new Neighbours(
        near.map((i) => table.latitude[i]),
        near.map((i) => table.longitude[i]),
        radius,
      )
      members.forEach((i, k) => {
        const station = table.station[i]
        const buddies = index.of(k).map((j) => near[j]).filter((j) => {
          if (station !== '' ? table.station[j] === station : table.sounding[i] >= 0 && table.sounding[j] === table.sounding[i]) return false
          if (Math.abs(table.time[i] - table.time[j]) > hours * 3_600_000) return false
          return !(Math.abs(Math.log(table.pressure[i] / table.pressure[j])) > depth)
        }) // biome-ignore format: a chain
        if (buddies.length < least) return
        const expected = median(buddies.map((j) => departure[j]))
        const spread = 1.4826 * median(buddies.map((j) => Math.abs(departure[j] - expected)))
        if (Math.abs(departure[i] - expected) > limit * Math.max(error[i], spread)) bad.push(i)
      })
    }
  }
  for (const i of bad) screening.reject(i, 'disagrees with its neighbours')
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
