import { DataError, ShapeError } from '../../base/errors.ts'
import type { Stream } from '../../random/stream.ts'
import type { Ensemble } from './ensemble.ts'
import type { ObservationErrors } from './observationErrors.ts'

/** What the ensemble methods are given. All arrays are double precision; y, H(x) and R share their units. */
export interface EnsembleProblem {
  /** Background members x_b, [N, n]. */
  readonly background: Ensemble
  /** The observation operator applied to every member, H(x_b), [N, m]. */
  readonly observed: Ensemble
  /** Observations, [m]. */
  readonly y: Float64Array
  readonly R: ObservationErrors
  /** Where perturbed observations and rotations come from; methods draw from children of it. */
  readonly random: Stream
}

/** Settings that every ensemble method understands. */
export interface EnsembleSettings {
  /** Factor on the analysis anomalies where observations were used; 1 by default. */
  readonly inflation?: number
  /** Rotate the analysis anomalies at random, keeping mean and covariance; false by default. */
  readonly rotation?: boolean
}

/** Background members to analysis members, [N, n]: the one shape of all ensemble methods. */
export type EnsembleMethod<S extends EnsembleSettings = EnsembleSettings> = (
  problem: EnsembleProblem,
  settings?: S,
) => Ensemble

/** Throws ShapeError when sizes do not fit, DataError for observations or members that are not finite. */
export function checkProblem({ background, observed, y, R }: EnsembleProblem): void {
  if (background.members < 2)
    throw new ShapeError(`an ensemble method needs two members or more, not ${background.members}`)
  if (observed.members !== background.members)
    throw new ShapeError(
      `${background.members} background members, but observation operators of ${observed.members}`,
    )
  checkObservations(y, R, observed.size)
  const bad = observed.data.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0)
    throw new DataError(
      `H(x) of member ${Math.floor(bad / observed.size)}, observation ${bad % observed.size} is ${observed.data[bad]}`,
    )
}

/** Throws ShapeError unless y, R and H have `outputs` observations each, DataError for one that is not finite. */
export function checkObservations(y: Float64Array, R: ObservationErrors, outputs: number): void {
  if (y.length !== outputs || R.size !== outputs)
    throw new ShapeError(`${y.length} observations, ${R.size} errors in R, but H gives ${outputs} values`)
  const bad = y.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0) throw new DataError(`observation ${bad} is ${y[bad]}; leave out what is missing`)
}
