import { DataError, ShapeError } from '../base/errors.ts'
import { stream } from '../random/stream.ts'
import { blockLength, lagOne, widening } from './block-length.ts'

/** Block length, replicates, level and seed of a bootstrap. */
export interface BootstrapOptions {
  /** Dates in a block; chosen from the data's correlation when left out (`blockLength`). */
  block?: number
  /** Resamples (default 2000). */
  replicates?: number
  /** Coverage of the interval (default 0.95). */
  level?: number
  seed?: number | bigint
}

/** A value and its confidence interval. */
export interface Interval {
  /** The statistic of the data itself. */
  value: number
  low: number
  high: number
  /** Number of dates, and dates in a block. */
  n: number
  block: number
}

/**
 * Paired moving-block bootstrap over dates (Kuensch 1989, Ann. Stat. 17, 1217-1241; Wilks 1997): blocks of
 * consecutive dates are drawn with replacement, the same ones for every series, so that what the series share
 * cancels in their comparison and the correlation between neighbouring dates is kept. The percentile interval
 * is stretched about the value by `widening`. Measured on AR(1) series, a 95 % interval of a mean holds the
 * truth in 90 to 96 % of cases (lag-one correlation 0 to 0.8, 40 to 400 dates); unstretched it is 77 to 95 %.
 *
 * @param series per-date scores, each [dates] in time order (one series, or those of the systems compared).
 * @param statistic of the series' means, e.g. ([base, next]) => (base - next) / base, or ([mse]) =>
 *   Math.sqrt(mse).
 * @throws ShapeError when the series differ in length
 * @throws DataError for fewer than two dates or a value not
 *   finite.
 */
export function bootstrap(
  series: readonly ArrayLike<number>[],
  statistic: (means: number[]) => number,
  { block, replicates = 2000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval {
  const n = series[0]?.length ?? 0
  for (const one of series)
    if (one.length !== n) throw new ShapeError(`paired series have ${n} and ${one.length} dates`)
  if (n < 2) throw new DataError(`an interval over dates needs at least two of them, not ${n}`)
  for (const one of series)
    for (let t = 0; t < n; t++)
      if (!Number.isFinite(one[t])) throw new DataError(`the score of date ${t} is ${one[t]}`)
  const phi = Math.max(...contrasts(series).map(lagOne))
  const length = Math.min(n, block ?? blockLength(phi, n))
  if (!Number.isInteger(length) || length < 1) throw new DataError(`a block of ${length} dates is impossible`)
  const blocks = Math.ceil(n / length)
  const starts = stream(seed, 'bootstrap').integers(new Uint32Array(blocks * replicates), 0, n - length + 1)
  const sums = series.map((one) => {
    const running = new Float64Array(n + 1)
    for (let t = 0; t < n; t++) running[t + 1] = running[t] + one[t]
    return running
  })
  const values = new Float64Array(replicates)
  for (let r = 0; r < replicates; r++) {
    const means = sums.map((running) => {
      let sum = 0
      for (let b = 0; b < blocks; b++) {
        const start = starts[r * blocks + b]
        // The last block is cut so that a resample has as many dates as the data.
        sum += running[start + Math.min(length, n - b * length)] - running[start]
      }
      return sum / n
    })
    values[r] = statistic(means)
  }
  values.sort()
  const tail = (1 - level) / 2
  const value = statistic(sums.map((running) => running[n] / n))
  const stretch = widening(phi, length, n, level)
  const end = (share: number) => value + stretch * (quantile(values, share) - value)
  return { value, low: end(tail), high: end(1 - tail), n, block: length }
}

/** What the block length is judged by: the differences from the first series, or a lone series itself. */
function contrasts(series: readonly ArrayLike<number>[]): ArrayLike<number>[] {
  if (series.length === 1) return [series[0]]
  return series.slice(1).map((one) => Float64Array.from(one, (x, t) => x - series[0][t]))
}

function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(sorted.length - 1, low + 1)
  return sorted[low] + (at - low) * (sorted[high] - sorted[low])
}
