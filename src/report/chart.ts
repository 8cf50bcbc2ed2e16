import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { ChartFrame } from './chartFrame.ts'
import { element, moved, standIn, svgDocument, textElement, textWidth } from './svg.ts'
import { theme } from './theme.ts'

/** An entry of the legend. */
export interface LegendEntry {
  readonly name: string
  readonly colour: string
  readonly dashed?: boolean
  readonly shape?: 'line' | 'box' | 'dot'
}

const { document } = parseHTML('<html><body></body></html>')

/** The look of every axis: light grid, no frame, labels at the ends of the axes. */
export const plotDefaults = {
  grid: true,
  marginLeft: 60,
  marginRight: 18,
  marginBottom: 42,
  marginTop: 26,
  style: { background: 'none', fontSize: '12px' },
} as const

/**
 * An SVG document of a chart: title, subtitle and legend above the drawing of Observable Plot.
 * `width` is of the whole figure, `height` of the drawing.
 */
export function chartDocument(
  { title, subtitle, width = 640, height = 380 }: ChartFrame,
  options: Plot.PlotOptions,
  legend: readonly LegendEntry[] = [],
): string {
  const margin = 16
  const parts: string[] = []
  let y = margin
  if (title) {
    parts.push(textElement(title, margin, y + 13, { size: theme.size.title - 2, weight: 600 }))
    y += 25
  }
  if (subtitle) {
    parts.push(textElement(subtitle, margin, y + 7, { size: theme.size.label, fill: theme.muted }))
    y += 20
  }
  if (legend.length > 1) {
    const drawn = legendRow(legend, width - 2 * margin)
    parts.push(moved(margin, y + 2, drawn.svg))
    y += drawn.height + 4
  }
  parts.push(moved(margin, y, plotSvg({ ...plotDefaults, ...options, width: width - 2 * margin, height })))
  return svgDocument(width, y + height + margin / 2, parts.join(''))
}

/** Markup of a plot, as an element that stands inside another SVG. */
function plotSvg(options: Plot.PlotOptions): string {
  const drawn = Plot.plot({ ...options, document: document as unknown as Plot.PlotOptions['document'] })
  // The style sheet is for pages; what it says is in the attributes too. Plot names fonts there that may be absent.
  return drawn.outerHTML
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/ font-family="[^"]*"/g, '')
    .replace(/^(<svg[^>]*?) font-size="10"/, '$1 font-size="12"')
    .replaceAll('currentColor', theme.ink)
}

function legendRow(entries: readonly LegendEntry[], width: number): { svg: string; height: number } {
  let [x, y] = [0, 9]
  const parts: string[] = []
  for (const { name, colour, dashed, shape = 'line' } of entries) {
    const length = 24 + standIn * textWidth(name, theme.size.label) + 8
    if (x > 0 && x + length > width) [x, y] = [0, y + 18]
    const symbol = {
      line: () =>
        element('path', {
          d: `M${x},${y - 4}h18`,
          stroke: colour,
          'stroke-width': 2.4,
          'stroke-dasharray': dashed ? '5 3' : undefined,
        }),
      box: () => element('rect', { x: x + 4, y: y - 10, width: 12, height: 12, fill: colour }),
      dot: () => element('circle', { cx: x + 9, cy: y - 4, r: 4.5, fill: colour }),
    }[shape]()
    parts.push(symbol, textElement(name, x + 24, y, { size: theme.size.label }))
    x += length
  }
  return { svg: parts.join(''), height: y + 9 }
}

/** The colour of the k-th series. */
export const seriesColour = (k: number) => theme.series[k % theme.series.length]
