import { meanOf } from '../assimilation/index.ts'
import { ConfigError, DataError } from '../base/errors.ts'
import { readModelEnsemble, readModelState } from '../experiments/models.ts'
import type { World } from '../forecast/world.ts'
import type { States } from '../io/states.ts'
import { timePosition } from './times.ts'

export interface BackgroundOptions {
  background: string
  time: string
  /** Of an ensemble; `all` for filters, whose members they are. */
  member?: number | 'all'
  method: string
  members: number
}

/** A background as methods take it. */
export interface ReadBackground {
  readonly time: number
  /** Normalised, [1 or members, channel, lat, lon], and their mean. */
  readonly states: Float32Array
  readonly state: Float32Array
  /** Of the analysis. */
  readonly members: number
}

/**
 * Reads one state, or an ensemble for an ensemble filter.
 * @throws ConfigError for an ensemble and a method that takes one state
 * @throws DataError for what models cannot take, and an ensemble of mirrored pairs
 */
export async function readBackground(options: BackgroundOptions, world: World): Promise<ReadBackground> {
  const { background, member, method, members } = options
  const position = (states: States) => timePosition(states, options.time)
  if (member !== 'all') {
    const { time, state } = await readModelState(background, world, position, { member })
    return { time, states: state, state, members }
  }
  if (method !== 'letkf' && method !== 'enkf')
    throw new ConfigError(
      `--member all is of letkf and enkf; ${method} takes one state, the mean or a member, and brings its own spread`,
    )
  const { time, states, members: count, mirrored } = await readModelEnsemble(background, world, position)
  if (mirrored)
    throw new DataError(
      `${background} has members in mirrored pairs, which span half as many directions as they are: filters need independent ones, as align-da draws odd numbers of members`,
    )
  return { time, states, members: count, state: meanOf(states, world.channels.length * world.grid.size) }
}
