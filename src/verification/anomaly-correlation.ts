import { checkSame, meanWhereKnown, type Values, type Weights } from './sample.ts'

/**
 * Anomaly correlation coefficient, -1..1: the correlation of forecast and truth after subtracting the
 * climatology (Rasp et al. 2024). The anomalies' own means are not subtracted, as in WeatherBench2,
 * unless `centred`. NaN when an anomaly is zero everywhere. NaN rule: `isKnown`, for the climatology too.
 */
export function anomalyCorrelation(
  forecast: Values,
  truth: Values,
  climatology: Values,
  weights?: Weights,
  { centred = false }: { centred?: boolean } = {},
): number {
  checkSame(forecast, truth)
  checkSame(climatology, truth, 'climatology')
  const known = Float64Array.from(truth, (y, i) => y - climatology[i])
  const mean = (value: (i: number) => number) => meanWhereKnown(known, weights, value)
  const f0 = centred ? mean((i) => forecast[i] - climatology[i]) : 0
  const y0 = centred ? mean((i) => known[i]) : 0
  const f = (i: number) => forecast[i] - climatology[i] - f0
  const y = (i: number) => known[i] - y0
  return mean((i) => f(i) * y(i)) / Math.sqrt(mean((i) => f(i) ** 2) * mean((i) => y(i) ** 2))
}
