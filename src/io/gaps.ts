/** A hole in a time axis. */
export interface TimeGap {
  /** Last time before it and first time after it, milliseconds since 1970. */
  readonly after: number
  readonly before: number
  /** How many times of the usual step are missing. */
  readonly missing: number
}

export interface TimeReport {
  /** The most common step, milliseconds; undefined with fewer than two times. */
  readonly step?: number
  readonly gaps: readonly TimeGap[]
}

/** The usual step of ascending times (milliseconds) and where they leave it by more than half a step. */
export function timeGaps(times: ArrayLike<number>): TimeReport {
  const counts = new Map<number, number>()
  for (let i = 1; i < times.length; i++) {
    const step = times[i] - times[i - 1]
    counts.set(step, (counts.get(step) ?? 0) + 1)
  }
  let step: number | undefined
  for (const [candidate, count] of counts)
    if (step === undefined || count > counts.get(step)! || (count === counts.get(step) && candidate < step))
      step = candidate
  const gaps: TimeGap[] = []
  if (step !== undefined)
    for (let i = 1; i < times.length; i++) {
      const missing = Math.round((times[i] - times[i - 1]) / step) - 1
      if (missing > 0) gaps.push({ after: times[i - 1], before: times[i], missing })
    }
  return { step, gaps }
}
