import { gaspariCohnOfLength } from '../atmosphere/gaspari-cohn.ts'
import { ConfigError, DataError } from '../base/errors.ts'
import type { World } from '../forecast/world.ts'
import { type Stream, stream } from '../random/stream.ts'
import {
  type Analysis,
  type AssimilationCase,
  type AssimilationOptions,
  type Assimilator,
  checkBackground,
  checkMembers,
  checkObserved,
} from './assimilator.ts'
import { enkf } from './classical/enkf.ts'
import { ensemble } from './classical/ensemble.ts'
import { letkf } from './classical/letkf.ts'
import { columnsOnSphere } from './classical/sphereLocalisation.ts'
import { aboutMean, analysisOf, meanOf } from './diagnostics.ts'
import { refuseBeyondMemory } from './memory.ts'

/** Where the members come from when the background is a single state. */
export type MemberSource = (given: AssimilationCase, options: AssimilationOptions) => Promise<Float32Array>

/** Members from another assimilator: with the guidance `none`, samples of the prior. */
export function membersOf(assimilator: Assimilator): MemberSource {
  return async (given, options) => (await assimilator.assimilate(given, options)).states
}

/**
 * Members moved so that their mean is that of others. The mean of N independent draws is off by an Nth of their variance;
 * that of mirrored ones is not, but these span half as many directions: an ensemble filter wants the anomalies of the
 * former about the mean of the latter.
 */
export function recentred(members: MemberSource, about: MemberSource): MemberSource {
  return async (given, options) => {
    const states = await members(given, options)
    return aboutMean(states, meanOf(await about(given, options), states.length / options.members))
  }
}

/**
 * Members from a record of background errors [samples, ..state] (forecast differences): the background plus
 * `members` different ones of them, centred and multiplied by `scale`.
 * @throws ConfigError for more members than samples
 */
export function membersFromErrors(errors: Float32Array, { scale = 1 } = {}): MemberSource {
  return async ({ background, index }, { members, seed }) => {
    const n = background.states.length
    const count = Math.floor(errors.length / n)
    if (members > count)
      throw new ConfigError(`${members} members from ${count} background errors: ask for fewer`)
    const chosen: Stream = stream(seed, 'background errors', index)
    const picked = new Float32Array(members * n)
    chosen.choice(count, members).forEach((k, i) => {
      picked.set(errors.subarray(k * n, (k + 1) * n), i * n)
    })
    const centre = meanOf(picked, n)
    return picked.map((v, p) => background.states[p % n] + scale * (v - centre[p % n]))
  }
}

/** Where the members of an ensemble filter come from, its localisation and its inflation. */
export interface EnsembleFilterOptions {
  readonly world: World
  /** Deterministic (LETKF, the default) or with perturbed observations (EnKF). */
  readonly method?: 'letkf' | 'enkf'
  /** Length of the localisation, km: the L of a Gaussian exp(-d² / 2 L²). */
  readonly localisation: number
  readonly inflation?: number
  /** Factor on the anomalies of the background members, before the analysis. */
  readonly priorInflation?: number
  readonly members?: MemberSource
  readonly memory?: number
}

/**
 * The LETKF (Hunt, Kostelich & Szunyogh 2007) or the stochastic EnKF (Burgers, van Leeuwen & Evensen 1998) in local
 * analyses of the columns of the grid, from a background ensemble or from members made for a single background. Needs
 * the places of the observations: their table.
 */
export class EnsembleFilter implements Assimilator {
  readonly name: 'letkf' | 'enkf'
  readonly settings: Readonly<Record<string, unknown>>
  private readonly options: EnsembleFilterOptions

  constructor(options: EnsembleFilterOptions) {
    const { method = 'letkf', localisation, inflation = 1, priorInflation = 1 } = options
    if (!(localisation > 0))
      throw new ConfigError(`a localisation of ${localisation} km: it must be positive`)
    this.name = method
    this.options = options
    this.settings = { localisation, inflation, priorInflation }
  }

  async assimilate(given: AssimilationCase, options: AssimilationOptions): Promise<Analysis> {
    const { world, localisation, inflation = 1, priorInflation = 1, members: source, memory } = this.options
    const { members, seed } = options
    checkMembers(members, 2)
    const backgrounds = checkBackground(given, world)
    const { operator, y, R, table } = given.observations
    checkObserved(given.observations, world, given.background.states)
    const n = given.background.states.length / backgrounds
    refuseBeyondMemory(members, { perMember: 8 * (4 * n + 3 * y.length), available: memory })
    if (backgrounds > 1 && backgrounds !== members)
      throw new ConfigError(
        `${members} members from a background ensemble of ${backgrounds}: ask for as many`,
      )
    if (backgrounds === 1 && !source)
      throw new ConfigError(
        `the ${this.name} needs a background ensemble, or members made for a single background`,
      )
    const states = backgrounds > 1 ? given.background.states : await (source as MemberSource)(given, options)
    if (operator.outputs === 0)
      return analysisOf(given, states.slice(), members, {
        message: 'no usable observation: the analysis is the background ensemble',
      })
    if (!table)
      throw new DataError(`the ${this.name} needs to know where its observations are: give their table`)
    const centre = meanOf(states, n)
    const inflated = new Float64Array(states.length)
    for (let p = 0; p < states.length; p += n)
      for (let i = 0; i < n; i++) inflated[p + i] = centre[i] + priorInflation * (states[p + i] - centre[i])
    const { grid, channels } = world
    const places = {
      latitudes: Float64Array.from(
        { length: grid.size },
        (_, p) => grid.latitude[Math.floor(p / grid.columns)],
      ),
      longitudes: Float64Array.from({ length: grid.size }, (_, p) => grid.longitude[p % grid.columns]),
    }
    const method = this.name === 'letkf' ? letkf : enkf
    const analysis = method(
      {
        background: ensemble(members, n, inflated),
        observed: ensemble(members, y.length, Float64Array.from(equivalents(given, inflated))),
        ...{ y, R, random: stream(seed, this.name, given.index) },
      },
      {
        inflation,
        localisation: columnsOnSphere(
          places,
          { latitudes: table.latitude, longitudes: table.longitude },
          // The taper vanishes at twice its c = sqrt(10 / 3) L.
          {
            channels: channels.length,
            taper: gaspariCohnOfLength(localisation),
            reach: 2 * Math.sqrt(10 / 3) * localisation,
          },
        ),
      },
    )
    options.onProgress?.(members, members)
    return analysisOf(given, Float32Array.from(analysis.data), members)
  }

  async close(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** H of every member, directions put near y so that differences go the short way round. */
function equivalents(
  { observations: { operator, y } }: AssimilationCase,
  states: Float64Array,
): Float64Array {
  const Hx = operator.apply(states)
  const m = y.length
  for (let p = 0; p < Hx.length; p += m) {
    const d = operator.innovation(y, Hx.subarray(p, p + m))
    for (let i = 0; i < m; i++) Hx[p + i] = y[i] - d[i]
  }
  return Hx
}
