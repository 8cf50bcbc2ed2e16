import { geostrophicMismatch, type MismatchOptions } from '../atmosphere/balance.ts'
import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Differences } from '../atmosphere/differences.ts'
import { DataError, ShapeError } from '../base/errors.ts'
import { type BalanceScore, balanceScore, isBroken } from './balance-score.ts'
import type { Values } from './sample.ts'

export interface GeoScoreOptions extends MismatchOptions {
  /** Pressure levels that count, hPa. */
  levels?: readonly number[]
}

/**
 * Geo-Score of a state against the truth, both [channel, rows, columns] in physical units. D is the
 * geostrophic mismatch (`geostrophicMismatch`: 20..80 degrees, area-weighted, components of at least 1 m s-1)
 * averaged over levels; the score is `balanceScore`. Choices of ours: all levels of the channel set from 200
 * to 700 hPa that have z, u and v, the free atmosphere where geostrophy is meant to hold.
 */
export function geoScore(
  state: Values,
  truth: Values,
  channels: ChannelSet,
  d: Differences,
  options: GeoScoreOptions = {},
): BalanceScore {
  const mismatch = isBroken(state, truth)
    ? Number.NaN
    : geostrophicMismatchOfState(state, channels, d, options)
  const reference = geostrophicMismatchOfState(truth, channels, d, options)
  return { score: balanceScore(mismatch, reference), mismatch, truth: reference }
}

/** D of one state, averaged over levels. See `geoScore`. */
export function geostrophicMismatchOfState(
  state: Values,
  channels: ChannelSet,
  d: Differences,
  { levels, ...options }: GeoScoreOptions = {},
): number {
  const { size } = d.grid
  if (state.length !== channels.length * size)
    throw new ShapeError(`a state of ${state.length} values is not ${channels.length} channels of ${size}`)
  const wanted =
    levels ??
    channels
      .levelsOf('z')
      .map(({ level }) => level)
      .filter((p) => p >= 200 && p <= 700 && channels.has(`u${p}`) && channels.has(`v${p}`))
  if (wanted.length === 0)
    throw new DataError('the geostrophic mismatch needs z, u and v on a level of 200..700 hPa')
  const field = (name: string) =>
    state.subarray(channels.index(name) * size, (channels.index(name) + 1) * size)
  return (
    wanted.reduce(
      (sum, p) => sum + geostrophicMismatch(field(`z@${p}`), field(`u@${p}`), field(`v@${p}`), d, options),
      0,
    ) / wanted.length
  )
}
