import type { Seed } from '../../random/address.ts'
import { stream } from '../../random/stream.ts'
import { lorenz96 } from './model.ts'

/** A truth and its observations: every variable, with independent errors of variance 1, at every cycle. */
export interface Twin {
  readonly n: number
  readonly F: number
  readonly dt: number
  /** Model steps from one observation time to the next. */
  readonly stepsPerCycle: number
  /** Cycles that are not scored, after the start. */
  readonly burnIn: number
  /** truth[c] and observations[c] at the end of cycle c, [n]. */
  readonly truth: readonly Float64Array[]
  readonly observations: readonly Float64Array[]
  /** The state that first guesses are drawn about: x_0 = 1, all else 0. */
  readonly first: Float64Array
  readonly climate: Climate
}

/** Mean [n] and covariance [n, n] of the model's states. */
export interface Climate {
  readonly mean: Float64Array
  readonly covariance: Float64Array
}

export interface TwinSettings {
  readonly seed: Seed
  /** Cycles that are scored. */
  readonly cycles: number
  readonly stepsPerCycle?: number
  /** Model time before scoring starts, 20 by default. */
  readonly burnInTime?: number
  readonly n?: number
  readonly F?: number
  readonly dt?: number
}

/** The error variance of the first guesses about `first`. */
export const FIRST_VARIANCE = 0.001

/**
 * The twin experiment of Sakov and Oke (2008), doi:10.1111/j.1600-0870.2007.00299.x, section 4: 40 variables, F = 8,
 * steps of 0.05, everything observed with unit error variance. The climate is that of a run of its own.
 */
export function twin(settings: TwinSettings): Twin {
  const { seed, cycles, stepsPerCycle = 1, burnInTime = 20, n = 40, F = 8, dt = 0.05 } = settings
  const random = stream(seed, 'lorenz96')
  const first = new Float64Array(n)
  first[0] = 1
  const burnIn = Math.round(burnInTime / (dt * stepsPerCycle))
  const model = lorenz96(n, { F, dt, steps: stepsPerCycle })
  const truth: Float64Array[] = []
  const observations: Float64Array[] = []
  let x = perturbed(first, random.child('truth').normal(new Float64Array(n)))
  for (let c = 0; c < burnIn + cycles; c++) {
    x = model.apply(x)
    const error = random.child('observations', c).normal(new Float64Array(n))
    truth.push(x)
    observations.push(x.map((v, i) => v + error[i]))
  }
  return { n, F, dt, stepsPerCycle, burnIn, truth, observations, first, climate: climate(n, F, dt) }
}

/** x plus errors of the variance of first guesses, from standard normal numbers. */
export function perturbed(x: Float64Array, normal: Float64Array): Float64Array {
  return x.map((v, i) => v + Math.sqrt(FIRST_VARIANCE) * normal[i])
}

/**
 * The climate of a run over 2000 time units, sampled every 0.5. The model is the same at every point of the circle,
 * so moments are averaged over it as well: the covariance depends on the distance alone.
 */
export function climate(n = 40, F = 8, dt = 0.05): Climate {
  const key = `${n} ${F} ${dt}`
  const known = climates.get(key)
  if (known) return known
  const found = longRun(n, F, dt)
  climates.set(key, found)
  return found
}

const climates = new Map<string, Climate>()

function longRun(n: number, F: number, dt: number): Climate {
  const apart = Math.round(0.5 / dt)
  const model = lorenz96(n, { F, dt, steps: apart })
  let x: Float64Array = new Float64Array(n)
  x[0] = 1
  for (let s = 0; s < 100; s++) x = model.apply(x)
  const samples = 4000
  let mean = 0
  const products = new Float64Array(n)
  for (let s = 0; s < samples; s++) {
    x = model.apply(x)
    for (let i = 0; i < n; i++) {
      mean += x[i]
      for (let d = 0; d < n; d++) products[d] += x[i] * x[(i + d) % n]
    }
  }
  mean /= samples * n
  const byDistance = products.map((p) => p / (samples * n) - mean ** 2)
  const covariance = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const d = Math.abs(i - j)
      covariance[i * n + j] = (byDistance[d] + byDistance[(n - d) % n]) / 2
    }
  return { mean: new Float64Array(n).fill(mean), covariance }
}
