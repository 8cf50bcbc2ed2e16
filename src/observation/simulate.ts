import { DataError, ShapeError } from '../base/errors.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import type { Stream } from '../random/stream.ts'
import type { ErrorCovariance } from './error-covariance.ts'
import type { ObservationOperator } from './operator.ts'

/** Observations of a known truth: the table with them, and their values y [observations]. */
export interface Simulated {
  /** The network with values (SI units) and their errors (NaN for none). */
  readonly table: ObservationTable
  /** The same values in the operator's units. */
  readonly y: Float64Array
}

/**
 * Observations of a true state: y = H(x) + L e with e standard normal from `random`. `error` is one standard
 * deviation for all in the operator's units (0: perfect observations), or R. Element i of the stream belongs to row
 * i, so a network that continues another one repeats its errors. Throws DataError for a negative error.
 * @param network the accepted rows of the operator (`BuiltOperator.table`)
 */
export function simulate(
  network: ObservationTable,
  operator: ObservationOperator,
  truth: Float32Array | Float64Array,
  { error, random }: { error: number | ErrorCovariance; random: Stream },
): Simulated {
  const m = operator.outputs
  if (network.length !== m || truth.length !== operator.inputs)
    throw new ShapeError(`${network.length} rows and a state of ${truth.length} for ${operator}`)
  if (typeof error === 'number' ? !(error >= 0 && error < Infinity) : error.size !== m)
    throw new DataError(
      `an error of ${typeof error === 'number' ? error : `${error.size} observations`} cannot be simulated for ${operator}`,
    )
  const e = random.normal(new Float64Array(m))
  const noise = typeof error === 'number' ? e.map((x) => error * x) : error.colour(e)
  const exact = operator.apply(truth)
  const y = exact.map((value, i) => {
    const noisy = value + noise[i]
    const period = operator.period[i]
    return period > 0 ? noisy - period * Math.floor(noisy / period) : noisy
  })
  const sigma = (i: number) => (typeof error === 'number' ? error : error.sigma[i]) * operator.scale[i]
  const errors = Float64Array.from(y, (_, i) => sigma(i) || Number.NaN)
  return { table: { ...network, value: operator.fromUnits(y), error: errors }, y }
}
