import { cssColour } from './colours.ts'
import { type ColourScale, formatTicks } from './scale.ts'
import { element, round, textElement, textWidth } from './svg.ts'
import { theme } from './theme.ts'

/** Height in CSS pixels of a colour bar with its ticks and label. */
export const colourBarHeight = 48

/**
 * A horizontal colour bar from (0, 0) to the right, `width` CSS pixels long. Pointed ends say that values beyond
 * them exist. `id` must be unique within the document.
 */
export function colourBar(scale: ColourScale, width: number, label: string, id: string): string {
  const [height, tip] = [10, 9]
  const x = (value: number) => (width * (value - scale.min)) / (scale.max - scale.min)
  const { below, above } = scale.extend
  const outline =
    `M0,0H${round(width)}` +
    (above ? `L${round(width + tip)},${height / 2}L${round(width)},${height}` : `V${height}`) +
    `H0${below ? `L${-tip},${height / 2}Z` : 'Z'}`
  const parts: string[] = []
  if (scale.edges) {
    scale.edges.slice(1).forEach((edge, i) => {
      const left = x(scale.edges![i])
      const fill = cssColour(scale.colour((edge + scale.edges![i]) / 2))
      parts.push(element('rect', { x: left, y: 0, width: x(edge) - left + 0.3, height, fill }))
    })
  } else {
    const stops = Array.from({ length: 33 }, (_, k) => {
      const colour = cssColour(scale.colour(scale.min + ((scale.max - scale.min) * k) / 32))
      return element('stop', { offset: `${round((100 * k) / 32)}%`, 'stop-color': colour })
    })
    parts.push(element('linearGradient', { id: `${id}-ramp` }, stops.join('')))
    parts.push(element('rect', { x: 0, y: 0, width, height, fill: `url(#${id}-ramp)` }))
  }
  const end = (value: number, left: number) =>
    element('rect', { x: left, y: 0, width: tip, height, fill: cssColour(scale.colour(value)) })
  if (below) parts.unshift(end(scale.min, -tip))
  if (above) parts.push(end(scale.max, width))
  const texts = formatTicks(scale.ticks)
  const widest = Math.max(...texts.map((text) => textWidth(text, theme.size.tick)))
  // On a short bar every second tick has its value, zero among them.
  const every = widest + 6 > x(scale.ticks[1]) - x(scale.ticks[0]) ? 2 : 1
  const first = Math.max(0, scale.ticks.indexOf(0)) % every
  const ticks = scale.ticks.map((value, i) => {
    const line = element('path', {
      d: `M${round(x(value))},${height}v3.5`,
      stroke: theme.ink,
      'stroke-width': 0.7,
    })
    if (i % every !== first) return line
    return line + textElement(texts[i], x(value), height + 15, { size: theme.size.tick, anchor: 'middle' })
  })
  return (
    element('clipPath', { id: `${id}-clip` }, element('path', { d: outline })) +
    element('g', { 'clip-path': `url(#${id}-clip)` }, parts.join('')) +
    element('path', { d: outline, fill: 'none', stroke: theme.ink, 'stroke-width': 0.6 }) +
    ticks.join('') +
    textElement(label, width / 2, height + 33, { size: theme.size.label, anchor: 'middle', fill: theme.ink })
  )
}
