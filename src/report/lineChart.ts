import * as Plot from '@observablehq/plot'
import { DataError } from '../base/errors.ts'
import { chartDocument, seriesColour } from './chart.ts'
import type { ChartFrame } from './chartFrame.ts'
import { theme } from './theme.ts'

/** A line, with an interval around it where `low` and `high` are given. NaN leaves a gap. */
export interface Series {
  readonly name: string
  readonly x: ArrayLike<number> | readonly Date[]
  readonly y: ArrayLike<number>
  readonly low?: ArrayLike<number>
  readonly high?: ArrayLike<number>
  readonly dashed?: boolean
  readonly colour?: string
  /** Draws a dot at each value. */
  readonly dots?: boolean
}

/** Lines over a common axis. */
export interface LineChart extends ChartFrame {
  readonly series: readonly Series[]
  readonly xLabel?: string
  readonly yLabel?: string
  /** Axes in logarithms; values that are not positive are left out there. */
  readonly log?: 'x' | 'y' | 'both'
  /** Draws lines across at these values of y, such as 0 or 1. */
  readonly rules?: readonly number[]
  readonly yDomain?: readonly [number, number]
  readonly xTicks?: readonly number[]
}

/** An SVG document of lines with their intervals. @throws DataError when the lengths of a series differ. */
export function lineChart(chart: LineChart): string {
  const { series, log } = chart
  const [logX, logY] = [log === 'x' || log === 'both', log === 'y' || log === 'both']
  const marks: Plot.Markish[] = (chart.rules ?? []).map((y) =>
    Plot.ruleY([y], { stroke: theme.muted, strokeWidth: 1, strokeDasharray: '2 2' }),
  )
  const lines: Plot.Markish[] = []
  series.forEach((one, k) => {
    const n = one.x.length
    for (const [name, column] of Object.entries({ y: one.y, low: one.low, high: one.high }))
      if (column && column.length !== n)
        throw new DataError(`series ${one.name}: ${n} values of x but ${column.length} of ${name}`)
    const usable = (value: number, logarithmic: boolean) =>
      Number.isFinite(value) && (!logarithmic || value > 0) ? value : Number.NaN
    const points = Array.from({ length: n }, (_, i) => ({
      x: one.x[i] instanceof Date ? (one.x[i] as Date) : usable(one.x[i] as number, logX),
      y: usable(one.y[i], logY),
      low: one.low ? usable(one.low[i], logY) : undefined,
      high: one.high ? usable(one.high[i], logY) : undefined,
    }))
    const stroke = one.colour ?? seriesColour(k)
    if (one.low && one.high)
      marks.push(Plot.areaY(points, { x: 'x', y1: 'low', y2: 'high', fill: stroke, fillOpacity: 0.18 }))
    lines.push(
      Plot.line(points, {
        x: 'x',
        y: 'y',
        stroke,
        strokeWidth: 2.2,
        strokeDasharray: one.dashed ? '6 4' : undefined,
        strokeLinejoin: 'round',
      }),
    )
    if (one.dots) lines.push(Plot.dot(points, { x: 'x', y: 'y', fill: stroke, r: 3 }))
  })
  const legend = series.map((one, k) => ({
    name: one.name,
    colour: one.colour ?? seriesColour(k),
    dashed: one.dashed,
  }))
  return chartDocument(
    chart,
    {
      x: {
        label: chart.xLabel,
        labelAnchor: 'center',
        labelArrow: 'none',
        type: logX ? 'log' : undefined,
        tickFormat: logX ? plainNumber : undefined,
        ticks: chart.xTicks ? [...chart.xTicks] : undefined,
        nice: !logX && !(series[0]?.x[0] instanceof Date),
      },
      y: {
        label: chart.yLabel,
        labelArrow: 'none',
        type: logY ? 'log' : undefined,
        tickFormat: logY ? powerOfTen : undefined,
        ticks: logY ? 6 : undefined,
        nice: true,
        domain: chart.yDomain ? [...chart.yDomain] : undefined,
      },
      marks: [...marks, ...lines],
    },
    legend,
  )
}

const plainNumber = (value: number) => String(Number(value.toPrecision(6)))

/** Ticks of a logarithmic axis: powers of ten in full, 2 and 5 times them in short, the others empty. */
export function powerOfTen(value: number): string {
  const power = Math.round(Math.log10(value))
  if (Math.abs(value / 10 ** power - 1) > 1e-6) return ''
  if (power >= -2 && power <= 3) return plainNumber(value)
  return `10${[...String(power)].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('')}`
}

/** Energy spectra over zonal wavenumber. */
export interface SpectrumChart extends ChartFrame {
  /** Energy by zonal wavenumber 0, 1, 2 ...; the mean flow (0) is not drawn. */
  readonly spectra: readonly {
    readonly name: string
    readonly energy: ArrayLike<number>
    readonly dashed?: boolean
  }[]
  /** Units of the energy, m² s⁻² by default. */
  readonly units?: string
  /** Draws a line of this slope, such as -3, for comparison. */
  readonly slope?: number
}

/** A log-log chart of energy spectra over zonal wavenumber. */
export function spectrumChart({ spectra, units = 'm² s⁻²', slope, ...frame }: SpectrumChart): string {
  const series: Series[] = spectra.map(({ name, energy, dashed }) => {
    const x = Array.from({ length: Math.max(0, energy.length - 1) }, (_, k) => k + 1)
    return { name, dashed, x, y: x.map((k) => energy[k]) }
  })
  const first = series[0]
  if (slope !== undefined && first) {
    // Through the middle of the first spectrum, over its finer half.
    const from = Math.max(2, Math.floor(first.x.length / 4))
    const x = (first.x as number[]).filter((k) => k >= from)
    const y = x.map((k) => 1.8 * first.y[from - 1] * (k / from) ** slope)
    series.push({ name: `slope ${String(slope).replace('-', '−')}`, x, y, dashed: true, colour: theme.muted })
  }
  const label = { xLabel: 'Zonal wavenumber', yLabel: `Energy (${units})` }
  return lineChart({ ...label, ...frame, series, log: 'both' })
}
