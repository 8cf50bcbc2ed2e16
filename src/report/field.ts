import { DataError } from '../base/errors.ts'

/**
 * A scalar field on a latitude-longitude grid. `values` has shape [latitude, longitude], row-major. Latitudes run
 * either way, longitudes rise eastwards from any origin; a grid that spans the globe is cyclic. Degrees.
 */
export interface LatLonField {
  readonly latitude: ArrayLike<number>
  readonly longitude: ArrayLike<number>
  readonly values: ArrayLike<number>
}

/** How values between grid points are drawn: each cell flat, linear between points, or a smooth cubic. */
export type Interpolation = 'nearest' | 'linear' | 'cubic'

/** The value at a place, in degrees; NaN outside the grid and where values are missing. */
export type Sampler = (longitude: number, latitude: number) => number

/** @throws DataError when the sizes do not fit or a coordinate is not monotonic. */
export function checkField({ latitude, longitude, values }: LatLonField): void {
  if (latitude.length < 2 || longitude.length < 2)
    throw new DataError(
      `a map needs a grid of at least 2 x 2 points, got ${latitude.length} x ${longitude.length}`,
    )
  if (values.length !== latitude.length * longitude.length)
    throw new DataError(
      `${values.length} values do not fill a grid of ${latitude.length} latitudes x ${longitude.length} longitudes`,
    )
  if (!monotonic(latitude)) throw new DataError('latitudes neither rise nor fall all the way')
  if (!monotonic(longitude) || longitude[1] < longitude[0])
    throw new DataError('longitudes do not rise all the way; a grid across the date line goes on beyond 180')
}

function monotonic(axis: ArrayLike<number>): boolean {
  const sign = Math.sign(axis[1] - axis[0])
  for (let i = 1; i < axis.length; i++)
    if (!(Math.sign(axis[i] - axis[i - 1]) === sign && sign !== 0)) return false
  return true
}

/** Whether the longitudes go round the globe. */
export function isCyclic(longitude: ArrayLike<number>): boolean {
  const n = longitude.length
  const span = longitude[n - 1] - longitude[0]
  return span + (1.5 * span) / (n - 1) >= 360
}

/**
 * Interpolates a field. Towards a pole that the grid does not hold, values go linearly to the mean of the last row.
 * 'cubic' is the Catmull-Rom spline; it passes through the values and may overshoot between them.
 */
export function sampler(field: LatLonField, interpolation: Interpolation = 'linear'): Sampler {
  checkField(field)
  const rows = withPoles(field)
  const cyclic = isCyclic(field.longitude)
  const [lats, lons] = [rows.latitude, Float64Array.from(field.longitude)]
  const [m, n] = [lats.length, lons.length]
  const west = lons[0]
  const half = (lons[n - 1] - lons[0]) / (n - 1) / 2
  const edge = (lats[m - 1] - lats[0]) / (m - 1) / 2
  const value = (i: number, j: number) => {
    const column = cyclic ? (j + n) % n : j
    if (i < 0 || i >= m || column < 0 || column >= n) return Number.NaN
    return rows.values[i * n + column]
  }
  return (longitude, latitude) => {
    // A cell reaches half a step beyond its point at the rim of a regional grid.
    const x = west + ((((longitude - west + (cyclic ? 0 : half)) % 360) + 360) % 360) - (cyclic ? 0 : half)
    let j = find(lons, x)
    let i = find(lats, latitude)
    const rightGap = j === n - 1 ? lons[0] + 360 - lons[j] : lons[Math.max(j, 0) + 1] - lons[Math.max(j, 0)]
    if (!cyclic && (x < lons[0] - half || x > lons[n - 1] + half)) return Number.NaN
    if (latitude < lats[0] - edge || latitude > lats[m - 1] + edge) return Number.NaN
    i = Math.min(Math.max(i, 0), m - 2)
    let b = (latitude - lats[i]) / (lats[i + 1] - lats[i])
    b = Math.min(1, Math.max(0, b))
    if (!cyclic) j = Math.min(Math.max(j, 0), n - 2)
    const a = Math.min(1, Math.max(0, (x - lons[j]) / rightGap))
    if (interpolation === 'nearest') return value(b < 0.5 ? i : i + 1, a < 0.5 ? j : j + 1)
    if (interpolation === 'cubic') {
      const smooth = cubic((k) => cubic((l) => value(clampRow(i + k, m), j + l), a), b)
      if (Number.isFinite(smooth)) return smooth
    }
    return bilinear(value(i, j), value(i, j + 1), value(i + 1, j), value(i + 1, j + 1), a, b)
  }
}

const clampRow = (i: number, m: number) => Math.min(m - 1, Math.max(0, i))

/** Catmull-Rom through four values at -1, 0, 1, 2, at t in [0, 1]. */
function cubic(at: (k: number) => number, t: number): number {
  const [p, q, r, s] = [at(-1), at(0), at(1), at(2)]
  return q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)))
}

/** Bilinear over the corners that are there, as long as they carry half of the weight. */
function bilinear(q00: number, q01: number, q10: number, q11: number, a: number, b: number): number {
  const corners = [q00, q01, q10, q11]
  const weights = [(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b]
  let sum = 0
  let weight = 0
  for (let k = 0; k < 4; k++)
    if (Number.isFinite(corners[k])) {
      sum += weights[k] * corners[k]
      weight += weights[k]
    }
  return weight >= 0.5 ? sum / weight : Number.NaN
}

/** The greatest index whose value is <= x, -1 if none. */
function find(axis: Float64Array, x: number): number {
  let [low, high] = [-1, axis.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (axis[middle] <= x) low = middle
    else high = middle - 1
  }
  return low
}

/** The field south to north, with rows at the poles where a global grid stops short of them by about a step. */
function withPoles(field: LatLonField): { latitude: Float64Array; values: Float64Array } {
  const n = field.longitude.length
  const lats = [...Array.from(field.latitude)]
  const rows = lats.map((_, i) => Array.from({ length: n }, (_, j) => field.values[i * n + j]))
  if (lats[0] > lats[1]) {
    lats.reverse()
    rows.reverse()
  }
  const step = (lats[lats.length - 1] - lats[0]) / (lats.length - 1)
  if (isCyclic(field.longitude)) {
    const mean = (row: number[]) => row.reduce((a, b) => a + b, 0) / n
    if (lats[0] > -90 + 1e-6 && lats[0] < -90 + 1.2 * step) {
      rows.unshift(new Array(n).fill(mean(rows[0])))
      lats.unshift(-90)
    }
    const top = lats.length - 1
    if (lats[top] < 90 - 1e-6 && lats[top] > 90 - 1.2 * step) {
      rows.push(new Array(n).fill(mean(rows[top])))
      lats.push(90)
    }
  }
  return { latitude: Float64Array.from(lats), values: Float64Array.from(rows.flat()) }
}
