import { difference } from '../observation/operator.ts'
import { deviationsDivisor } from '../verification/spread-skill.ts'
import type { Analysis, AssimilationCase } from './assimilator.ts'
import { type Departures, departures } from './classical/departures.ts'
import { type DesroziersEstimates, desroziers } from './classical/desroziers.ts'

/** How an analysis fits the observations, in their units. */
export interface AnalysisDiagnostics {
  readonly observations: number
  /** Set where there is something to say: that no observation was usable and the analysis is the prior. */
  readonly message?: string
  /** O-B and O-A of the ensemble means by variable, in the operator's units. */
  readonly departures: readonly Departures[]
  /** |L⁻¹ (y - H(x))|² / m of the mean background and analysis; of the truth it is 1. */
  readonly fit?: { readonly background: number; readonly analysis: number }
  /**
   * Mean of (y - H(x_a))² / (R + spread²) over observations, about 1 for observations that were not used; those used
   * lie nearer. The spread is that of H(x) of the members, of directions about H of their mean the short way round.
   */
  readonly normalisedDeparture?: number
  /** dᵀ (H B Hᵀ + R)⁻¹ d / m where the method knows it; 1 when B and R are right. */
  readonly chiSquare?: number
  /** Of all observations in units of their errors, so that R should be 1. */
  readonly desroziers?: DesroziersEstimates
  /** Root mean square of the spread and of mean analysis minus mean background, over all normalised elements. */
  readonly spread: number
  readonly increment: number
}

/**
 * The analysis from its members [members, n], normalised: mean, spread and diagnostics. `antithetic`: members 2k and
 * 2k + 1 mirror each other, so that their mean has no sampling error to make up for.
 */
export function analysisOf(
  { background, observations }: AssimilationCase,
  states: Float32Array,
  members: number,
  { antithetic = false, ...extra }: { message?: string; chiSquare?: number; antithetic?: boolean } = {},
): Analysis {
  const divisor = deviationsDivisor(members, antithetic)
  const n = states.length / members
  const mean = meanOf(states, n)
  const spread = spreadOf(states, mean, divisor)
  const x_b = meanOf(background.states, n)
  const rms = (f: (i: number) => number) => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += f(i) ** 2
    return Math.sqrt(sum / n)
  }
  const size = { spread: rms((i) => spread[i]), increment: rms((i) => mean[i] - x_b[i]) }
  const { operator, y, R, table } = observations
  const m = operator.outputs
  if (m === 0)
    return {
      ...{ states, members, mean, spread },
      diagnostics: { observations: 0, departures: [], ...size, ...extra },
    }
  // The departures of directions are taken the short way round, so statistics are of y - H(x) put back on y.
  const equivalent = (x: Float32Array) => {
    const d = operator.innovation(y, operator.apply(x))
    return { d, Hx: y.map((v, i) => v - d[i]) }
  }
  const [b, a] = [equivalent(x_b), equivalent(mean)]
  const [wb, wa] = [R.whiten(b.d), R.whiten(a.d)]
  const meanSquare = (d: Float64Array) => d.reduce((sum, v) => sum + v * v, 0) / m
  const Hx = members > 1 ? operator.apply(states) : undefined
  const ratio = y.map((_, i) => {
    let variance = R.variances[i]
    if (Hx) {
      let [sum, square] = [0, 0]
      for (let k = 0; k < members; k++) {
        const v = difference(Hx[k * m + i], a.Hx[i], operator.period[i])
        sum += v
        square += v * v
      }
      variance += (square - (sum * sum) / members) / divisor
    }
    return a.d[i] / Math.sqrt(variance)
  })
  const zero = new Float64Array(m)
  return {
    ...{ states, members, mean, spread },
    diagnostics: {
      observations: m,
      departures: departures(y, b.Hx, a.Hx, table?.variable ? Array.from(table.variable) : undefined),
      fit: { background: meanSquare(wb), analysis: meanSquare(wa) },
      normalisedDeparture: meanSquare(ratio),
      desroziers: desroziers(
        zero,
        wb.map((v) => -v),
        wa.map((v) => -v),
      ),
      ...size,
      ...extra,
    },
  }
}

/** Mean of states [members, n], [n]. */
export function meanOf(states: Float32Array, n: number): Float32Array {
  const sum = new Float64Array(n)
  for (let p = 0; p < states.length; p++) sum[p % n] += states[p]
  const members = states.length / n
  return Float32Array.from(sum, (v) => v / members)
}

/** States [members, n] moved together so that `mean` [n] is their mean. */
export function aboutMean(states: Float32Array, mean: Float32Array): Float32Array {
  const n = mean.length
  const own = meanOf(states, n)
  return states.map((v, p) => v + mean[p % n] - own[p % n])
}

function spreadOf(states: Float32Array, mean: Float32Array, divisor: number): Float32Array {
  const n = mean.length
  const members = states.length / n
  if (members === 1) return new Float32Array(n)
  const sum = new Float64Array(n)
  for (let p = 0; p < states.length; p++) sum[p % n] += (states[p] - mean[p % n]) ** 2
  return Float32Array.from(sum, (v) => Math.sqrt(v / divisor))
}
