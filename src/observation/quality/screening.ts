import type { ObservationTable } from '../../io/observations/table.ts'

/** Why a row is not used, in the order in which the checks are made: a row has the first that applies. */
export const reasons = [
  'unknown variable',
  'a value is missing',
  'no pressure or height',
  'outside the time window',
  'quality mark',
  'type not used',
  'out of range',
  'duplicate',
  'far from the background',
  'disagrees with its neighbours',
  'the other wind component was rejected',
  'thinned',
] as const

/** Why quality control rejected a row. */
export type Reason = (typeof reasons)[number]

/** A table under examination: what each row was rejected for, so far. */
export class Screening {
  readonly table: ObservationTable
  readonly reasons: (Reason | undefined)[]

  constructor(table: ObservationTable) {
    this.table = table
    this.reasons = new Array<Reason | undefined>(table.length).fill(undefined)
  }

  passes(row: number): boolean {
    return this.reasons[row] === undefined
  }

  /** Rejects a row, unless it already is. */
  reject(row: number, reason: Reason) {
    this.reasons[row] ??= reason
  }

  /** Rejects the rows that still pass and for which `bad` holds. */
  rejectWhere(reason: Reason, bad: (row: number) => boolean) {
    for (let i = 0; i < this.table.length; i++) if (this.passes(i) && bad(i)) this.reasons[i] = reason
  }

  /** The rows that still pass. */
  get passing(): number[] {
    return Array.from(this.reasons.keys()).filter((i) => this.passes(i))
  }
}
