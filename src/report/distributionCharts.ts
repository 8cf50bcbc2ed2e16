import * as Plot from '@observablehq/plot'
import { DataError } from '../base/errors.ts'
import { chartDocument, seriesColour } from './chart.ts'
import type { ChartFrame } from './chartFrame.ts'
import { standIn, textWidth } from './svg.ts'
import { theme } from './theme.ts'

/** Counts of the ranks of the truth in an ensemble. */
export interface RankHistogramChart extends ChartFrame {
  /** How often the truth fell below member 0, between members 0 and 1, ..., above the last: members + 1 counts. */
  readonly counts: ArrayLike<number>
  /** How many of the cases are independent, for the band of a flat histogram (default: all). */
  readonly independent?: number
}

/**
 * A rank histogram as frequency relative to a flat one: 1 everywhere for a reliable ensemble, a U for one that is
 * too narrow. The band holds 95 % of a flat ensemble's bars (normal approximation of the binomial).
 * @throws DataError without a single case.
 */
export function rankHistogramChart({ counts, independent, ...frame }: RankHistogramChart): string {
  const bins = counts.length
  const total = Array.from(counts).reduce((a, b) => a + b, 0)
  if (!(total > 0)) throw new DataError('a rank histogram needs at least one case')
  const cases = independent ?? total
  const half = 1.96 * Math.sqrt((bins - 1) / cases)
  const bars = Array.from(counts, (count, rank) => ({ rank: rank + 1, height: (count / total) * bins }))
  const highest = Math.max(1 + half, ...bars.map((b) => b.height))
  const { ink, muted } = theme
  return chartDocument({ height: 320, ...frame }, {
    x: { label: 'Rank of the truth in the ensemble', labelAnchor: 'center', labelArrow: 'none', tickFormat: 'd', ticks: bins > 24 ? undefined : bars.map((b) => b.rank) },
    y: { label: 'Frequency relative to flat', labelArrow: 'none', domain: [0, highest * 1.06], nice: true },
    marks: [
      Plot.rectY(bars, { x1: (b: { rank: number }) => b.rank - 0.46, x2: (b: { rank: number }) => b.rank + 0.46, y: 'height', fill: seriesColour(0), fillOpacity: 0.85 }),
      Plot.rect([0], { x1: 0.5, x2: bins + 0.5, y1: Math.max(0, 1 - half), y2: 1 + half, fill: muted, fillOpacity: 0.22 }),
      Plot.ruleY([1], { stroke: ink, strokeDasharray: '4 3' }),
    ],
  }) // biome-ignore format: options read in rows
}

/** Bars by category and group. */
export interface BarChart extends ChartFrame {
  /** One bar each; bars of the same category stand side by side, coloured by group. */
  readonly bars: readonly {
    readonly category: string
    readonly group?: string
    readonly value: number
    readonly low?: number
    readonly high?: number
  }[]
  readonly yLabel?: string
}

/** Grouped bars with intervals. */
export function barChart({ bars, yLabel, ...frame }: BarChart): string {
  const groups = [...new Set(bars.map((b) => b.group ?? ''))]
  const categories = [...new Set(bars.map((b) => b.category))]
  const colour = (b: { group?: string }) => seriesColour(groups.indexOf(b.group ?? ''))
  const rows = bars.map((b) => ({ ...b, group: b.group ?? '' }))
  const interval = rows.filter((b) => b.low !== undefined && b.high !== undefined)
  const legend = groups.map((name, k) => ({ name, colour: seriesColour(k), shape: 'box' as const }))
  return chartDocument(frame, {
    fx: { label: null, domain: categories, axis: 'bottom', padding: 0.22 },
    x: { axis: null, domain: groups, padding: 0.08 },
    y: { label: yLabel, labelArrow: 'none', nice: true },
    marks: [
      Plot.barY(rows, { fx: 'category', x: 'group', y: 'value', fill: colour }),
      Plot.ruleX(interval, { fx: 'category', x: 'group', y1: 'low', y2: 'high', stroke: theme.ink, strokeWidth: 1.3 }),
      Plot.ruleY([0], { stroke: theme.ink }),
    ],
  }, legend) // biome-ignore format: options read in rows
}

export interface DotChart extends ChartFrame {
  /** One row each, from above to below. */
  readonly dots: readonly { readonly name: string; readonly value: number; readonly colour: string }[]
  readonly xLabel?: string
  /** Draws a line down here, for what the values are relative to. */
  readonly reference?: number
}

/** A dot a row with its value beside it (Cleveland's dot plot): the axis need not begin at zero, as that of bars must. */
export function dotChart({ dots, xLabel, reference, ...frame }: DotChart): string {
  const names = dots.map((dot) => dot.name)
  const label = Math.max(...names.map((name) => standIn * textWidth(name, theme.size.label)))
  return chartDocument({ width: 340, height: 56 + 25 * dots.length, ...frame }, {
    marginLeft: label + 14,
    marginRight: 34,
    marginTop: 8,
    x: { label: xLabel, labelAnchor: 'center', labelArrow: 'none', nice: true, inset: 8, ticks: 4 },
    y: { label: null, type: 'point', domain: names, padding: 0.6, tickSize: 0 },
    marks: [
      reference === undefined ? null : Plot.ruleX([reference], { stroke: theme.muted, strokeDasharray: '4 3' }),
      Plot.dot(dots, { x: 'value', y: 'name', fill: 'colour', r: 5.5 }),
      Plot.text(dots, { x: 'value', y: 'name', text: (d: { value: number }) => d.value.toPrecision(3), dx: 9, textAnchor: 'start', fontWeight: 600, fill: theme.ink, stroke: theme.paper, strokeWidth: 3 }),
    ],
  }) // biome-ignore format: options read in rows
}

/** Points of two columns of equal length. */
export interface ScatterChart extends ChartFrame {
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly xLabel?: string
  readonly yLabel?: string
  /** Draws the line y = x. */
  readonly diagonal?: boolean
}

/** Points, thin enough to show where they crowd. @throws DataError when the lengths differ. */
export function scatterChart({ x, y, xLabel, yLabel, diagonal, ...frame }: ScatterChart): string {
  if (x.length !== y.length)
    throw new DataError(`a scatter chart got ${x.length} values of x and ${y.length} of y`)
  const points = Array.from({ length: x.length }, (_, i) => ({ x: x[i], y: y[i] }))
  const shown = points.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y))
  const marks: Plot.Markish[] = []
  if (diagonal && shown.length) {
    let [low, high] = [Infinity, -Infinity]
    for (const p of shown) [low, high] = [Math.min(low, p.x, p.y), Math.max(high, p.x, p.y)]
    marks.push(Plot.line([{ x: low, y: low }, { x: high, y: high }], { x: 'x', y: 'y', stroke: theme.muted, strokeDasharray: '4 3' })) // biome-ignore format: two points
  }
  const opacity = Math.min(0.8, Math.max(0.12, 60 / Math.sqrt(shown.length + 1) / 4))
  marks.push(Plot.dot(shown, { x: 'x', y: 'y', r: 2.4, fill: seriesColour(0), fillOpacity: opacity }))
  return chartDocument({ width: 480, height: 420, ...frame }, {
    x: { label: xLabel, labelAnchor: 'center', labelArrow: 'none', nice: true },
    y: { label: yLabel, labelArrow: 'none', nice: true },
    marks,
  }) // biome-ignore format: options read in rows
}
