import type { Forecaster } from '../forecast/forecaster.ts'
import type { Series } from '../io/series.ts'
import { forecastStarts } from '../io/starts.ts'
import type { Codec } from '../latent/codec.ts'

/** Up to `count` of `items`, evenly spread. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items]
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)])
}

/**
 * Mean squared error of forecasts, over all channels in normalised units, by hours of lead. Forecasts begin at up to
 * `count` states spread over the series; leads that no forecast of the series reaches are left out.
 */
export async function forecastErrors(
  forecaster: Forecaster,
  series: Series,
  hours: readonly number[],
  count = 32,
): Promise<Record<string, number>> {
  const step = forecaster.stepHours
  const wanted = hours.map((h) => h / step).filter((lead) => Number.isInteger(lead) && lead >= 1)
  const reached = wanted.filter((lead) => forecastStarts(series.times, lead, step * 3_600_000).length > 0)
  if (reached.length === 0) return {}
  const longest = Math.max(...reached)
  const starts = spread(forecastStarts(series.times, longest, step * 3_600_000), count)
  const states = stack(series, starts)
  const errors: Record<string, number> = {}
  await forecaster.forecast(
    states,
    starts.map((t) => series.times[t]),
    longest,
    (lead, forecast) => {
      if (!reached.includes(lead)) return
      const truth = stack(
        series,
        starts.map((t) => t + lead),
      )
      errors[`${lead * step}h`] = meanSquare(forecast, truth)
    },
  )
  return errors
}

/** Mean squared and mean absolute error of encoding and decoding up to `count` states of a series. */
export async function reconstructionErrors(codec: Codec, series: Series, count = 64) {
  const states = stack(
    series,
    spread(series.times.length ? Array.from(series.times, (_, i) => i) : [], count),
  )
  const back = await codec.decodeLatents(await codec.encodeStates(states))
  let mae = 0
  for (let i = 0; i < back.length; i++) mae += Math.abs(back[i] - states[i])
  return { mse: meanSquare(back, states), mae: mae / back.length }
}

/** Mean squared difference of two arrays of one length. */
export function meanSquare(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2
  return sum / a.length
}

/** The states at some positions, one after the other. */
export function stack(series: Series, positions: readonly number[]): Float32Array {
  const out = new Float32Array(positions.length * series.stateSize)
  for (const [i, t] of positions.entries()) out.set(series.at(t), i * series.stateSize)
  return out
}
