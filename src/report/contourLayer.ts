import { geoPath } from 'd3-geo'
import { type Isoline, isolines } from './contours.ts'
import type { Interpolation, LatLonField } from './field.ts'
import { type MapFrame, unproject } from './projection.ts'
import { formatTicks, niceStep } from './scale.ts'
import { element, textElement } from './svg.ts'
import { theme } from './theme.ts'

/** Lines of equal value over a map. */
export interface ContourLayer {
  readonly field: LatLonField
  /** The values, or the distance between round values (about ten lines where neither is given). */
  readonly values?: readonly number[]
  readonly step?: number
  /** Writes values on the lines (default true). */
  readonly labels?: boolean
  readonly colour?: string
}

/** SVG of contour lines: negative ones dashed, every one labelled where it runs straight and there is room. */
export function contourLayer(frame: MapFrame, layer: ContourLayer, interpolation: Interpolation): string {
  const values = layer.values ?? roundValues(layer.field.values, layer.step)
  const found = isolines(layer.field, values, {
    interpolation: interpolation === 'nearest' ? 'linear' : interpolation,
  })
  const path = geoPath(frame.projection).digits(1)
  const stroke = layer.colour ?? theme.ink
  const lines = found.map(({ value, lines }) =>
    element('path', {
      d: path(lines) ?? '',
      fill: 'none',
      stroke,
      'stroke-width': 0.85,
      'stroke-opacity': 0.85,
      'stroke-dasharray': value < 0 ? '4 2.5' : undefined,
      'stroke-linejoin': 'round',
    }),
  )
  return lines.join('') + (layer.labels === false ? '' : labels(frame, found, stroke))
}

function roundValues(values: ArrayLike<number>, wanted?: number): number[] {
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])]
  if (!(low < high)) return []
  const step = wanted ?? niceStep(low, high, 10)
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step)
}

interface Spot {
  readonly x: number
  readonly y: number
  readonly angle: number
  readonly bend: number
}

function labels(frame: MapFrame, found: readonly Isoline[], colour: string): string {
  const texts = formatTicks(found.map((isoline) => isoline.value))
  const taken: Spot[] = []
  const parts: string[] = []
  found.forEach(({ lines }, k) => {
    const reach = 3.2 * texts[k].length
    for (const line of lines.coordinates) {
      const spots = straightSpots(frame, line as [number, number][], reach)
      spots.sort((a, b) => a.bend - b.bend)
      const spot = spots.find(
        (s) => s.bend < 0.3 && taken.every((t) => Math.hypot(t.x - s.x, t.y - s.y) > 46),
      )
      if (!spot) continue
      taken.push(spot)
      const [x, y] = [spot.x, spot.y + 3.2]
      const turn = element('g', { transform: `rotate(${Math.round(spot.angle)} ${Math.round(spot.x)} ${Math.round(spot.y)})` },
        textElement(texts[k], x, y, { size: 9.5, anchor: 'middle', fill: colour, halo: true })) // biome-ignore format: one call
      parts.push(turn)
    }
  })
  return parts.join('')
}

/** Places on a line with `reach` pixels of it to both sides, with the direction there and how far it bends. */
function straightSpots(frame: MapFrame, line: [number, number][], reach: number): Spot[] {
  const points = line.map((place) => frame.projection(place) ?? [Number.NaN, Number.NaN])
  const along = [0]
  for (let i = 1; i < points.length; i++)
    along.push(along[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]))
  if (!(along[along.length - 1] > 4 * reach + 30)) return []
  const spots: Spot[] = []
  for (let i = 0; i < points.length; i += 4) {
    const [a, b] = [
      along.findIndex((s) => s >= along[i] - reach),
      along.findIndex((s) => s >= along[i] + reach),
    ]
    if (b < 0 || along[i] < reach || a === b) continue
    const [dx, dy] = [points[b][0] - points[a][0], points[b][1] - points[a][1]]
    const chord = Math.hypot(dx, dy)
    const [x, y] = points[i]
    const rim = 2 * reach
    if (x < rim || x > frame.width - rim || y < 12 || y > frame.height - 12) continue
    // The far side of the globe and the seam of the map are no places for labels.
    if (chord < 1.2 * reach || !unproject(frame, x, y) || !sameSide(frame, line[i], x, y)) continue
    const [ex, ey] = [(1.5 * reach * dx) / chord, (1.5 * reach * dy) / chord]
    if (!unproject(frame, x - ex, y - ey) || !unproject(frame, x + ex, y + ey)) continue
    let angle = (Math.atan2(dy, dx) * 180) / Math.PI
    if (angle > 90) angle -= 180
    if (angle < -90) angle += 180
    spots.push({ x, y, angle, bend: (along[b] - along[a]) / chord - 1 + Math.abs(angle) / 400 })
  }
  return spots
}

function sameSide(frame: MapFrame, place: [number, number], x: number, y: number): boolean {
  const back = unproject(frame, x, y)
  return (
    back !== undefined &&
    Math.abs(back[1] - place[1]) < 1 &&
    Math.abs(((back[0] - place[0] + 540) % 360) - 180) < 1
  )
}
