import { createCanvas, loadImage } from '@napi-rs/canvas'

/** A decoded PNG, read by another library than the one that wrote it. */
export interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green, blue of a pixel. */
  at(x: number, y: number): [number, number, number]
  /** Number of distinct colours. */
  colours(): number
  /** Share of pixels for which the test holds. */
  share(test: (rgb: [number, number, number]) => boolean): number
}

export async function pixelsOf(png: Uint8Array): Promise<Pixels> {
  const image = await loadImage(Buffer.from(png))
  const { width, height } = image
  const context = createCanvas(width, height).getContext('2d')
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  const at = (x: number, y: number): [number, number, number] => {
    const k = 4 * (Math.floor(y) * width + Math.floor(x))
    return [data[k], data[k + 1], data[k + 2]]
  }
  return {
    width,
    height,
    at,
    colours: () => new Set(new Uint32Array(data.buffer, data.byteOffset, width * height)).size,
    share(test) {
      let count = 0
      for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (test(at(x, y))) count++
      return count / (width * height)
    },
  }
}
