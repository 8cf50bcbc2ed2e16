import { ShapeError } from '../../base/errors.ts'
import type { ConventionalInfo } from '../../io/ncep/convinfo.ts'
import { type ObservationTable, take } from '../../io/observations/table.ts'
import { observedVariables, thicknessLayer } from '../../io/observations/variables.ts'
import { inWindow, type TimeWindow } from '../window.ts'
import { rejectFarFromBackground, rejectUnused } from './background.ts'
import { type BoxOptions, boxesOf } from './boxes.ts'
import { type BuddyOptions, rejectByBuddies } from './buddy.ts'
import { checkErrors, departures } from './departures.ts'
import { rejectDuplicates } from './duplicates.ts'
import { possibleRange } from './limits.ts'
import { rejectPartners } from './partners.ts'
import type { RobustWeight } from './robust.ts'
import { type Reason, reasons, Screening } from './screening.ts'
import { type SuperobOptions, superob } from './superob.ts'

/** The checks of quality control and their limits. */
export interface QualityOptions {
  /** H(x_b) of each row, SI units, NaN where there is none; by default the table's own background. */
  readonly background?: ArrayLike<number>
  /**
   * Standard deviation of the error of H(x_b), SI units; NaN where it is not known. Without it a departure is judged by
   * the observation's error alone, which rejects accurate observations where the background is bad.
   */
  readonly backgroundError?: ArrayLike<number>
  readonly window?: TimeWindow
  /** Highest quality mark that is used; rows without a mark (-1) pass. Default 3. */
  readonly maxQuality?: number
  /** Which types are used and by how much they may miss the background (NCEP's convinfo). */
  readonly limits?: readonly ConventionalInfo[]
  /**
   * Standard deviations by which a variable may miss the background, in place of those of `limits` and of the default:
   * 8 of the observation's error, or 5 of its and the background's error together where that is known.
   */
  readonly gross?: Readonly<Record<string, number>>
  /** Settings of the buddy check; false leaves it out. */
  readonly buddy?: BuddyOptions | false
  /** Keeps one row a box (the nearest to its centre). */
  readonly thinning?: BoxOptions
  /** Replaces the rows of a box by their mean; after thinning, where both are asked for. */
  readonly superobbing?: SuperobOptions
  /** Weights by departure from the background, in place of a hard limit. */
  readonly robust?: RobustWeight
}

/** What quality control kept and why it rejected the rest. */
export interface QualityResult {
  /** What is used: the rows kept, or means of them. `background` is the one that was given. */
  readonly table: ObservationTable
  /** The rows of the given table that passed, in its order. */
  readonly kept: Int32Array
  /** Rows of the given table that each row of `table` comes from: one, or several of a mean. */
  readonly origin: readonly (readonly number[])[]
  readonly rejected: readonly { readonly row: number; readonly reason: Reason }[]
  /** Rejected rows by reason (in the order of the checks) and variable, and the rows kept. */
  readonly counts: readonly QualityCount[]
  /** Rows that passed the background check because they have no background. */
  readonly unchecked: number
  /** Of each row of `table`, 0..1; 1 without `robust` or background. */
  readonly weight: Float64Array
}

/** How many rows of a variable were kept, or rejected for one reason. */
export interface QualityCount {
  readonly variable: string
  readonly reason: Reason | 'kept'
  readonly count: number
}

/**
 * Decides which observations are used. The checks are made in the order of `reasons`, each on what the ones before
 * left: unknown variables, missing values, missing levels, time window, quality mark, report type, possible range,
 * duplicates, background, buddies, wind pairs, thinning; then super-observations and robust weights of what is left.
 * Every row is either kept or has one reason; a table without usable rows gives an empty result, not an error.
 * @throws ShapeError when the background or its errors have another number of rows
 */
export function qualityControl(table: ObservationTable, options: QualityOptions = {}): QualityResult {
  const { background = table.background, maxQuality = 3, window, limits, gross, buddy = {} } = options
  const { backgroundError } = options
  for (const [what, rows] of Object.entries({ 'the background': background, 'its error': backgroundError }))
    if (rows && rows.length !== table.length)
      throw new ShapeError(`${what} has ${rows.length} rows, the table ${table.length}`)
  const own = { ...table, background: Float64Array.from(background) }
  const s = new Screening(own)
  s.rejectWhere('unknown variable', (i) => !observedVariables[own.variable[i]])
  s.rejectWhere('a value is missing', (i) => isIncomplete(own, i))
  s.rejectWhere('no pressure or height', (i) => isNowhere(own, i))
  if (window) s.rejectWhere('outside the time window', (i) => !inWindow(own.time[i], window))
  s.rejectWhere('quality mark', (i) => own.quality[i] > maxQuality)
  if (limits) rejectUnused(s, limits)
  s.rejectWhere('out of range', (i) => isImpossible(own, i))
  rejectDuplicates(s)
  const departure = departures(own, own.background)
  const error = checkErrors(own)
  // Without samples, and for rows that the model does not see, the observation's error is all there is.
  const sigma_b = Float64Array.from(error, (_, i) => backgroundError?.[i] || 0)
  const unchecked = s.passing.filter((i) => Number.isNaN(departure[i])).length
  rejectFarFromBackground(s, { departure, error, sigma_b }, limits, gross)
  // Errors of the background have structures that neighbours see differently.
  const differ = error.map((e, i) => Math.max(e, sigma_b[i]))
  if (buddy) rejectByBuddies(s, departure, differ, buddy)
  rejectPartners(s)
  if (options.thinning)
    for (const [, ...others] of boxesOf(own, s.passing, options.thinning))
      for (const row of others) s.reject(row, 'thinned')
  const kept = s.passing
  const made = options.superobbing
    ? superob(own, kept, options.superobbing)
    : { table: take(own, kept), origin: kept.map((i) => [i]) }
  return {
    ...made,
    kept: Int32Array.from(kept),
    rejected: s.reasons.flatMap((reason, row) => (reason ? [{ row, reason }] : [])),
    counts: countReasons(s),
    unchecked,
    weight: weights(made.table, options.robust, (i) => rms(made.origin[i].map((k) => sigma_b[k]))),
  }
}

function isIncomplete(t: ObservationTable, i: number): boolean {
  return ![t.value[i], t.time[i], t.latitude[i], t.longitude[i]].every(Number.isFinite)
}

function isNowhere(t: ObservationTable, i: number): boolean {
  const { surface } = observedVariables[t.variable[i]]
  // A thickness is of the layer that its code names.
  const placed = surface || thicknessLayer(t.variable[i]) !== undefined
  return !placed && Number.isNaN(t.pressure[i]) && Number.isNaN(t.height[i])
}

function isImpossible(t: ObservationTable, i: number): boolean {
  const [low, high] = possibleRange(t.variable[i]) ?? [-Infinity, Infinity]
  return (
    !(t.value[i] >= low && t.value[i] <= high) ||
    !(Math.abs(t.latitude[i]) <= 90 && t.longitude[i] >= 0 && t.longitude[i] < 360) ||
    t.pressure[i] <= 0 ||
    t.pressure[i] > 120_000
  )
}

const rms = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)

/** By departures in their own standard deviations, of which the background's errors are a part. */
function weights(
  table: ObservationTable,
  robust: RobustWeight | undefined,
  sigma_b: (row: number) => number,
): Float64Array {
  const departure = departures(table, table.background)
  const error = checkErrors(table)
  return departure.map((d, i) => {
    const w = robust && error[i] > 0 ? robust(d / Math.hypot(error[i], sigma_b(i))) : 1
    return Number.isNaN(w) ? 1 : w
  })
}

function countReasons(s: Screening): QualityCount[] {
  const counts = new Map<string, number>()
  s.reasons.forEach((reason, i) => {
    const key = `${s.table.variable[i]}|${reason ?? 'kept'}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  })
  const variables = [...new Set(s.table.variable)]
  return variables.flatMap((variable) =>
    [...reasons, 'kept' as const].flatMap((reason) => {
      const count = counts.get(`${variable}|${reason}`)
      return count ? [{ variable, reason, count }] : []
    }),
  )
}
