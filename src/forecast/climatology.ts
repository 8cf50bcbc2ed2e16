import { inverse, Matrix } from 'ml-matrix'
import { DataError, ShapeError } from '../base/errors.ts'
import type { Series } from '../io/series.ts'
import type { Forecaster } from './forecaster.ts'
import { seasonOf } from './surrogate.ts'

const day = 86_400_000

/**
 * The forecast of the usual state of the season, x(t) = a + b sin(t) + c cos(t) with the phase of the year, by least
 * squares over the states of a series at every point; only the mean where the series is shorter than 200 days and the
 * season cannot be told. What any model has to beat at long leads.
 */
export function climatology(series: Series, stepHours = 6): Forecaster {
  const { times, stateSize, data, channels, grid, normaliser } = series
  if (times.length === 0) throw new DataError(`${series.location}: a climatology of no states`)
  const seasonal = times[times.length - 1] - times[0] >= 200 * day
  const basisOf = (time: number) => (seasonal ? [1, ...seasonOf([time])] : [1])
  const terms = seasonal ? 3 : 1
  // Normal equations: one small matrix for all points, and a right-hand side each.
  const normal = Matrix.zeros(terms, terms)
  const right = Array.from({ length: terms }, () => new Float64Array(stateSize))
  for (let t = 0; t < times.length; t++) {
    const basis = basisOf(times[t])
    for (let j = 0; j < terms; j++) {
      for (let k = 0; k < terms; k++) normal.set(j, k, normal.get(j, k) + basis[j] * basis[k])
      const sums = right[j]
      const weight = basis[j]
      for (let i = 0, from = t * stateSize; i < stateSize; i++) sums[i] += weight * data[from + i]
    }
  }
  const solve = inverse(normal)
  /** The usual state at a time, into `out`. */
  const usual = (time: number, out: Float32Array) => {
    const basis = Matrix.rowVector(basisOf(time)).mmul(solve).to1DArray()
    for (let i = 0; i < stateSize; i++) {
      let value = 0
      for (let j = 0; j < terms; j++) value += basis[j] * right[j][i]
      out[i] = value
    }
  }
  return {
    name: 'climatology',
    stepHours,
    channels,
    grid,
    normaliser,
    async forecast(states, starts, steps, onStep) {
      if (states.length !== starts.length * stateSize)
        throw new ShapeError(`${states.length} values are no ${starts.length} states of ${stateSize} values`)
      const current = states.slice()
      for (let step = 1; step <= steps; step++) {
        for (let i = 0; i < starts.length; i++)
          usual(
            starts[i] + step * stepHours * 3_600_000,
            current.subarray(i * stateSize, (i + 1) * stateSize),
          )
        onStep?.(step, current)
      }
      return current
    },
    close: async () => {},
  }
}
