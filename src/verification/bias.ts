import { checkSame, meanWhereKnown, type Values, type Weights } from './sample.ts'

/** Mean of forecast minus truth, units of the field. NaN rule: `isKnown`. */
export function bias(forecast: Values, truth: Values, weights?: Weights): number {
  checkSame(forecast, truth)
  return meanWhereKnown(truth, weights, (i) => forecast[i] - truth[i])
}
