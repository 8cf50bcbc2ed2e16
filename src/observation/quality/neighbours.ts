import { earthRadius } from '../../atmosphere/constants.ts'

/**
 * Finds places near one another on the sphere: unit vectors in cubic cells as wide as the search, so that poles and
 * the date line are nothing special.
 */
export class Neighbours {
  readonly #vectors: Float64Array
  readonly #cells = new Map<string, number[]>()
  readonly #chord: number

  /** @param radius km */
  constructor(latitude: ArrayLike<number>, longitude: ArrayLike<number>, radius: number) {
    this.#chord = 2 * Math.sin(Math.min(radius / (2e-3 * earthRadius), Math.PI / 2))
    this.#vectors = new Float64Array(3 * latitude.length)
    const radians = Math.PI / 180
    for (let i = 0; i < latitude.length; i++) {
      const [a, b] = [latitude[i] * radians, longitude[i] * radians]
      this.#vectors.set([Math.cos(a) * Math.cos(b), Math.cos(a) * Math.sin(b), Math.sin(a)], 3 * i)
      const key = this.#cell(i).join()
      const cell = this.#cells.get(key)
      if (cell) cell.push(i)
      else this.#cells.set(key, [i])
    }
  }

  /** The places within the radius of place `i`, itself left out. */
  of(i: number): number[] {
    const [x, y, z] = this.#cell(i)
    const v = this.#vectors
    const found: number[] = []
    for (let a = x - 1; a <= x + 1; a++)
      for (let b = y - 1; b <= y + 1; b++)
        for (let c = z - 1; c <= z + 1; c++)
          for (const j of this.#cells.get(`${a},${b},${c}`) ?? []) {
            const apart = Math.hypot(
              v[3 * i] - v[3 * j],
              v[3 * i + 1] - v[3 * j + 1],
              v[3 * i + 2] - v[3 * j + 2],
            )
            if (j !== i && apart <= this.#chord) found.push(j)
          }
    return found
  }

  #cell(i: number): number[] {
    return [0, 1, 2].map((k) => Math.floor(this.#vectors[3 * i + k] / this.#chord))
  }
}
