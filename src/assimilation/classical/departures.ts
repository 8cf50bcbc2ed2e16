import { ShapeError } from '../../base/errors.ts'

/** Statistics of departures, in the units of the observations. */
export interface DepartureStatistics {
  readonly count: number
  readonly mean: number
  /** Root of the mean square: about zero, not about the mean. */
  readonly rms: number
}

/** Observation minus background (O-B) and minus analysis (O-A) of one kind of observations. */
export interface Departures {
  readonly kind: string
  readonly background: DepartureStatistics
  readonly analysis: DepartureStatistics
}

/**
 * O-B and O-A by kind of observation, in the order in which kinds first appear; `kinds` [m] by default all "all".
 * Throws ShapeError for arrays of different length.
 */
export function departures(
  y: Float64Array,
  Hxb: Float64Array,
  Hxa: Float64Array,
  kinds: readonly string[] = Array.from(y, () => 'all'),
): Departures[] {
  if (Hxb.length !== y.length || Hxa.length !== y.length || kinds.length !== y.length)
    throw new ShapeError(
      `${y.length} observations, ${Hxb.length} H(x_b), ${Hxa.length} H(x_a) and ${kinds.length} kinds`,
    )
  const groups = new Map<string, number[]>()
  kinds.forEach((kind, i) => {
    const group = groups.get(kind)
    if (group) group.push(i)
    else groups.set(kind, [i])
  })
  return [...groups].map(([kind, indices]) => ({
    kind,
    background: statistics(indices.map((i) => y[i] - Hxb[i])),
    analysis: statistics(indices.map((i) => y[i] - Hxa[i])),
  }))
}

function statistics(d: number[]): DepartureStatistics {
  return {
    count: d.length,
    mean: d.reduce((sum, v) => sum + v, 0) / d.length,
    rms: Math.sqrt(d.reduce((sum, v) => sum + v * v, 0) / d.length),
  }
}
