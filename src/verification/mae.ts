import { checkSame, meanWhereKnown, type Values, type Weights } from './sample.ts'

/** Mean absolute error, units of the field. NaN rule: `isKnown`. */
export function mae(forecast: Values, truth: Values, weights?: Weights): number {
  checkSame(forecast, truth)
  return meanWhereKnown(truth, weights, (i) => Math.abs(forecast[i] - truth[i]))
}
