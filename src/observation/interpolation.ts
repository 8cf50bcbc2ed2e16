import { bilinearWeights } from '../atmosphere/bilinear.ts'
import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import type { Normaliser } from '../atmosphere/normalise.ts'
import { findVariable } from '../atmosphere/variables.ts'
import { DataError } from '../base/errors.ts'

/** A linear functional of a state x: sum of weights[k] * x[indices[k]], plus offset, in physical units. */
export interface Predictor {
  /** Positions in the flattened state [channel, latitude, longitude]: channel * grid.size + row * columns + column. */
  readonly indices: readonly number[]
  /** One for each index. Physical units per unit of the state: the deviation of the channel where that is z-scored. */
  readonly weights: readonly number[]
  /** Physical units: what z-scoring took away; 0 for a state in physical units. */
  readonly offset: number
}

/** The value of a variable at a place. */
export interface Interpolated extends Predictor {
  /** Mean and standard deviation of the interpolated channels there, physical units; 0 and 1 without normaliser. */
  readonly mean: number
  readonly std: number
}

/**
 * The sum of `weights` times values: differences of levels, means and integrals over layers. Its `std` is as if the
 * values varied on their own.
 */
export function weightedSum(values: readonly Interpolated[], weights: readonly number[]): Interpolated {
  const sum = (f: (value: Interpolated) => number) =>
    values.reduce((total, value, k) => total + weights[k] * f(value), 0)
  return {
    indices: values.flatMap(({ indices }) => indices),
    weights: values.flatMap((value, k) => value.weights.map((w) => weights[k] * w)),
    offset: sum(({ offset }) => offset),
    mean: sum(({ mean }) => mean),
    std: Math.sqrt(values.reduce((total, { std }, k) => total + (weights[k] * std) ** 2, 0)),
  }
}

/** Why an observation has no equivalent in the model. */
export type OperatorRejection =
  | 'outside the time window'
  | 'outside the grid'
  | 'no pressure is given'
  | 'above the highest level'
  | 'below the lowest level'
  | 'the model lacks the channel'
  | 'the variable is not supported'
  | 'no height is given'
  | 'the station is too high'

/** Share of a level's pressure by which an observation may miss the outermost levels. */
const tolerance = 1e-9

/**
 * Interpolates a state [channel, latitude, longitude] to places, for the predictors of an `ObservationOperator`: bilinear in latitude and longitude (with the poles
 * as in `bilinearWeights`, winds as vectors), linear in the logarithm of pressure between the two nearest levels
 * that have the variable. Nothing is extrapolated. The state is z-scored when a normaliser is given, else in
 * physical units; what comes out is physical in either case.
 */
export class Interpolation {
  readonly grid: Grid
  readonly channels: ChannelSet
  readonly inputs: number
  readonly #mean: Float64Array
  readonly #std: Float64Array
  readonly #horizontal = new Map<string, readonly (readonly [number, number])[] | undefined>()
  readonly #levels = new Map<string, readonly { index: number; level: number }[]>()

  /** @throws DataError when the normaliser lacks one of the channels */
  constructor(grid: Grid, channels: ChannelSet, normaliser?: Normaliser) {
    this.grid = grid
    this.channels = channels
    this.inputs = channels.length * grid.size
    const own = normaliser?.select(channels.names)
    this.#mean = own?.mean ?? new Float64Array(channels.length)
    this.#std = own?.std ?? new Float64Array(channels.length).fill(1)
  }

  /** The value of a variable (short name) at a place (degrees) and pressure (Pa; none for surface variables). */
  at(
    variable: string,
    latitude: number,
    longitude: number,
    pressure?: number,
  ): Interpolated | { reason: OperatorRejection } {
    const vertical = pressure === undefined ? this.#surface(variable) : this.#between(variable, pressure)
    if (vertical.reason !== undefined) return { reason: vertical.reason }
    const wind = /^[uv](10)?$/.test(variable)
    const horizontal = this.#around(latitude, longitude, wind)
    if (!horizontal) return { reason: 'outside the grid' }
    const indices: number[] = []
    const weights: number[] = []
    let [offset, mean, std] = [0, 0, 0]
    for (const [channel, share] of vertical.shares) {
      mean += share * this.#mean[channel]
      std += share * this.#std[channel]
      for (const [point, weight] of horizontal) {
        indices.push(channel * this.grid.size + point)
        weights.push(share * weight * this.#std[channel])
        offset += share * weight * this.#mean[channel]
      }
    }
    return { indices, weights, offset, mean, std }
  }

  #surface(variable: string): Vertical {
    return this.channels.has(variable)
      ? { shares: [[this.channels.index(variable), 1]] }
      : { reason: 'the model lacks the channel' }
  }

  #between(variable: string, pressure: number): Vertical {
    if (!(pressure > 0)) return { reason: 'no pressure is given' }
    const levels = this.#levelsOf(variable)
    if (levels.length === 0) return { reason: 'the model lacks the channel' }
    const p = pressure / 100
    const first = levels[0]
    const last = levels[levels.length - 1]
    if (p <= first.level)
      return p < first.level * (1 - tolerance)
        ? { reason: 'above the highest level' }
        : { shares: [[first.index, 1]] }
    if (p >= last.level)
      return p > last.level * (1 + tolerance)
        ? { reason: 'below the lowest level' }
        : { shares: [[last.index, 1]] }
    const below = levels.findIndex(({ level }) => level >= p)
    const [a, b] = [levels[below - 1], levels[below]]
    if (b.level === p) return { shares: [[b.index, 1]] }
    const share = Math.log(p / a.level) / Math.log(b.level / a.level)
    return { shares: [[a.index, 1 - share], [b.index, share]] } // biome-ignore format: a pair
  }

  #levelsOf(variable: string) {
    let levels = this.#levels.get(variable)
    if (!levels) {
      levels = findVariable(variable) ? this.channels.levelsOf(variable) : []
      this.#levels.set(variable, levels)
    }
    return levels
  }

  /** Points and weights around a place; undefined outside a regional grid. */
  #around(latitude: number, longitude: number, wind: boolean) {
    const key = `${latitude} ${longitude} ${wind}`
    if (this.#horizontal.has(key)) return this.#horizontal.get(key)
    let found: [number, number][] | undefined
    try {
      const field = wind ? 'vector' : 'scalar'
      const { indices, values } = bilinearWeights(this.grid, [latitude], [longitude], { field })
      found = Array.from(indices, (point, k) => [point, values[k]])
    } catch (error) {
      if (!(error instanceof DataError)) throw error
    }
    this.#horizontal.set(key, found)
    return found
  }
}

type Vertical =
  | { readonly shares: readonly (readonly [channel: number, share: number])[]; readonly reason?: undefined }
  | { readonly reason: OperatorRejection }
