import { seriesColour } from '../../report/chart.ts'
import { lineChart } from '../../report/lineChart.ts'
import { panels } from '../../report/svg.ts'
import { theme } from '../../report/theme.ts'

/** A row of guidance-linear-gaussian.json; null: not finite. */
export interface GuidanceRow {
  readonly method: string
  readonly density: number
  readonly error: number
  readonly n: number
  readonly members: number
  readonly steps: number
  /** Error of the mean in posterior standard deviations. */
  readonly meanError: number | null
  /** Over the posterior's variance. */
  readonly varianceRatio: number | null
  /** Whether the method claims to sample the posterior. */
  readonly claims: boolean
}

/** Approximations first, so that exact methods lie on top; a method and its cheaper form share a colour. */
const lines: Readonly<Record<string, { name: string; colour: string }>> = {
  repaint: { name: 'Repaint', colour: theme.muted },
  'dps, norm': { name: 'DPS, by the norm', colour: seriesColour(1) },
  'dps, raw': { name: 'DPS, plain gradient', colour: seriesColour(5) },
  sda: { name: 'SDA', colour: seriesColour(3) },
  'pigdm, C = I': { name: 'ΠGDM, C = I', colour: seriesColour(0) },
  'mmps, 1 iteration': { name: 'MMPS, 1 iteration', colour: seriesColour(2) },
  daps: { name: 'DAPS', colour: theme.ink },
  mmps: { name: 'MMPS', colour: seriesColour(2) },
  pigdm: { name: 'ΠGDM', colour: seriesColour(0) },
  'latent-map': { name: 'latent MAP', colour: seriesColour(4) },
}
const quantities = {
  meanError: {
    title: 'Error of the mean',
    yLabel: 'posterior standard deviations, at most 1000',
    rule: (members: number) => 1 / Math.sqrt(members),
  },
  varianceRatio: {
    title: 'Variance of the samples',
    yLabel: 'over the posterior variance, at most 1000',
    rule: () => 1,
  },
} as const

/** Both errors of every guidance over the share of points observed; approximations are dashed, the rule is an exact method. */
export function guidanceFigure(rows: readonly GuidanceRow[]): string {
  const densities = [...new Set(rows.map((r) => r.density))]
  const errors = [...new Set(rows.map((r) => r.error))]
  const charts = errors.flatMap((error) =>
    (['meanError', 'varianceRatio'] as const).map((quantity) => {
      const { title, yLabel, rule } = quantities[quantity]
      return lineChart({
        ...{ title, subtitle: `observation error ${error}`, width: 460, height: 330, log: 'both', yLabel },
        ...{ xLabel: 'share of points observed', xTicks: densities, rules: [rule(rows[0].members)] },
        series: Object.entries(lines).flatMap(([method, line]) => {
          const own = rows.filter((r) => r.method === method && r.error === error)
          if (own.length === 0) return []
          const y = own.map((r) => Math.min(r[quantity] ?? Number.NaN, 1e3))
          return [{ ...line, x: own.map((r) => r.density), y, dots: true, dashed: !own[0].claims }]
        }),
      })
    }),
  )
  return panels(charts, 2)
}
