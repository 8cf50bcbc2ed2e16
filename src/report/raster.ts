import type { Rgb } from './colours.ts'
import type { Sampler } from './field.ts'
import type { Raster } from './png.ts'
import { type MapFrame, unproject } from './projection.ts'
import type { ColourScale } from './scale.ts'

/** Longitudes and latitudes of the pixels of a map, NaN beside the globe; `ratio` pixels to a CSS pixel. */
interface Lattice {
  readonly width: number
  readonly height: number
  readonly longitude: Float64Array
  readonly latitude: Float64Array
}

const lattices = new WeakMap<MapFrame, Map<number, Lattice>>()

function lattice(frame: MapFrame, ratio: number): Lattice {
  const known = lattices.get(frame)?.get(ratio)
  if (known) return known
  const [width, height] = [Math.ceil(frame.width * ratio), Math.ceil(frame.height * ratio)]
  const longitude = new Float64Array(width * height).fill(Number.NaN)
  const latitude = new Float64Array(width * height).fill(Number.NaN)
  const exact = (i: number, j: number) => unproject(frame, (j + 0.5) / ratio, (i + 0.5) / ratio)
  // Inverting a projection is slow: it is done at the corners of blocks, and between them directions are averaged.
  for (let i0 = 0; i0 < height; i0 += block)
    for (let j0 = 0; j0 < width; j0 += block) {
      const corners = [
        exact(i0, j0),
        exact(i0, j0 + block),
        exact(i0 + block, j0),
        exact(i0 + block, j0 + block),
      ]
      const vectors = corners.map((place) => place && direction(place))
      const smooth = closeTogether(vectors)
      for (let i = i0; i < Math.min(i0 + block, height); i++)
        for (let j = j0; j < Math.min(j0 + block, width); j++) {
          const place = smooth
            ? between(vectors as Vector[], (j - j0) / block, (i - i0) / block)
            : exact(i, j)
          if (!place) continue
          longitude[i * width + j] = place[0]
          latitude[i * width + j] = place[1]
        }
    }
  const made = { width, height, longitude, latitude }
  lattices.set(frame, (lattices.get(frame) ?? new Map<number, Lattice>()).set(ratio, made))
  return made
}

/** Pixels along the side of a block. */
const block = 4

type Vector = readonly [number, number, number]

const radians = Math.PI / 180

function direction([longitude, latitude]: readonly [number, number]): Vector {
  const c = Math.cos(latitude * radians)
  return [c * Math.cos(longitude * radians), c * Math.sin(longitude * radians), Math.sin(latitude * radians)]
}

/** False beside the globe, at its rim, across the seam of the map and at a pole, where averaging would mislead. */
function closeTogether(vectors: readonly (Vector | undefined)[]): boolean {
  const first = vectors[0]
  return (
    first !== undefined &&
    vectors.every(
      (v) => v && Math.abs(v[2]) < 0.9995 && v[0] * first[0] + v[1] * first[1] + v[2] * first[2] > 0.998,
    )
  )
}

function between([p, q, r, s]: readonly Vector[], a: number, b: number): [number, number] {
  const mix = (k: 0 | 1 | 2) => (1 - b) * ((1 - a) * p[k] + a * q[k]) + b * ((1 - a) * r[k] + a * s[k])
  const [x, y, z] = [mix(0), mix(1), mix(2)]
  return [Math.atan2(y, x) / radians, Math.atan2(z, Math.hypot(x, y)) / radians]
}

/**
 * Colours every pixel of a map by the field under it; beside the globe and where the field is missing, pixels are
 * transparent. `ratio` pixels to a CSS pixel. The globe's rim is grown by two pixels, to be cut clean by a clip path.
 */
export function rasterise(frame: MapFrame, sample: Sampler, scale: ColourScale, ratio = 2): Raster {
  const { width, height, longitude, latitude } = lattice(frame, ratio)
  const pixels = new Uint8ClampedArray(4 * width * height)
  const paint = (at: number, rgb: Rgb) => pixels.set([rgb[0], rgb[1], rgb[2], 255], 4 * at)
  for (let at = 0; at < width * height; at++) {
    if (Number.isNaN(longitude[at])) continue
    const value = sample(longitude[at], latitude[at])
    if (Number.isFinite(value)) paint(at, scale.colour(value))
  }
  for (let pass = 0; pass < 2; pass++) grow(pixels, width, height, (at) => Number.isNaN(longitude[at]))
  return { width, height, pixels }
}

/** Gives each empty pixel beside the globe the colour of a painted neighbour. */
function grow(pixels: Uint8ClampedArray, width: number, height: number, beside: (at: number) => boolean) {
  const painted = (at: number) => pixels[4 * at + 3] > 0
  const found: [number, number][] = []
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const at = i * width + j
      if (painted(at) || !beside(at)) continue
      const neighbours = [j > 0 ? at - 1 : -1, j < width - 1 ? at + 1 : -1, i > 0 ? at - width : -1]
      neighbours.push(i < height - 1 ? at + width : -1)
      const from = neighbours.find((k) => k >= 0 && painted(k))
      if (from !== undefined) found.push([at, from])
    }
  for (const [at, from] of found) pixels.copyWithin(4 * at, 4 * from, 4 * from + 4)
}
