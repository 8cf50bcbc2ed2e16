import type { Twin } from './twin.ts'

/** The analysis RMSE over space, averaged over time. */
export interface Score {
  readonly rmse: number
  /** Standard error of `rmse` from the means of 20 batches of consecutive cycles. */
  readonly standardError: number
  readonly cycles: number
}

/** Gathers the error of one analysis per cycle; cycles of the burn-in are left out. */
export function scorer({ truth, burnIn }: Twin): {
  add(cycle: number, xa: Float64Array): void
  score(): Score
} {
  const errors: number[] = []
  return {
    add(cycle, xa) {
      if (cycle < burnIn) return
      const x = truth[cycle]
      let sum = 0
      for (let i = 0; i < x.length; i++) sum += (xa[i] - x[i]) ** 2
      errors.push(Math.sqrt(sum / x.length))
    },
    score() {
      const average = (a: number[]) => a.reduce((s, v) => s + v, 0) / a.length
      const rmse = average(errors)
      const batches = Array.from({ length: 20 }, (_, b) =>
        errors.slice(Math.floor((b * errors.length) / 20), Math.floor(((b + 1) * errors.length) / 20)),
      ).filter((b) => b.length)
      const spread = batches.reduce((s, b) => s + (average(b) - rmse) ** 2, 0) / (batches.length - 1)
      return { rmse, standardError: Math.sqrt(spread / batches.length), cycles: errors.length }
    },
  }
}
