import { checkSame, meanWhereKnown, type Values, type Weights } from './sample.ts'

/** Mean squared error, (units of the field)^2. NaN rule: `isKnown`. */
export function mse(forecast: Values, truth: Values, weights?: Weights): number {
  checkSame(forecast, truth)
  return meanWhereKnown(truth, weights, (i) => (forecast[i] - truth[i]) ** 2)
}
