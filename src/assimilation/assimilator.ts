import { ConfigError, DataError } from '../base/errors.ts'
import { checkSameWorld, type World } from '../forecast/world.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import type { ErrorCovariance } from '../observation/error-covariance.ts'
import type { ObservationOperator } from '../observation/operator.ts'
import type { Seed } from '../random/address.ts'
import type { AnalysisDiagnostics } from './diagnostics.ts'
import { refuseOtherUnits, refuseOtherUnitsOfState } from './units.ts'

/** Observations as every method takes them: y = H(x) + errors of covariance R, all in the operator's units. */
export interface Observations {
  readonly operator: ObservationOperator
  /** [operator.outputs] */
  readonly y: Float64Array
  readonly R: ErrorCovariance
  /** The rows that y comes from: places for localisation and names of variables for the diagnostics. */
  readonly table?: ObservationTable
}

/** What is known before the observations. */
export interface Background {
  readonly world: World
  /** Normalised states [members, channel, latitude, longitude]; one member or an ensemble. */
  readonly states: Float32Array
}

/** Observations after the time of the background, for methods over a window. */
export interface ObservationWindow {
  /** Time of the background and of the other observations, ms since 1970. */
  readonly time: number
  readonly later: readonly (Observations & { readonly hours: number })[]
}

/** One analysis to make: background, observations and what else is known. */
export interface AssimilationCase {
  /** Number of the case in its experiment: the address of its random numbers. */
  readonly index: number
  readonly background: Background
  readonly observations: Observations
  /** Sine and cosine of the time of year, for priors that ask for it. */
  readonly season?: Float32Array
  /** Only 4D-Var uses it. */
  readonly window?: ObservationWindow
}

/** How many members, from which seed. */
export interface AssimilationOptions {
  readonly members: number
  readonly seed: Seed
  /** Called with the members done so far and all of them. */
  readonly onProgress?: (done: number, all: number) => void
}

/** An analysis ensemble with its mean, spread and diagnostics. */
export interface Analysis {
  /** Normalised states [members, channel, latitude, longitude]. */
  readonly states: Float32Array
  readonly members: number
  /** Mean and standard deviation, that of mirrored members without loss for their mean; zeros for one, [channel, lat, lon]. */
  readonly mean: Float32Array
  readonly spread: Float32Array
  readonly diagnostics: AnalysisDiagnostics
}

/** A way from a background and observations to an analysis ensemble. The same case and seed give the same bits. */
export interface Assimilator {
  readonly name: string
  /** What the result depends on besides the case, for the record. */
  readonly settings: Readonly<Record<string, unknown>>
  /**
   * @throws {DataError} for a background of another world or values that are not finite; {ConfigError} for a number of
   * members that is none, or that needs more memory than there is
   */
  assimilate(given: AssimilationCase, options: AssimilationOptions): Promise<Analysis>
  close(): Promise<void>
}

/**
 * Number of background members.
 * @throws {DataError} for another world, a size that is no whole number of states, or values that are not finite or
 * not normalised
 */
export function checkBackground(
  { background }: AssimilationCase,
  world: World,
  what = 'the background',
): number {
  checkSameWorld(world, background.world, ['the method', what], { normaliser: true })
  const size = world.channels.length * world.grid.size
  const members = background.states.length / size
  if (!Number.isInteger(members) || members < 1)
    throw new DataError(`${what} has ${background.states.length} values; a state has ${size}`)
  const bad = background.states.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0) {
    const channel = world.channels.names[Math.floor((bad % size) / world.grid.size)]
    throw new DataError(`${what} is ${background.states[bad]} at value ${bad % size} (${channel})`)
  }
  refuseOtherUnitsOfState(background.states, world, what)
  return members
}

/**
 * @throws {DataError} for observations that do not fit their operator or the state, are not finite, or are so far from
 * the background (normalised; its first member) that they must be in other units
 */
export function checkObserved(observations: Observations, world: World, background: Float32Array): void {
  const { operator, y, R, table } = observations
  const size = world.channels.length * world.grid.size
  if (operator.inputs !== size)
    throw new DataError(`${operator} takes states of ${operator.inputs} values; these have ${size}`)
  if (y.length !== operator.outputs || R.size !== operator.outputs || (table && table.length !== y.length))
    throw new DataError(`${y.length} observations and ${R.size} errors do not fit ${operator}`)
  const bad = y.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0) throw new DataError(`observation ${bad} is ${y[bad]}; leave out what is missing`)
  refuseOtherUnits(observations, background.subarray(0, size))
}

/** @throws {ConfigError} unless there is a whole number of members, one or more */
export function checkMembers(members: number, least = 1): void {
  if (!Number.isInteger(members) || members < least)
    throw new ConfigError(`an analysis of ${members} members: it takes a whole number of at least ${least}`)
}
