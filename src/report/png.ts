import { createCanvas } from '@napi-rs/canvas'

/** A raster image: RGBA bytes, row by row from the top. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8ClampedArray
}

/** PNG bytes of a raster. */
export function encodePng({ width, height, pixels }: Raster): Uint8Array {
  const canvas = createCanvas(width, height)
  const context = canvas.getContext('2d')
  const image = context.createImageData(width, height)
  image.data.set(pixels)
  context.putImageData(image, 0, 0)
  return canvas.toBuffer('image/png')
}

/** PNG bytes as an address that stands inside an SVG or a page. */
export function dataAddress(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64')}`
}
