import type { ChartFrame } from './chartFrame.ts'
import { colourBar, colourBarHeight } from './colourBar.ts'
import { cssColour, luminance } from './colours.ts'
import { colourScale } from './scale.ts'
import { element, moved, svgDocument, textElement, textWidth } from './svg.ts'
import { theme } from './theme.ts'

/** One score of one channel: a relative change against a reference, -0.05 for an error that is 5 % smaller. */
export interface ScorecardCell {
  readonly row: string
  readonly column: string
  readonly change: number
  /** True when the interval of the change excludes zero. */
  readonly significant?: boolean
}

export interface Scorecard extends Omit<ChartFrame, 'height'> {
  /** Rows and columns stand in the order in which they first occur. */
  readonly cells: readonly ScorecardCell[]
  /** Rows after which a little space is left, to set variables apart. */
  readonly breaks?: readonly string[]
  /** Half-width of the colours (default: fitted). */
  readonly limit?: number
  readonly label?: string
}

/** A table of coloured cells: blue is better (smaller error). Changes that are not significant are pale and in brackets. */
export function scorecard({ cells, breaks = [], limit, label, title, subtitle, width }: Scorecard): string {
  const rows = [...new Set(cells.map((c) => c.row))]
  const columns = [...new Set(cells.map((c) => c.column))]
  const percent = cells.map((c) => 100 * c.change)
  const ends = limit === undefined ? {} : { min: -100 * limit, max: 100 * limit }
  const scale = colourScale(percent, { map: 'balance', symmetric: true, ...ends })
  const margin = 16
  const left = margin + Math.max(40, ...rows.map((r) => textWidth(r, theme.size.label))) + 10
  const cellWidth = Math.min(80, Math.max(44, ((width ?? 640) - left - margin) / columns.length))
  const cellHeight = 21
  const right = left + columns.length * cellWidth + margin
  const full = Math.max(right, title ? textWidth(title, theme.size.title - 2) * 1.08 + 2 * margin : 0, 300)
  const parts: string[] = []
  let y = margin
  if (title) parts.push(textElement(title, margin, y + 13, { size: theme.size.title - 2, weight: 600 }))
  y += title ? 25 : 0
  if (subtitle)
    parts.push(textElement(subtitle, margin, y + 7, { size: theme.size.label, fill: theme.muted }))
  y += subtitle ? 20 : 0
  const middle = (c: number) => left + (c + 0.5) * cellWidth
  columns.forEach((name, c) => {
    parts.push(
      textElement(name, middle(c), y + 14, { size: theme.size.label, anchor: 'middle', weight: 600 }),
    )
  })
  y += 22
  for (const row of rows) {
    parts.push(textElement(row, left - 8, y + 15, { size: theme.size.label, anchor: 'end' }))
    columns.forEach((column, c) => {
      const cell = cells.find((one) => one.row === row && one.column === column)
      parts.push(drawCell(cell, left + c * cellWidth, y, cellWidth, cellHeight, scale))
    })
    y += cellHeight + (breaks.includes(row) ? 7 : 1.5)
  }
  y += 14
  const barWidth = Math.min(300, right - left - margin)
  const text = label ?? 'Relative change of the error (%)'
  parts.push(
    moved(left + (right - left - margin - barWidth) / 2, y, colourBar(scale, barWidth, text, 'score')),
  )
  return svgDocument(full, y + colourBarHeight + margin / 2, parts.join(''))
}

function drawCell(
  cell: ScorecardCell | undefined,
  x: number,
  y: number,
  width: number,
  height: number,
  scale: ReturnType<typeof colourScale>,
): string {
  const box = { x: x + 0.75, y, width: width - 1.5, height }
  if (!cell || !Number.isFinite(cell.change)) return element('rect', { ...box, fill: theme.missing })
  const percent = 100 * cell.change
  const rgb = scale.colour(percent)
  const sure = cell.significant !== false
  const shade = sure ? rgb : ([0, 1, 2].map((k) => 255 - 0.3 * (255 - rgb[k])) as [number, number, number])
  const number = `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(Math.abs(percent) < 9.95 ? 1 : 0)}`
  const fill = luminance(shade) < 0.3 ? theme.paper : sure ? theme.ink : theme.muted
  const style = { size: theme.size.small + 0.5, anchor: 'middle', fill, weight: sure ? 600 : undefined }
  const text = textElement(sure ? number : `(${number})`, x + width / 2, y + height / 2 + 4, style)
  return element('rect', { ...box, fill: cssColour(shade) }) + text
}
