import { ShapeError } from '../base/errors.ts'

/** Values on the points of one or several fields. */
export type Values = Float32Array | Float64Array

/**
 * Weight of each point, in any scale (`latitudeWeights` and `areaWeights` spread over columns); equal when
 * left out.
 */
export type Weights = ArrayLike<number> | undefined

/**
 * The NaN rule of every score: a point whose truth (or climatology) is NaN is left out, because nothing is
 * known there; a NaN in the forecast makes the score NaN, because a forecast that broke must not score well.
 */
export function isKnown(truth: number): boolean {
  return !Number.isNaN(truth)
}

/** Weighted mean of `value(i)` over the points whose truth is known; NaN when there is none. */
export function meanWhereKnown(truth: Values, weights: Weights, value: (i: number) => number): number {
  if (weights && weights.length !== truth.length)
    throw new ShapeError(`there are ${weights.length} weights for ${truth.length} points`)
  let sum = 0
  let total = 0
  for (let i = 0; i < truth.length; i++) {
    const w = weights ? weights[i] : 1
    if (w === 0 || !isKnown(truth[i])) continue
    sum += w * value(i)
    total += w
  }
  return sum / total
}

/**
 * Row weights [rows] for every point of fields with `columns` columns, times an optional mask [rows x
 * columns].
 */
export function pointWeights(
  rowWeights: ArrayLike<number>,
  columns: number,
  mask?: ArrayLike<number | boolean>,
): Float64Array {
  return Float64Array.from(
    { length: rowWeights.length * columns },
    (_, i) => rowWeights[Math.floor(i / columns)] * (mask ? Number(mask[i]) : 1),
  )
}

export function checkSame(forecast: Values, truth: Values, what = 'forecast'): void {
  if (forecast.length !== truth.length)
    throw new ShapeError(`the ${what} has ${forecast.length} values and the truth ${truth.length}`)
}

/** Number of members of an ensemble [members, points]. */
export function memberCount(ensemble: Values, truth: Values): number {
  const members = ensemble.length / truth.length
  if (!Number.isInteger(members) || members < 1)
    throw new ShapeError(`an ensemble of ${ensemble.length} values is not members of ${truth.length} points`)
  return members
}
