import * as Plot from '@observablehq/plot'
import { DataError } from '../base/errors.ts'
import { chartDocument, seriesColour } from './chart.ts'
import type { ChartFrame } from './chartFrame.ts'
import { theme } from './theme.ts'

/** Vertical profiles over pressure. */
export interface ProfileChart extends ChartFrame {
  /** Values over pressure in hPa; the pressures rise or fall. */
  readonly profiles: readonly {
    readonly name: string
    readonly pressure: ArrayLike<number>
    readonly values: ArrayLike<number>
    readonly dashed?: boolean
  }[]
  readonly xLabel?: string
}

/** Vertical profiles: pressure downwards on a logarithmic axis, zero marked. @throws DataError for unequal lengths. */
export function profileChart({ profiles, xLabel, ...frame }: ProfileChart): string {
  const lines = profiles.map(({ name, pressure, values, dashed }, k) => {
    if (pressure.length !== values.length)
      throw new DataError(`profile ${name}: ${pressure.length} pressures but ${values.length} values`)
    const points = Array.from({ length: pressure.length }, (_, i) => ({
      x: values[i],
      y: Math.log10(pressure[i]),
    }))
    const stroke = seriesColour(k)
    const line = { x: 'x', y: 'y', stroke, strokeWidth: 2.2, strokeDasharray: dashed ? '6 4' : undefined }
    return [Plot.line(points, line), Plot.dot(points, { x: 'x', y: 'y', fill: stroke, r: 2.8 })]
  })
  const all = profiles.flatMap((p) => Array.from(p.pressure))
  const standard = [1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 700, 850, 1000]
  const [top, bottom] = [Math.min(...all), Math.max(...all)]
  return chartDocument(
    { width: 460, height: 460, ...frame },
    {
      x: { label: xLabel, labelAnchor: 'center', labelArrow: 'none', nice: true },
      y: {
        label: 'Pressure (hPa)',
        labelArrow: 'none',
        // Logarithms by hand: a logarithmic scale drops labels such as 700 and 850.
        domain: [Math.log10(bottom), Math.log10(top)],
        ticks: standard.filter((p) => p >= top && p <= bottom).map(Math.log10),
        tickFormat: (power: number) => String(Math.round(10 ** power)),
      },
      marks: [Plot.ruleX([0], { stroke: theme.muted, strokeDasharray: '2 2' }), ...lines.flat()],
    },
    profiles.map(({ name, dashed }, k) => ({ name, dashed, colour: seriesColour(k) })),
  )
}
