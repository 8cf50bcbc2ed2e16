import type { Analysis, Observations } from '../assimilation/index.ts'
import { observedVariables } from '../io/observations/variables.ts'
import type { Row } from '../report/table.ts'
import { deviationsDivisor } from '../verification/spread-skill.ts'

/** How an analysis fits the observations of one variable, SI units. */
export interface VariableFit {
  readonly variable: string
  readonly unit: string
  readonly count: number
  /** Mean and root mean square of observation minus background and minus mean analysis. */
  readonly background: { readonly mean: number; readonly rms: number }
  readonly analysis: { readonly mean: number; readonly rms: number }
  /** Root mean square of the observation errors, and of the ensemble's spread where it is observed. */
  readonly error: number
  readonly spread: number
}

/** Fits by variable, in the order in which variables first appear; `mirrored`: members 2k and 2k + 1 mirror each other. */
export function fitsOf(
  { operator, y, R, table }: Observations,
  background: Float32Array,
  { mean, states, members }: Pick<Analysis, 'mean' | 'states' | 'members'>,
  mirrored = false,
): VariableFit[] {
  const m = operator.outputs
  if (m === 0 || !table) return []
  const [b, a] = [background, mean].map((x) => operator.innovation(y, operator.apply(x)))
  const Hx = operator.apply(states)
  const divisor = deviationsDivisor(members, mirrored)
  const groups = new Map<string, number[]>()
  for (const [i, code] of table.variable.entries()) {
    const group = groups.get(code)
    if (group) group.push(i)
    else groups.set(code, [i])
  }
  return [...groups].map(([variable, rows]) => {
    const average = (f: (i: number) => number) => rows.reduce((sum, i) => sum + f(i), 0) / rows.length
    const size = (i: number) => operator.scale[i]
    const statistics = (d: Float64Array) => ({
      mean: average((i) => d[i] * size(i)),
      rms: Math.sqrt(average((i) => (d[i] * size(i)) ** 2)),
    })
    const variance = (i: number) => {
      let [sum, square] = [0, 0]
      for (let k = 0; k < members; k++) {
        const period = operator.period[i]
        const plain = Hx[k * m + i] - Hx[i]
        const d = period > 0 ? plain - period * Math.round(plain / period) : plain
        sum += d
        square += d * d
      }
      return members > 1 ? (square - (sum * sum) / members) / divisor : 0
    }
    return {
      ...{ variable, unit: observedVariables[variable]?.unit ?? '', count: rows.length },
      ...{ background: statistics(b), analysis: statistics(a) },
      error: Math.sqrt(average((i) => R.variances[i] * size(i) ** 2)),
      spread: Math.sqrt(average((i) => variance(i) * size(i) ** 2)),
    }
  })
}

export const fitRows = (fits: readonly VariableFit[]): Row[] =>
  fits.map(({ variable, unit, count, background, analysis, error, spread }) => ({
    ...{ variable, unit, count, 'O-B mean': background.mean, 'O-B rms': background.rms },
    ...{ 'O-A mean': analysis.mean, 'O-A rms': analysis.rms, error, spread },
  }))

/** What one analysis says of its own errors. */
export function consistencyRows({
  fit,
  chiSquare,
  desroziers,
  normalisedDeparture,
}: Analysis['diagnostics']): Row[] {
  const rows: [string, number | undefined, string][] = [
    ['|O-B|² / R', fit?.background, 'of the background, a mean over observations'],
    ['|O-A|² / R', fit?.analysis, 'of the mean analysis, which has used them'],
    ['|O-A|² / (R + spread²)', normalisedDeparture, ''],
    ['chi-square', chiSquare, 'dᵀ (H B Hᵀ + R)⁻¹ d / m; 1 where B and R are right'],
    ['Desroziers, R', desroziers?.observation, '(O-A)(O-B) / R; 1 where B and R are right'],
    ['Desroziers, H B Hᵀ', desroziers?.background, '(A-B)(O-B) / R'],
  ]
  return rows.flatMap(([what, value, meaning]) => (value === undefined ? [] : [{ '': what, value, meaning }]))
}
