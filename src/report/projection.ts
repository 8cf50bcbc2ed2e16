/// <reference path="./d3-geo-projection.d.ts" />
import { type GeoProjection, geoEquirectangular, geoOrthographic, geoPath, geoProjection } from 'd3-geo'
import { geoRobinson } from 'd3-geo-projection'
import { ConfigError, didYouMean } from '../base/errors.ts'

/** The map projections. */
export const projectionNames = ['robinson', 'orthographic', 'equirectangular'] as const
/** Name of a map projection. */
export type ProjectionName = (typeof projectionNames)[number]

/** Degrees; east may be less than west for a region across the date line. */
export interface Region {
  readonly west: number
  readonly east: number
  readonly south: number
  readonly north: number
}

/** Middle and part of the world of a map. */
export interface ProjectionOptions {
  readonly projection?: ProjectionName
  /** Longitude and latitude in the middle of the map (default 0, 0; the latitude is for the orthographic alone). */
  readonly centre?: readonly [longitude: number, latitude: number]
  /** Shows a part of the world, filling a rectangle. */
  readonly region?: Region
}

/** What d3 draws into. */
interface GeoSink {
  point(x: number, y: number): void
  lineStart(): void
  lineEnd(): void
  polygonStart(): void
  polygonEnd(): void
  sphere?(): void
}

/** What a map needs of a projection of d3-geo, whose types users of this package need not have. */
export interface MapProjection {
  /** CSS pixels of [longitude, latitude]; null where the projection has no such place. */
  (place: [number, number]): [number, number] | null
  invert?(point: [number, number]): [number, number] | null
  /** Draws through the projection, clipped to what it shows. */
  stream(sink: GeoSink): GeoSink
}

/** A projection fitted to a width: the map lies in [0, width] x [0, height], in CSS pixels. */
export interface MapFrame {
  readonly projection: MapProjection
  readonly width: number
  readonly height: number
  /** SVG path of the map's outline. */
  readonly outline: string
  /** True for a rectangle cut out of the world. */
  readonly regional: boolean
}

/** @throws ConfigError for an unknown name. */
export function parseProjection(name: string): ProjectionName {
  const known = projectionNames.find((p) => p === name.toLowerCase())
  if (!known)
    throw new ConfigError(
      `no projection ${JSON.stringify(name)}${didYouMean(name, projectionNames)}; there are ${projectionNames.join(', ')}`,
    )
  return known
}

/** Fits a projection to `width` CSS pixels. @throws ConfigError for a region without an area. */
export function mapFrame(width: number, options: ProjectionOptions = {}): MapFrame {
  const { projection: name = 'robinson', centre = [0, 0], region } = options
  const make = { robinson: geoRobinson, orthographic: geoOrthographic, equirectangular: geoEquirectangular }[
    name
  ]
  if (region) {
    const stretched = name === 'equirectangular' ? plateCarree((region.south + region.north) / 2) : make()
    return regionalFrame(stretched.precision(0.3), name, width, region)
  }
  const projection = make().precision(0.3)
  projection.rotate([-centre[0], name === 'orthographic' ? -centre[1] : 0])
  const sphere = { type: 'Sphere' } as const
  projection.fitWidth(width, sphere)
  const path = geoPath(projection)
  const height = path.bounds(sphere)[1][1]
  return { projection, width, height, outline: path.digits(2)(sphere) ?? '', regional: false }
}

/** The equirectangular projection that is true along a parallel (Snyder 1987, eq. 12-1), so that shapes are right there. */
function plateCarree(parallel: number): GeoProjection {
  const c = Math.max(0.2, Math.cos((parallel * Math.PI) / 180))
  const raw = (lambda: number, phi: number): [number, number] => [c * lambda, phi]
  raw.invert = (x: number, y: number): [number, number] => [x / c, y]
  return geoProjection(raw)
}

function regionalFrame(
  projection: GeoProjection,
  name: ProjectionName,
  width: number,
  region: Region,
): MapFrame {
  const { west, south, north } = region
  const east = region.east > west ? region.east : region.east + 360
  if (!(south < north && south >= -90 && north <= 90 && east - west <= 360))
    throw new ConfigError(`a region needs south < north within -90..90, got ${south}..${north}`)
  const middle = (south + north) / 2
  projection.rotate([-(west + east) / 2, name === 'orthographic' ? -middle : 0])
  projection.fitWidth(width, rim(west, east, south, north))
  const [[, top], [, bottom]] = geoPath(projection).bounds(rim(west, east, south, north))
  const [x, y] = projection.translate()
  projection.translate([x, y - top])
  const height = bottom - top
  projection.clipExtent([[0, 0], [width, height]]) // biome-ignore format: a box
  return { projection, width, height, outline: rectangle(width, height), regional: true }
}

const rectangle = (width: number, height: number) => `M0,0H${width}V${height.toFixed(2)}H0Z`

/** Points along the rim of a region; points rather than lines, which d3 would draw as great circles. */
function rim(west: number, east: number, south: number, north: number) {
  const coordinates: [number, number][] = []
  for (let k = 0; k <= 40; k++) {
    const [x, y] = [west + ((east - west) * k) / 40, south + ((north - south) * k) / 40]
    coordinates.push([x, south], [x, north], [west, y], [east, y])
  }
  return { type: 'MultiPoint' as const, coordinates }
}

/** Where a map pixel lies on the globe, [longitude, latitude]; undefined beside the globe. */
export function unproject({ projection }: MapFrame, x: number, y: number): [number, number] | undefined {
  const place = projection.invert?.([x, y])
  if (!place || !Number.isFinite(place[0]) || !Number.isFinite(place[1])) return undefined
  // Inversions go on beyond the rim; only true ones come back to where they started.
  const back = projection(place)
  if (!back || Math.hypot(back[0] - x, back[1] - y) > 0.5) return undefined
  return place
}
