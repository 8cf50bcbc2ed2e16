import { seriesColour } from '../../report/chart.ts'
import { lineChart, type Series } from '../../report/lineChart.ts'
import { panels } from '../../report/svg.ts'
import { inOrder, methodName } from '../osse/names.ts'

/** A row of alignment.json: an aligned prior's gain over the reference, as fractions. */
export interface GainRow {
  readonly method: string
  readonly model: string
  readonly density: number | string
  readonly gain?: number
  readonly fcGain?: number
}

/**
 * A panel for each aligned prior: what single members (full lines) and their 48-h forecasts (dashed) gain over those of
 * the reference, by density of the observations, for each guidance. undefined where no guidance has two densities.
 */
export function gainFigure(rows: readonly GainRow[], models: readonly string[]): string | undefined {
  const guided = rows.filter((r) => typeof r.density === 'number' && r.density > 0)
  // In the order of the comparison on known truths, so that a method has the same colour there.
  const methods = [...new Set(inOrder(guided).map((r) => r.method))]
  const linesOf = (model: string): Series[] =>
    methods.flatMap((method, k) => {
      const own = guided
        .filter((r) => r.method === method && r.model === model)
        .sort((a, b) => Number(a.density) - Number(b.density))
      if (own.length < 2) return []
      const x = own.map((r) => 100 * Number(r.density))
      const colour = seriesColour(k)
      const y = (score: 'gain' | 'fcGain') => own.map((r) => 100 * (r[score] ?? Number.NaN))
      return [
        { name: methodName(method), x, y: y('gain'), dots: true, colour },
        { name: `${methodName(method)}, forecast`, x, y: y('fcGain'), dots: true, dashed: true, colour },
      ]
    })
  const evaluated = models.map((model) => ({ model, series: linesOf(model) })).filter((p) => p.series.length)
  if (evaluated.length === 0) return undefined
  const values = evaluated
    .flatMap(({ series }) => series.flatMap(({ y }) => Array.from(y)))
    .filter(Number.isFinite)
  const yDomain = [Math.min(0, ...values), Math.max(...values)] as const
  const drawings = evaluated.map(({ model, series }) => {
    const alone = rows.find((r) => r.model === model && r.density === 0)
    const percent = (value?: number) => (100 * (value ?? Number.NaN)).toFixed(1)
    return lineChart({
      title: `Prior ${model}`,
      subtitle: alone
        ? `without observations ${percent(alone.gain)} %, its forecast ${percent(alone.fcGain)} %`
        : undefined,
      ...{ width: 440, height: 320, log: 'x', rules: [0], series, yDomain, xTicks: series[0].x as number[] },
      ...{ xLabel: '% of columns observed', yLabel: 'MSE of single members lower by, %' },
    })
  })
  return panels(drawings, Math.min(2, drawings.length))
}
