import { mse } from './mse.ts'
import type { Values, Weights } from './sample.ts'

/**
 * Root mean squared error of one field. With latitude weights w = cos(lat) / mean(cos(lat)) it is the WRMSE
 * of Align-DA (arXiv 2505.22008). Over several dates average `mse` first and take the root last, as
 * WeatherBench2 does (Rasp et al. 2024).
 */
export function rmse(forecast: Values, truth: Values, weights?: Weights): number {
  return Math.sqrt(mse(forecast, truth, weights))
}
