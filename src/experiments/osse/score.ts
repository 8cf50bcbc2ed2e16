import { Differences } from '../../atmosphere/differences.ts'
import { DataError } from '../../base/errors.ts'
import type { World } from '../../forecast/world.ts'
import { stream } from '../../random/stream.ts'
import { balanceScore } from '../../verification/balance-score.ts'
import { crps } from '../../verification/crps.ts'
import { geostrophicMismatchOfState } from '../../verification/geo-score.ts'
import { hydrostaticMismatchOfState } from '../../verification/hydro-score.ts'
import { mae } from '../../verification/mae.ts'
import { mse } from '../../verification/mse.ts'
import { rankHistogram } from '../../verification/rank-histogram.ts'
import { pointWeights } from '../../verification/sample.ts'
import { spreadSkill } from '../../verification/spread-skill.ts'
import type { Analysed } from './methods.ts'

/** Errors of single members (averaged over them) and of the estimate. */
export interface Errors {
  /** Over all channels and points, normalised, unweighted. */
  readonly mse: number
  readonly mae: number
  readonly meanMse: number
  readonly meanMae: number
  /** Mean squared errors by channel, latitude-weighted, squared SI units: roots are taken after averages over dates. */
  readonly channels: Readonly<Record<string, number>>
  readonly meanChannels: Readonly<Record<string, number>>
}

/** Scores of an analysis. Balance scores are null in worlds without the fields they need. */
export interface CaseScores extends Errors {
  readonly members: number
  /** Fair, normalised, unweighted; of a single state its absolute error. */
  readonly crps: number
  /** Variance of the members (see `spreadSkill`) and squared error of their mean (which of a variational method is not its minimum). */
  readonly variance: number
  readonly skill: number
  /** How often the truth has each rank among the members, of mirrored ones among one of each pair. */
  readonly ranks: readonly number[]
  /** Scores 0..100 and mismatches, averaged over members; of the estimate; of the truth. */
  readonly geo: number | null
  readonly hydro: number | null
  readonly geoMismatch: number | null
  readonly hydroMismatch: number | null
  readonly meanGeo: number | null
  readonly meanHydro: number | null
  readonly truthGeo: number | null
  readonly truthHydro: number | null
  /** Of the forecasts from the first members and from the estimate, where those are made. */
  readonly forecast?: Errors
}

/** Verification of states of one world. */
export class Scorer {
  private readonly world: World
  private readonly weights: Float64Array
  private readonly std: Float64Array
  private readonly differences: Differences

  constructor(world: World) {
    this.world = world
    const { grid, channels, normaliser } = world
    this.weights = pointWeights(grid.latitudeWeights(), grid.columns)
    this.std = Float64Array.from(normaliser.select(channels.names).std)
    this.differences = new Differences(grid)
  }

  /** All scores but those of forecasts; `date` is the number of the date, for ties of ranks. */
  analysis({ states, mean, antithetic }: Analysed, truth: Float32Array, date: number): CaseScores {
    const n = truth.length
    const members = states.length / n
    const balance = (state: Float32Array) => this.balance(state)
    const reference = balance(truth)
    const estimate = balance(mean)
    const own =
      members === 1 && states === mean
        ? [estimate]
        : Array.from({ length: members }, (_, m) => balance(states.subarray(m * n, (m + 1) * n)))
    const average = (f: (b: Balance) => number | null) =>
      own.reduce<number | null>((sum, b) => {
        const v = f(b)
        return sum === null || v === null ? null : sum + v / members
      }, 0)
    const scored = (name: keyof Balance, b: Balance) => {
      const [d, t] = [b[name], reference[name]]
      return d === null || t === null ? null : balanceScore(d, t)
    }
    const { variance, mse: skill } =
      members > 1
        ? spreadSkill(states, truth, undefined, { antithetic })
        : { variance: 0, mse: mse(mean, truth) }
    return {
      ...this.errors(states, mean, truth),
      ...{ members, crps: crps(states, truth, undefined, { antithetic }), variance, skill },
      ranks: Array.from(rankHistogram(states, truth, stream(0, 'ties', date), { antithetic })),
      geo: average((b) => scored('geo', b)),
      hydro: average((b) => scored('hydro', b)),
      geoMismatch: average((b) => b.geo),
      hydroMismatch: average((b) => b.hydro),
      meanGeo: scored('geo', estimate),
      meanHydro: scored('hydro', estimate),
      truthGeo: reference.geo,
      truthHydro: reference.hydro,
    }
  }

  /** Errors of states [members, ..], averaged over members, and of an estimate. */
  errors(states: Float32Array, mean: Float32Array, truth: Float32Array): Errors {
    const n = truth.length
    const members = states.length / n
    const sums = { mse: 0, mae: 0 }
    const { names } = this.world.channels
    const squares = new Float64Array(names.length)
    for (let m = 0; m < members; m++) {
      const state = states.subarray(m * n, (m + 1) * n)
      sums.mse += mse(state, truth) / members
      sums.mae += mae(state, truth) / members
      this.squares(state, truth).forEach((v, c) => {
        squares[c] += v / members
      })
    }
    const named = (values: Float64Array) => Object.fromEntries(names.map((name, c) => [name, values[c]]))
    return {
      ...sums,
      meanMse: mse(mean, truth),
      meanMae: mae(mean, truth),
      channels: named(squares),
      meanChannels: named(this.squares(mean, truth)),
    }
  }

  private squares(state: Float32Array, truth: Float32Array): Float64Array {
    const { size } = this.world.grid
    const field = (x: Float32Array, c: number) => x.subarray(c * size, (c + 1) * size)
    return this.std.map((s, c) => s ** 2 * mse(field(state, c), field(truth, c), this.weights))
  }

  /** Mismatches of a normalised state; null where the channels do not make them. */
  private balance(state: Float32Array): Balance {
    const { channels, grid, normaliser } = this.world
    const real = normaliser.select(channels.names).denormalise(state, grid.size)
    return {
      geo: unlessMissing(() => geostrophicMismatchOfState(real, channels, this.differences)),
      hydro: unlessMissing(() => hydrostaticMismatchOfState(real, channels, grid)),
    }
  }
}

interface Balance {
  readonly geo: number | null
  readonly hydro: number | null
}

function unlessMissing(f: () => number): number | null {
  try {
    return f()
  } catch (error) {
    if (error instanceof DataError) return null
    throw error
  }
}
