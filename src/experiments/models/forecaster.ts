import { gather, meanSquare, type Setting, spread } from './setting.ts'

/** Errors of forecasts from true states, by lead, beside persistence; and whether a month's forecast stays sane. */
export async function evaluateForecaster({ test, forecaster }: Setting, { starts = 60, steps = 20 } = {}) {
  const positions = spread(0, test.times.length - steps, starts)
  const initial = gather(test, positions)
  const times = positions.map((t) => test.times[t])
  const leads: { hours: number; mse: number; persistence: number }[] = []
  await forecaster.forecast(initial, times, steps, (step, states) => {
    const truth = gather(
      test,
      positions.map((t) => t + step),
    )
    leads.push({
      hours: step * forecaster.stepHours,
      mse: meanSquare(states, truth),
      persistence: meanSquare(initial, truth),
    })
  })
  const monthly = positions.filter((_, i) => i % 20 === 0)
  let largest = 0
  const last = await forecaster.forecast(
    gather(test, monthly),
    monthly.map((t) => test.times[t]),
    120,
  )
  let variance = 0
  for (const v of last) {
    largest = Math.max(largest, Math.abs(v))
    variance += v * v
  }
  let truthVariance = 0
  for (const v of initial) truthVariance += v * v
  return {
    leads,
    month: { largest, variance: variance / last.length, truthVariance: truthVariance / initial.length },
  }
}
