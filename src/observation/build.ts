import type { ChannelSet } from '../atmosphere/channels.ts'
import type { Grid } from '../atmosphere/grid.ts'
import type { Normaliser } from '../atmosphere/normalise.ts'
import { ConfigError } from '../base/errors.ts'
import { type ObservationTable, take } from '../io/observations/table.ts'
import { thicknessLayer } from '../io/observations/variables.ts'
import { type Interpolated, Interpolation, type OperatorRejection, weightedSum } from './interpolation.ts'
import { ObservationOperator, type Recipe } from './operator.ts'
import {
  type ObservedQuantity,
  stationPressure,
  virtualTemperature,
  windDirection,
  windSpeed,
} from './quantities.ts'
import { inWindow, type TimeWindow } from './window.ts'

/** Units and time window of an operator, and which stations it takes. */
export interface BuildOptions {
  /** Units in which the operator gives observations; normalised ones need a normaliser. Default physical. */
  readonly units?: 'physical' | 'normalised'
  /** Rows outside are rejected; all times are accepted without one. */
  readonly window?: TimeWindow
  /** Greatest height (m, either way of sea level) at which station pressure is used. Default 500. */
  readonly highestStation?: number
}

/** A row without an equivalent in the model, and why. */
export interface RejectedRow {
  /** Row of the table, from 0. */
  readonly row: number
  readonly reason: OperatorRejection
}

/** An operator, the rows of the table it is for, and those it cannot be. */
export interface BuiltOperator {
  readonly operator: ObservationOperator
  /** Rows of the table that the operator's observations are, in the table's order. */
  readonly accepted: Int32Array
  /** Those rows: table.value, in the operator's units, is `y`. */
  readonly table: ObservationTable
  /** Observed values in the operator's units; NaN where the table has none yet (a network). */
  readonly y: Float64Array
  readonly rejected: readonly RejectedRow[]
}

/** What is interpolated for the variables that are not a channel of the same name. */
const composed: Readonly<
  Record<string, { from: readonly string[]; quantity: ObservedQuantity; period?: number }>
> = {
  ff: { from: ['u', 'v'], quantity: windSpeed },
  dd: { from: ['u', 'v'], quantity: windDirection, period: 360 },
  ff10: { from: ['u10', 'v10'], quantity: windSpeed },
  dd10: { from: ['u10', 'v10'], quantity: windDirection, period: 360 },
  tv: { from: ['t', 'q'], quantity: virtualTemperature },
  ps: { from: ['msl', 't2m'], quantity: stationPressure },
}
const upperAir = new Set(['z', 't', 'q', 'u', 'v', 'w', 'r'])
const surface: Readonly<Record<string, string>> = {
  t2m: 't2m', u10: 'u10', v10: 'v10', msl: 'msl', pw: 'tcwv',
} // biome-ignore format: a list read at a glance

/**
 * The observation operator for the rows of a table on a model's grid and channels. With a normaliser states are
 * z-scored, without one they are in physical units.
 *
 * | variable | operator |
 * |---|---|
 * | z t q u v | bilinear in latitude and longitude, linear in log pressure between the model's levels |
 * | t2m u10 v10 msl pw | bilinear; pw is the channel tcwv |
 * | ff dd ff10 dd10 | speed and direction of the interpolated wind (non-linear) |
 * | tv | virtual temperature of interpolated t and q (non-linear) |
 * | ps | mean sea level pressure reduced to the station's height with t2m (non-linear; low stations only) |
 * | dzA-B | interpolated z at A hPa minus that at B hPa |
 *
 * Rows that have no equivalent are listed with the reason: nothing is extrapolated and nothing dropped in silence.
 * When no row is left the operator has no outputs and its host functions work; an analysis is then the background.
 * @throws ConfigError for normalised units without a normaliser
 * @throws DataError when the normaliser lacks a channel
 */
export function buildOperator(
  table: ObservationTable,
  grid: Grid,
  channels: ChannelSet,
  normaliser?: Normaliser,
  { units = 'physical', window, highestStation = 500 }: BuildOptions = {},
): BuiltOperator {
  if (units === 'normalised' && !normaliser)
    throw new ConfigError(
      'normalised units need the normaliser of the states; ask for physical units without one',
    )
  const interpolation = new Interpolation(grid, channels, normaliser)
  const recipes: Recipe[] = []
  const accepted: number[] = []
  const rejected: RejectedRow[] = []
  for (let row = 0; row < table.length; row++) {
    const recipe =
      window && !inWindow(table.time[row], window)
        ? 'outside the time window'
        : recipeOf(table, row, interpolation, highestStation)
    if (typeof recipe === 'string') rejected.push({ row, reason: recipe })
    else {
      recipes.push(recipe)
      accepted.push(row)
    }
  }
  const operator = new ObservationOperator(recipes, interpolation.inputs, units)
  const kept = take(table, accepted)
  return {
    operator,
    accepted: Int32Array.from(accepted),
    table: kept,
    y: operator.toUnits(kept.value),
    rejected,
  }
}

function recipeOf(
  table: ObservationTable,
  row: number,
  interpolation: Interpolation,
  highestStation: number,
): Recipe | OperatorRejection {
  const code = table.variable[row]
  const at = (variable: string, pressure?: number) =>
    interpolation.at(variable, table.latitude[row], table.longitude[row], pressure)
  if (upperAir.has(code)) return simple(at(code, table.pressure[row]))
  if (code in surface) return simple(at(surface[code]))
  const layer = thicknessLayer(code)
  if (layer) return thickness(at('z', 100 * layer.top), at('z', 100 * layer.bottom))
  const recipe = composed[code]
  if (!recipe) return 'the variable is not supported'
  const { from, quantity, period } = recipe
  const predictors: Interpolated[] = []
  for (const name of from) {
    const found = at(name, upperAir.has(name) ? table.pressure[row] : undefined)
    if ('reason' in found) return found.reason
    predictors.push(found)
  }
  const [a, b] = predictors
  if (code === 'ps') {
    const height = table.height[row]
    if (Number.isNaN(height)) return 'no height is given'
    if (Math.abs(height) > highestStation) return 'the station is too high'
    return { predictors, quantity, constant: height, mean: a.mean, std: a.std }
  }
  if (code === 'tv') return { predictors, quantity, mean: a.mean, std: a.std }
  // A direction's natural unit is the radian.
  const std = period ? 180 / Math.PI : Math.sqrt((a.std ** 2 + b.std ** 2) / 2)
  return { predictors, quantity, period, mean: 0, std }
}

type Found = Interpolated | { reason: OperatorRejection }

function simple(found: Found): Recipe | OperatorRejection {
  return 'reason' in found ? found.reason : { predictors: [found], mean: found.mean, std: found.std }
}

function thickness(top: Found, bottom: Found): Recipe | OperatorRejection {
  if ('reason' in top) return top.reason
  if ('reason' in bottom) return bottom.reason
  const predictor = weightedSum([top, bottom], [1, -1])
  return { predictors: [predictor], mean: predictor.mean, std: predictor.std }
}

/** How often each reason occurs, by variable, most frequent first. */
export function countRejected(
  table: ObservationTable,
  rejected: readonly RejectedRow[],
): { readonly reason: OperatorRejection; readonly variable: string; readonly count: number }[] {
  const counts = new Map<string, { reason: OperatorRejection; variable: string; count: number }>()
  for (const { row, reason } of rejected) {
    const variable = table.variable[row]
    const key = `${reason} ${variable}`
    const entry = counts.get(key)
    if (entry) entry.count++
    else counts.set(key, { reason, variable, count: 1 })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}
