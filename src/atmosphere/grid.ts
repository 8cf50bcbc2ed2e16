import { DataError } from '../base/errors.ts'
import { gaussLegendre } from './gauss-legendre.ts'

/**
 * How the rows lie: evenly with or without rows on the poles, at Gaussian latitudes, or in some other way.
 */
export type GridKind = 'equiangular' | 'equiangular-with-poles' | 'gaussian' | 'other'

const radians = Math.PI / 180
const degrees = 180 / Math.PI

/** Share of a spacing by which stored coordinates (float32, GRIB1 millidegrees) may miss the exact ones. */
const tolerance = 0.01

/**
 * A latitude-longitude grid: rows at `latitude` and columns at `longitude`, degrees, in the order of the
 * arrays that hold its fields ([..., latitude, longitude]). Rows may lie in either order and at any spacing;
 * columns are evenly spaced, in either direction and from any origin (they may leave -180..360, so that they
 * are monotonic).
 */
export class Grid {
  readonly latitude: Float64Array
  readonly longitude: Float64Array
  readonly kind: GridKind
  /** Whether the columns go once round the Earth. */
  readonly periodic: boolean

  private constructor(latitude: Float64Array, longitude: Float64Array, kind: GridKind) {
    this.latitude = latitude
    this.longitude = longitude
    this.kind = kind
    const width = longitude.length > 1 ? Math.abs(longitude[1] - longitude[0]) : 360
    this.periodic = Math.abs(width * longitude.length - 360) < tolerance * width
  }

  /**
   * An evenly spaced global grid, north to south, longitudes from 0: cell centres half a spacing from the
   * poles, or rows on the poles when `poles` is set (721 x 1440 ERA5).
   */
  static equiangular(rows: number, columns: number, { poles = false }: { poles?: boolean } = {}): Grid {
    checkCount(rows, poles ? 2 : 1, 'rows')
    checkCount(columns, 1, 'columns')
    const spacing = 180 / (poles ? rows - 1 : rows)
    const latitude = Float64Array.from({ length: rows }, (_, i) => 90 - (i + (poles ? 0 : 0.5)) * spacing)
    return new Grid(latitude, fromZero(columns), poles ? 'equiangular-with-poles' : 'equiangular')
  }

  /**
   * The full Gaussian grid of `rows` latitudes, north to south, with `columns` (2 x rows) longitudes from 0.
   */
  static gaussian(rows: number, columns = 2 * rows): Grid {
    checkCount(rows, 1, 'rows')
    checkCount(columns, 1, 'columns')
    return new Grid(gaussianLatitudes(rows), fromZero(columns), 'gaussian')
  }

  /**
   * A grid from coordinates as stored, kept in their order; its kind is recognised. Longitudes may start
   * anywhere and may jump by 360 once (0..180, -179..-1). Units are degrees unless given ("radians",
   * "degrees_north", ...).
   * @throws DataError for values that are not finite, out of range, not monotonic or not evenly spaced
   *   columns, and when the last column repeats the first.
   */
  static fromCoordinates(
    latitude: ArrayLike<number>,
    longitude: ArrayLike<number>,
    units: { latitude?: string; longitude?: string } = {},
  ): Grid {
    const rows = inDegrees(latitude, units.latitude, 'latitude')
    const columns = unwrap(inDegrees(longitude, units.longitude, 'longitude'))
    const beyond = rows.find((value) => Math.abs(value) > 90 + 1e-4)
    if (beyond !== undefined)
      throw new DataError(`latitude ${beyond} is outside -90..90 (are latitude and longitude exchanged?)`)
    for (let i = 0; i < rows.length; i++) rows[i] = Math.min(90, Math.max(-90, rows[i]))
    const sign = Math.sign(rows.at(-1)! - rows[0])
    for (let i = 1; i < rows.length; i++)
      if (!((rows[i] - rows[i - 1]) * sign > 0))
        throw new DataError(`latitudes are not monotonic at index ${i}: ${rows[i - 1]}, ${rows[i]}`)
    checkColumns(columns)
    return new Grid(rows, columns, kindOf(rows))
  }

  /** Number of latitudes. */
  get rows(): number {
    return this.latitude.length
  }

  /** Number of longitudes. */
  get columns(): number {
    return this.longitude.length
  }

  /** Number of points. */
  get size(): number {
    return this.rows * this.columns
  }

  /** Spacing of the columns in degrees, negative when they run westward; 360 for a single column. */
  get longitudeSpacing(): number {
    return this.columns > 1 ? (this.longitude.at(-1)! - this.longitude[0]) / (this.columns - 1) : 360
  }

  /**
   * Sines of the rows+1 cell edges, in row order. Edges lie half-way between rows and at most at the poles;
   * those of a Gaussian grid lie where the cumulated Gauss weights do, so that its cell areas are the
   * quadrature weights.
   */
  sineEdges(): Float64Array {
    const { latitude, rows } = this
    const edges = new Float64Array(rows + 1)
    const direction = rows > 1 && latitude[1] > latitude[0] ? 1 : -1
    if (this.kind === 'gaussian') {
      const { weights } = gaussLegendre(rows)
      edges[0] = -direction
      for (let i = 0; i < rows; i++) edges[i + 1] = edges[i] + direction * weights[i]
      edges[rows] = direction
      return edges
    }
    const at = (value: number) => Math.sin(radians * Math.min(90, Math.max(-90, snapPole(value))))
    if (rows === 1) return Float64Array.of(1, -1)
    for (let i = 1; i < rows; i++) edges[i] = at((latitude[i - 1] + latitude[i]) / 2)
    edges[0] = at(latitude[0] - (latitude[1] - latitude[0]) / 2)
    edges[rows] = at(latitude[rows - 1] + (latitude[rows - 1] - latitude[rows - 2]) / 2)
    return edges
  }

  /**
   * Area of one cell of each row, steradians (exact on the sphere): [rows]. Times `columns`, they sum to 4
   * pi.
   */
  cellAreas(): Float64Array {
    const edges = this.sineEdges()
    const width = Math.abs(this.longitudeSpacing) * radians
    return Float64Array.from({ length: this.rows }, (_, i) => Math.abs(edges[i + 1] - edges[i]) * width)
  }

  /** w = cos(lat) / mean(cos(lat)), the weights of the paper's WRMSE: [rows], mean 1. Zero on the poles. */
  latitudeWeights(): Float64Array {
    return meanOne(this.latitude.map((value) => Math.max(0, Math.cos(value * radians))))
  }

  /** Exact cell areas scaled to mean 1 (WeatherBench2's weights): [rows]. Positive on the poles. */
  areaWeights(): Float64Array {
    return meanOne(this.cellAreas())
  }

  /** Whether both have the same coordinates within 1e-4 degrees, longitudes modulo 360. */
  equals(other: Grid): boolean {
    if (this.rows !== other.rows || this.columns !== other.columns) return false
    return (
      this.latitude.every((value, i) => Math.abs(value - other.latitude[i]) < 1e-4) &&
      this.longitude.every((value, j) => {
        const turns = (value - other.longitude[j]) / 360
        return Math.abs(turns - Math.round(turns)) * 360 < 1e-4
      })
    )
  }

  /** "64x32 equiangular, 87.19..-87.19 N, 0..354.38 E". */
  toString(): string {
    const { latitude, longitude } = this
    const two = (value: number) => Number(value.toFixed(2)).toString()
    const extent = `${two(latitude[0])}..${two(latitude.at(-1)!)} N, ${two(longitude[0])}..${two(longitude.at(-1)!)} E`
    return `${this.columns}x${this.rows} ${this.kind}${this.periodic ? '' : ' regional'}, ${extent}`
  }
}

/** The `rows` Gaussian latitudes, degrees, north to south. */
export function gaussianLatitudes(rows: number): Float64Array {
  return gaussLegendre(rows).nodes.map((sine) => Math.asin(sine) * degrees)
}

function fromZero(columns: number): Float64Array {
  return Float64Array.from({ length: columns }, (_, j) => (360 * j) / columns)
}

function checkCount(count: number, least: number, what: string) {
  if (!Number.isInteger(count) || count < least)
    throw new DataError(`a grid of ${count} ${what} is impossible`)
}

/** Float32 midpoints may miss the pole by a hair; the cell still ends there. */
function snapPole(value: number): number {
  return Math.abs(Math.abs(value) - 90) < 1e-3 ? Math.sign(value) * 90 : value
}

function meanOne(weights: Float64Array): Float64Array {
  const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length
  return weights.map((w) => w / mean)
}

function inDegrees(values: ArrayLike<number>, units: string | undefined, what: string): Float64Array {
  if (values.length === 0) throw new DataError(`there are no ${what}s`)
  let scale = 1
  if (units !== undefined && !/^(deg|°|$)/i.test(units)) {
    if (!/^rad/i.test(units))
      throw new DataError(`${what} has units '${units}'; degrees or radians are understood`)
    scale = degrees
  }
  const result = Float64Array.from(values, (value) => value * scale)
  const bad = result.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw new DataError(`${what} ${values[bad]} at index ${bad} is not a finite number`)
  return result
}

/** Removes the one jump of about 360 degrees that -180..180 or rolled axes have. */
function unwrap(longitude: Float64Array): Float64Array {
  let shift = 0
  const direction =
    longitude.length > 1 ? Math.sign(Math.sin((longitude[1] - longitude[0]) * radians)) || 1 : 1
  return longitude.map((value, j) => {
    const step = j > 0 ? value - longitude[j - 1] : 0
    if (step * direction < -180) shift += 360 * direction
    return value + shift
  })
}

function checkColumns(longitude: Float64Array) {
  const count = longitude.length
  const range = longitude.find((value) => Math.abs(value) > 720)
  if (range !== undefined) throw new DataError(`longitude ${range} is outside -360..360`)
  if (count === 1) return
  const spacing = (longitude[count - 1] - longitude[0]) / (count - 1)
  for (let j = 1; j < count; j++) {
    const step = longitude[j] - longitude[j - 1]
    if (!(Math.abs(step - spacing) <= tolerance * Math.abs(spacing)) || spacing === 0)
      throw new DataError(
        `longitudes are not evenly spaced at index ${j}: ${longitude[j - 1]}, ${longitude[j]} (mean spacing ${spacing})`,
      )
  }
  const excess = Math.abs(spacing) * count - 360
  if (excess > tolerance * Math.abs(spacing))
    throw new DataError(
      Math.abs(excess - Math.abs(spacing)) < tolerance * Math.abs(spacing)
        ? `the last longitude ${longitude[count - 1]} repeats the first, ${longitude[0]}; leave it out`
        : `longitudes go round the Earth more than once: ${longitude[0]}..${longitude[count - 1]}`,
    )
}

function kindOf(latitude: Float64Array): GridKind {
  const n = latitude.length
  if (n === 1) return 'other'
  const northFirst = latitude[0] > latitude[1] ? latitude : latitude.slice().reverse()
  const fits = (wanted: Float64Array) =>
    northFirst.every((value, i) => Math.abs(value - wanted[i]) < (tolerance * 180) / n)
  if (fits(Grid.equiangular(n, 1).latitude)) return 'equiangular'
  if (fits(Grid.equiangular(n, 1, { poles: true }).latitude)) return 'equiangular-with-poles'
  if (fits(gaussianLatitudes(n))) return 'gaussian'
  return 'other'
}
