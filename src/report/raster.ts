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
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const place = unproject(frame, (j + 0.5) / ratio, (i + 0.5) / ratio)
      if (!place) continue
      longitude[i * width + j] = place[0]
      latitude[i * width + j] = place[1]
    }
  const made = { width, height, longitude, latitude }
  lattices.set(frame, (lattices.get(frame) ?? new Map<number, Lattice>()).set(ratio, made))
  return made
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
