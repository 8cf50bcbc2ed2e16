import { colourBar, colourBarHeight } from './colourBar.ts'
import type { Interpolation } from './field.ts'
import { colouredLayer, colouringStyle, type MapPanel, mapLayers, sharedScale } from './mapPanel.ts'
import { mapFrame, type ProjectionOptions } from './projection.ts'
import { moved, svgDocument, textElement } from './svg.ts'
import { theme } from './theme.ts'

/** A figure of one or several maps. */
export interface MapFigure extends ProjectionOptions {
  readonly panels: readonly MapPanel[]
  /** Maps side by side (default: up to 3, or 2 for four maps). */
  readonly columns?: number
  readonly title?: string
  /** A line below the title: date, data, experiment. */
  readonly subtitle?: string
  /** Width of the whole figure in CSS pixels (default 760 for one map, 420 a map otherwise). */
  readonly width?: number
  /** 'cubic' by default: smooth between the points of a coarse grid. */
  readonly interpolation?: Interpolation
  /** Device pixels of fields to a CSS pixel (default 2). */
  readonly ratio?: number
}

const [margin, gap] = [18, 22]

/** An SVG document of a figure. @throws DataError or ConfigError for fields, scales and regions that cannot be drawn. */
export function mapFigure(figure: MapFigure): string {
  return drawn(figure, panelScales(figure.panels))
}

/**
 * The maps each as an SVG document of its own, for pages that set them in as many columns as there is room for: panels
 * of a group still share their scale, which stands below each.
 * @throws DataError or ConfigError as `mapFigure` does
 */
export function mapsApart(figure: Omit<MapFigure, 'columns'>): string[] {
  const scales = panelScales(figure.panels)
  return figure.panels.map((panel, k) => drawn({ ...figure, panels: [panel] }, [scales[k]]))
}

function drawn(figure: MapFigure, scales: readonly (PanelScale | undefined)[]): string {
  const { panels, interpolation = 'cubic', ratio = 2 } = figure
  const count = panels.length
  const columns = Math.min(count, figure.columns ?? (count === 4 ? 2 : Math.min(3, count)))
  const width = figure.width ?? (columns === 1 ? 760 : 420 * columns)
  const panelWidth = (width - 2 * margin - gap * (columns - 1)) / columns
  const frame = mapFrame(panelWidth, figure)
  const rows = Array.from({ length: Math.ceil(count / columns) }, (_, r) => r)
  const parts: string[] = []
  let y = margin
  if (figure.title) {
    parts.push(
      textElement(figure.title, width / 2, y + 13, { size: theme.size.title, weight: 600, anchor: 'middle' }),
    )
    y += 26
  }
  if (figure.subtitle) {
    const style = { size: theme.size.label + 0.5, anchor: 'middle', fill: theme.muted }
    parts.push(textElement(figure.subtitle, width / 2, y + 7, style))
    y += 22
  }
  if (y > margin) y += 4
  for (const row of rows) {
    const inRow = panels.slice(row * columns, (row + 1) * columns)
    const titled = inRow.some((panel) => panel.title || panel.note || panel.wind)
    if (titled) y += 18
    inRow.forEach((panel, c) => {
      const k = row * columns + c
      const { map, key } = mapLayers(frame, panel, scales[k]?.scale, { id: `p${k}`, interpolation, ratio })
      const x = margin + c * (panelWidth + gap)
      const title = panel.title
        ? textElement(panel.title, 0, -7, { size: theme.size.panel, weight: 600 })
        : ''
      const quiet = { size: theme.size.tick, fill: theme.muted }
      // Beside a title the note stands at the right end, and leaves room for the key of the winds.
      const right = panelWidth - (key ? 100 : 0)
      const note = !panel.note
        ? ''
        : panel.title
          ? textElement(panel.note, right, -7, { ...quiet, anchor: 'end' })
          : textElement(panel.note, 0, -7, quiet)
      parts.push(moved(x, y, title + note + moved(0, -7, key) + map))
    })
    y += frame.height
    const bars = barsOf(row, columns, count, scales)
    if (bars.length) y += 14
    for (const { key, first, last } of bars) {
      const left = margin + first * (panelWidth + gap)
      const span = (last - first + 1) * (panelWidth + gap) - gap
      const length = Math.min(span * 0.78, last > first ? 520 : 440)
      const { scale, label } = scales[row * columns + first]!
      parts.push(moved(left + (span - length) / 2, y, colourBar(scale, length, label, `b${row}-${key}`)))
    }
    y += (bars.length ? colourBarHeight : 0) + (row < rows.length - 1 ? 18 : 0)
  }
  return svgDocument(width, y + margin - 4, parts.join(''))
}

type PanelScale = { key: number; label: string; scale: ReturnType<typeof sharedScale> }

/** One scale for each group of panels; a panel without a group has its own. */
function panelScales(panels: readonly MapPanel[]): (PanelScale | undefined)[] {
  const layers = panels.map(colouredLayer)
  const made = new Map<string, PanelScale>()
  return layers.map((layer, k) => {
    if (!layer) return undefined
    const group = layer.group === undefined ? `#${k}` : `=${layer.group}`
    if (!made.has(group)) {
      const members = layer.group === undefined ? [layer] : layers.filter((l) => l?.group === layer.group)
      const scale = sharedScale(members.filter((l) => l !== undefined))
      made.set(group, { key: made.size, label: colouringStyle(layer).label, scale })
    }
    return made.get(group)
  })
}

/** The colour bars below a row: one for each run of panels with one scale, unless a later row shows it again. */
function barsOf(row: number, columns: number, count: number, scales: readonly (PanelScale | undefined)[]) {
  const bars: { key: number; first: number; last: number }[] = []
  for (let c = 0; c < columns && row * columns + c < count; c++) {
    const scale = scales[row * columns + c]
    if (!scale || scales.slice((row + 1) * columns).some((s) => s?.key === scale.key)) continue
    const open = bars.find((bar) => bar.key === scale.key && bar.last === c - 1)
    if (open) open.last = c
    else if (!bars.some((bar) => bar.key === scale.key)) bars.push({ key: scale.key, first: c, last: c })
  }
  return bars
}
