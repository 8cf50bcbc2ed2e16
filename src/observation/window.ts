import { ConfigError } from '../base/errors.ts'

/** Times from `start` up to and including `end`, ms since 1970. */
export interface TimeWindow {
  readonly start: number
  readonly end: number
}

export const inWindow = (time: number, { start, end }: TimeWindow): boolean => time >= start && time <= end

/** The window of `hours` before and after a time (ms). Throws ConfigError for a negative width. */
export function windowAround(time: number, hours: number): TimeWindow {
  if (!Number.isFinite(time) || !(hours >= 0))
    throw new ConfigError(`a window of ${hours} hours around ${time} is none; the width must be 0 or more`)
  return { start: time - hours * 3_600_000, end: time + hours * 3_600_000 }
}

/**
 * The slot of each observation in a window of model times (ms, ascending): the index of the nearest, the earlier one
 * of two; -1 where none is within `hours`.
 */
export function timeSlots(time: ArrayLike<number>, slots: ArrayLike<number>, hours: number): Int32Array {
  return Int32Array.from({ length: time.length }, (_, i) => {
    let best = -1
    let least = hours * 3_600_000
    for (let k = 0; k < slots.length; k++) {
      const apart = Math.abs(time[i] - slots[k])
      if (apart < least || (apart === least && best < 0)) {
        best = k
        least = apart
      }
    }
    return best
  })
}
