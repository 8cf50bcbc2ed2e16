import { type LatLonField, sampler } from './field.ts'
import { type MapFrame, unproject } from './projection.ts'
import { element, round, textElement } from './svg.ts'
import { theme } from './theme.ts'

/** Wind at 10 m or on a level: eastward and northward components in m s-1 on one grid. */
export interface WindLayer {
  readonly u: LatLonField
  readonly v: LatLonField
  /** Arrows grow with the speed; barbs count knots: half 5, full 10, flag 50 (the default is arrows). */
  readonly symbol?: 'arrows' | 'barbs'
  /** Distance of the symbols in CSS pixels (default 22). */
  readonly spacing?: number
}

interface WindPoint {
  readonly x: number
  readonly y: number
  /** Unit vector of the flow on the map, and the speed in m s-1. */
  readonly direction: readonly [number, number]
  readonly speed: number
  readonly latitude: number
}

/** Winds on a staggered lattice of map points, turned with the local east and north of the projection. */
export function windPoints(frame: MapFrame, { u, v, spacing = 22 }: WindLayer): WindPoint[] {
  const [sampleU, sampleV] = [sampler(u), sampler(v)]
  const points: WindPoint[] = []
  for (let row = 0; row * spacing * 0.87 < frame.height; row++)
    for (let column = 0; column * spacing < frame.width; column++) {
      const x = (column + (row % 2 ? 1 : 0.5)) * spacing
      const y = (row + 0.5) * spacing * 0.87
      const place = unproject(frame, x, y)
      if (!place || Math.abs(place[1]) > 86) continue
      const [east, north] = [sampleU(...place), sampleV(...place)]
      const speed = Math.hypot(east, north)
      const axes = localAxes(frame, place)
      if (!Number.isFinite(speed) || speed === 0 || !axes) continue
      const dx = (east * axes.east[0] + north * axes.north[0]) / speed
      const dy = (east * axes.east[1] + north * axes.north[1]) / speed
      const length = Math.hypot(dx, dy)
      points.push({ x, y, direction: [dx / length, dy / length], speed, latitude: place[1] })
    }
  return points
}

/** Unit vectors on the map of east and north at a place. */
function localAxes(frame: MapFrame, [lon, lat]: [number, number]) {
  const unit = (a: readonly number[] | null, b: readonly number[] | null): [number, number] | undefined => {
    if (!a || !b) return undefined
    const length = Math.hypot(a[0] - b[0], a[1] - b[1])
    // A step over the seam of the map leaps far.
    return length > 0 && length < 20 ? [(a[0] - b[0]) / length, (a[1] - b[1]) / length] : undefined
  }
  const { projection } = frame
  const step = 0.05 / Math.max(0.05, Math.cos((lat * Math.PI) / 180))
  const east = unit(projection([lon + step, lat]), projection([lon - step, lat]))
  const north = unit(projection([lon, lat + 0.05]), projection([lon, lat - 0.05]))
  return east && north ? { east, north } : undefined
}

/** SVG of the wind symbols and, for arrows, of a key below the map's right end. */
export function windLayer(frame: MapFrame, layer: WindLayer): { symbols: string; key: string } {
  const points = windPoints(frame, layer)
  if (points.length === 0) return { symbols: '', key: '' }
  const ink = { fill: 'none', stroke: theme.ink, 'stroke-width': 0.9, 'stroke-linecap': 'round' }
  if (layer.symbol === 'barbs') {
    const flags: string[] = []
    const d = points.map((p) => barb(p, flags)).join('')
    return {
      symbols: element('path', { d, ...ink }) + element('path', { d: flags.join(''), fill: theme.ink }),
      key: textElement('Barbs: 5, 10, 50 kn', frame.width, 0, {
        size: theme.size.small,
        anchor: 'end',
        fill: theme.muted,
      }),
    }
  }
  const spacing = layer.spacing ?? 22
  const speeds = points.map((p) => p.speed).sort((a, b) => a - b)
  const strong = speeds[Math.floor(0.97 * (speeds.length - 1))]
  const perSpeed = (1.45 * spacing) / strong
  const reference = keySpeed(strong)
  const d = points
    .map((p) => arrow(p.x, p.y, p.direction, Math.min(perSpeed * p.speed, 1.9 * spacing)))
    .join('')
  const length = perSpeed * reference
  const key =
    element('path', { d: arrow(frame.width - 50 - length / 2, -3.5, [1, 0], length), ...ink }) +
    textElement(`${reference} m s⁻¹`, frame.width, 0, {
      size: theme.size.small,
      anchor: 'end',
      fill: theme.muted,
    })
  return { symbols: element('path', { d, ...ink }), key }
}

/** The greatest of 1, 2, 5, 10, 20 ... that is not above a speed. */
function keySpeed(speed: number): number {
  const power = 10 ** Math.floor(Math.log10(speed))
  return ([5, 2].find((f) => f * power <= speed) ?? 1) * power
}

/** An arrow centred on a point. */
function arrow(x: number, y: number, [dx, dy]: readonly [number, number], length: number): string {
  if (length < 1.2) return ''
  const [tx, ty] = [x + (dx * length) / 2, y + (dy * length) / 2]
  const head = Math.min(4, 0.42 * length)
  const side = (sign: number) => {
    const [c, s] = [Math.cos(2.6), Math.sin(2.6) * sign]
    return `${round(tx + head * (dx * c - dy * s))},${round(ty + head * (dx * s + dy * c))}`
  }
  const line = `M${round(x - (dx * length) / 2)},${round(y - (dy * length) / 2)}L${round(tx)},${round(ty)}`
  return `${line}M${side(1)}L${round(tx)},${round(ty)}L${side(-1)}`
}

/**
 * A barb: the staff points to where the wind comes from; the strokes are on the side of the lower pressure, left of
 * the flow in the northern hemisphere and right of it in the southern.
 */
function barb({ x, y, direction: [dx, dy], speed, latitude }: WindPoint, flags: string[]): string {
  let knots = Math.round((speed * 3600) / 1852 / 5) * 5
  if (knots === 0) return `M${round(x - 1.8)},${round(y)}a1.8,1.8 0 1 0 3.6,0a1.8,1.8 0 1 0 -3.6,0`
  const [staff, gap, size] = [15, 2.8, 6]
  const side = latitude < 0 ? 1 : -1
  // On a map y goes down: left of (dx, dy) is (dy, -dx).
  const [px, py] = [-dy * side, dx * side]
  const at = (along: number, out = 0) =>
    `${round(x - dx * along + px * out)},${round(y - dy * along + py * out)}`
  let d = `M${at(0)}L${at(staff)}`
  let along = staff
  if (knots < 10) along -= gap
  for (; knots >= 50; knots -= 50) {
    flags.push(`M${at(along)}L${at(along - gap / 2, size)}L${at(along - gap)}Z`)
    along -= 1.4 * gap
  }
  for (; knots >= 10; knots -= 10) {
    d += `M${at(along)}L${at(along + gap / 2, size)}`
    along -= gap
  }
  if (knots >= 5) d += `M${at(along)}L${at(along + gap / 4, size / 2)}`
  return d
}
