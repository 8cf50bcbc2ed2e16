import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import { hydrostaticMismatch } from '../atmosphere/hydrostatic.ts'
import { DataError, ShapeError } from '../base/errors.ts'
import { type BalanceScore, balanceScore, isBroken } from './balance-score.ts'
import type { Values } from './sample.ts'

/** Settings of `hydroScore`. */
export interface HydroScoreOptions {
  /** Pressure levels that count, hPa, at least two; all that have z and t by default. */
  levels?: readonly number[]
  /**
   * Factor on both mismatches inside the score. They are fractions of a percent, so that with the paper's
   * form (1) every reasonable state scores above 99; 100 makes the score count in per cent of R_d T_v.
   */
  scale?: number
}

/**
 * Hydro-Score of a state against the truth, both [channel, rows, columns] in physical units. D is the
 * hydrostatic mismatch with virtual temperature (`hydrostaticMismatch`) over all layers between neighbouring
 * levels of the channel set and the whole globe, area-weighted; the score is `balanceScore`. Without q on
 * every level the air is taken as dry on all.
 */
export function hydroScore(
  state: Values,
  truth: Values,
  channels: ChannelSet,
  grid: Grid,
  options: HydroScoreOptions = {},
): BalanceScore {
  const mismatch = isBroken(state, truth)
    ? Number.NaN
    : hydrostaticMismatchOfState(state, channels, grid, options)
  const reference = hydrostaticMismatchOfState(truth, channels, grid, options)
  const { scale = 1 } = options
  return { score: balanceScore(scale * mismatch, scale * reference), mismatch, truth: reference }
}

/** D of one state. See `hydroScore`. */
export function hydrostaticMismatchOfState(
  state: Values,
  channels: ChannelSet,
  grid: Grid,
  { levels }: HydroScoreOptions = {},
): number {
  const { size } = grid
  if (state.length !== channels.length * size)
    throw new ShapeError(`a state of ${state.length} values is not ${channels.length} channels of ${size}`)
  const having = (name: string) => new Map(channels.levelsOf(name).map(({ level, index }) => [level, index]))
  const [z, t, q] = [having('z'), having('t'), having('q')]
  const chosen = [...(levels ?? [...z.keys()].filter((p) => t.has(p)))].sort((a, b) => a - b)
  const missing = chosen.find((p) => !z.has(p) || !t.has(p))
  if (chosen.length < 2 || missing !== undefined)
    throw new DataError(
      missing === undefined
        ? 'hydrostatic balance needs z and t on at least two levels'
        : `hydrostatic balance at ${missing} hPa needs z${missing} and t${missing}, which the channel set lacks`,
    )
  const stack = (index: Map<number, number>) => {
    const fields = new Float64Array(chosen.length * size)
    chosen.forEach((p, k) => {
      fields.set(state.subarray(index.get(p)! * size, (index.get(p)! + 1) * size), k * size)
    })
    return fields
  }
  const moist = chosen.every((p) => q.has(p))
  return hydrostaticMismatch(
    {
      levels: chosen,
      geopotential: stack(z),
      temperature: stack(t),
      ...(moist ? { humidity: stack(q) } : {}),
    },
    grid,
  )
}
