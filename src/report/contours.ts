import { contours as d3contours } from 'd3-contour'
import type { MultiLineString } from 'geojson'
import { checkField, type Interpolation, isCyclic, type LatLonField, sampler } from './field.ts'

/** Isolines of one value. */
export interface Isoline {
  readonly value: number
  /** Lines of [longitude, latitude] in degrees; a line round the globe goes on beyond 180. */
  readonly lines: MultiLineString
}

/**
 * Isolines of a field at the given values: the field is resampled to about `step` degrees, so that lines are as
 * smooth as the filled colours below them, and followed across the seam of the grid.
 */
export function isolines(
  field: LatLonField,
  values: readonly number[],
  { interpolation = 'linear', step = 1.5 }: { interpolation?: Interpolation; step?: number } = {},
): Isoline[] {
  checkField(field)
  const sample = sampler(field, interpolation)
  const cyclic = isCyclic(field.longitude)
  const lats = Array.from(field.latitude)
  const [south, north] = [Math.min(...lats), Math.max(...lats)]
  const dlat = (north - south) / (lats.length - 1)
  const bottom = cyclic && south - 1.2 * dlat < -90 ? -90 : south
  const top = cyclic && north + 1.2 * dlat > 90 ? 90 : north
  const west = field.longitude[0]
  const span = cyclic ? 360 : field.longitude[field.longitude.length - 1] - west
  const [n, m] = [Math.max(2, Math.ceil(span / step)) + 1, Math.max(2, Math.ceil((top - bottom) / step)) + 1]
  // A column of padding to each side: where the grid is cyclic, lines run over the seam.
  const [width, dx, dy] = [n + 2, span / (n - 1), (top - bottom) / (m - 1)]
  const grid = new Float64Array(width * m)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < width; j++) {
      const column = cyclic ? j - 1 : Math.min(n - 1, Math.max(0, j - 1))
      grid[i * width + j] = sample(west + column * dx, top - i * dy)
    }
  const find = d3contours().size([width, m]).smooth(true)
  return values.map((value) => {
    const lines: [number, number][][] = []
    for (const polygon of find.contour(Array.from(grid), value).coordinates)
      for (const ring of polygon) lines.push(...insidePieces(ring as [number, number][], n, m))
    const place = ([x, y]: [number, number]): [number, number] => [
      west + (x - 1.5) * dx,
      top - (y - 0.5) * dy,
    ]
    return { value, lines: { type: 'MultiLineString', coordinates: lines.map((line) => line.map(place)) } }
  })
}

/** The parts of a ring that are isolines rather than the rim of the grid or its padding. */
function insidePieces(ring: [number, number][], n: number, m: number): [number, number][][] {
  const inside = (a: [number, number], b: [number, number]) => {
    const [x, y] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
    return x >= 1.5 - 1e-9 && x <= n + 0.5 + 1e-9 && y > 0.5 && y < m - 0.5
  }
  const pieces: [number, number][][] = []
  let open: [number, number][] = []
  for (let k = 1; k < ring.length; k++) {
    if (inside(ring[k - 1], ring[k])) {
      if (open.length === 0) open.push(ring[k - 1])
      open.push(ring[k])
    } else if (open.length) {
      pieces.push(open)
      open = []
    }
  }
  if (open.length) {
    // A closed ring starts anywhere: its end goes on at its start.
    const first = pieces[0]
    if (first && first[0] === ring[0]) pieces[0] = [...open, ...first.slice(1)]
    else pieces.push(open)
  }
  return pieces
}
