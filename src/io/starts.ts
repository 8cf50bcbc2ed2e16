import { timeGaps } from './gaps.ts'

/** The usual step of ascending times, milliseconds; 0 with fewer than two times. */
export function usualStep(times: ArrayLike<number>): number {
  return timeGaps(times).step ?? 0
}

/**
 * Positions t whose next `leads` times each follow `step` milliseconds after the one before: where a forecast may
 * begin that is compared with all of them. A gap in the record takes away those that would span it.
 */
export function forecastStarts(times: ArrayLike<number>, leads: number, step = usualStep(times)): number[] {
  const starts: number[] = []
  // Number of right steps that end at t, counted along the way.
  let run = 0
  for (let t = 1; t < times.length; t++) {
    run = times[t] - times[t - 1] === step ? run + 1 : 0
    if (run >= leads) starts.push(t - leads)
  }
  return starts
}
