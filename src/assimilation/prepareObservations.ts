import { DataError } from '../base/errors.ts'
import type { World } from '../forecast/world.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { readObservations } from '../io/read-observations.ts'
import { buildOperator, countRejected } from '../observation/build.ts'
import { ErrorCovariance } from '../observation/error-covariance.ts'
import { type ErrorModel, reportedErrors, withErrors } from '../observation/error-models.ts'
import type { ObservationOperator } from '../observation/operator.ts'
import { type QualityOptions, qualityControl } from '../observation/quality/control.ts'
import { windowAround } from '../observation/window.ts'
import type { Observations } from './assimilator.ts'
import { refuseOtherUnitsOfState } from './units.ts'

/** The background that observations are compared with, and how. */
export interface PrepareOptions {
  readonly world: World
  /** Normalised background, [channel, latitude, longitude]. */
  readonly state: Float32Array
  /** Time of the analysis, ms since 1970. */
  readonly time: number
  /** Hours before and after it in which observations are used. Default 3. */
  readonly window?: number
  /**
   * Samples of the background's errors, [samples, channel, latitude, longitude], normalised: departures are judged by
   * them and the observations' errors together.
   */
  readonly backgroundErrors?: Float32Array
  /** Checks of quality control other than its defaults. */
  readonly quality?: Omit<QualityOptions, 'background' | 'backgroundError' | 'window'>
  /** Standard deviations of the errors, SI units. Default: the table's own; the usual ones where there is none. */
  readonly errors?: ErrorModel
}

/** H, y and R in normalised units; `table` has the rows that are used and H(x_b) as their `background`. */
export interface PreparedObservations extends Required<Observations> {
  readonly summary: {
    readonly rows: number
    /** Observations of the analysis: fewer than the rows kept where these are averaged. */
    readonly used: number
    /** By variable: kept, and left out by reason. */
    readonly counts: readonly { readonly variable: string; readonly reason: string; readonly count: number }[]
  }
}

/**
 * Observations in SI units as an assimilator takes them: their errors, quality control against H(x_b) (marks, range,
 * duplicates, background, buddies, thinning), the operator and R.
 * @param observations a table, or a file of them
 * @throws DataError for errors of zero or less, naming row and station, a background that is no normalised state, and
 * samples of its errors that are none of such states
 * @throws ConfigError for settings that are none
 */
export async function prepareObservations(
  observations: string | ObservationTable,
  options: PrepareOptions,
): Promise<PreparedObservations> {
  const { world, state, time, window: hours = 3, quality = {}, errors = reportedErrors } = options
  const { grid, channels, normaliser } = world
  if (state.length !== channels.length * grid.size)
    throw new DataError(
      `the background has ${state.length} values; a state of ${channels.length} channels on ${grid} has ${channels.length * grid.size}`,
    )
  refuseOtherUnitsOfState(state, world, 'the background')
  const window = windowAround(time, hours)
  const table =
    typeof observations === 'string'
      ? withErrors(await readObservations(observations), errors, observations)
      : withErrors(observations, errors)
  const first = buildOperator(table, grid, channels, normaliser, { window })
  const ofRows = (values: Float64Array) => {
    const rows = new Float64Array(table.length).fill(Number.NaN)
    for (const [k, row] of first.accepted.entries()) rows[row] = values[k]
    return rows
  }
  const H = first.operator
  const background = ofRows(H.fromUnits(H.apply(state)))
  const backgroundError = ofRows(errorsSeen(H, state, options.backgroundErrors ?? new Float32Array(0)))
  const checked = qualityControl(table, { ...quality, background, backgroundError, window })
  const built = buildOperator(checked.table, grid, channels, normaliser, { units: 'normalised', window })
  const { operator, y, accepted } = built
  const sigma = built.table.error.map(
    (e, i) => e / operator.scale[i] / Math.sqrt(checked.weight[accepted[i]]),
  )
  // What passed the checks but has no equivalent is not used after all; of a mean, all its members.
  const unseen = built.rejected.flatMap(({ row, reason }) =>
    checked.origin[row].map((of) => ({ row: of, reason })),
  )
  const without = countRejected(table, unseen)
  const counts = [
    ...checked.counts.map((c) => {
      const lost = without.reduce(
        (sum, { variable, count }) => sum + (variable === c.variable ? count : 0),
        0,
      )
      return c.reason === 'kept' ? { ...c, count: c.count - lost } : c
    }),
    ...without.map(({ variable, reason, count }) => ({
      variable,
      reason: `no equivalent in the model: ${reason}`,
      count,
    })),
  ].filter(({ count }) => count > 0)
  return {
    ...{ operator, y, R: new ErrorCovariance(sigma), table: built.table },
    summary: { rows: table.length, used: built.table.length, counts },
  }
}

/** Standard deviation of H(x_b + e) about H(x_b) over samples of e, SI units; NaN without samples. */
function errorsSeen(H: ObservationOperator, x_b: Float32Array, errors: Float32Array): Float64Array {
  const samples = errors.length / x_b.length
  if (!Number.isInteger(samples))
    throw new DataError(`${errors.length} values are no samples of background errors of ${x_b.length} values`)
  const bad = errors.findIndex((e) => !(Math.abs(e) < 20))
  if (bad >= 0)
    throw new DataError(
      `a background error is ${errors[bad]} standard deviations of its channel: samples of errors are normalised`,
    )
  const at = H.apply(x_b)
  const squares = new Float64Array(H.outputs)
  for (let k = 0; k < samples; k++) {
    const e = errors.subarray(k * x_b.length, (k + 1) * x_b.length)
    H.innovation(H.apply(x_b.map((x, i) => x + e[i])), at).forEach((d, i) => {
      squares[i] += d ** 2
    })
  }
  return squares.map((sum) => Math.sqrt(sum / samples))
}
