import { earthRadius } from '../../atmosphere/constants.ts'

/**
 * Finds places near one another on the sphere: unit vectors in cubic cells as wide as the search, so that poles and
 * the date line are nothing special.
 */
export class Neighbours {
  readonly #vectors: Float64Array
  readonly #cells = new Map<number, number[]>()
  readonly #chord: number

  /** @param radius km */
  constructor(latitude: ArrayLike<number>, longitude: ArrayLike<number>, radius: number) {
    this.#chord = 2 * Math.sin(Math.min(radius / (2e-3 * earthRadius), Math.PI / 2))
    this.#vectors = new Float64Array(3 * latitude.length)
    const radians = Math.PI / 180
    for (let i = 0; i < latitude.length; i++) {
      const [a, b] = [latitude[i] * radians, longitude[i] * radians]
      this.#vectors.set([Math.cos(a) * Math.cos(b), Math.cos(a) * Math.sin(b), Math.sin(a)], 3 * i)
      const [x, y, z] = this.#cell(i)
      const key = keyOf(x, y, z)
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
          for (const j of this.#cells.get(keyOf(a, b, c)) ?? none) {
            const dx = v[3 * i] - v[3 * j]
            const dy = v[3 * i + 1] - v[3 * j + 1]
            const dz = v[3 * i + 2] - v[3 * j + 2]
            if (j !== i && dx * dx + dy * dy + dz * dz <= this.#chord ** 2) found.push(j)
          }
    return found
  }

  #cell(i: number): number[] {
    return [0, 1, 2].map((k) => Math.floor(this.#vectors[3 * i + k] / this.#chord))
  }
}

const none: readonly number[] = []
/** Cells of a unit sphere: coordinates below 2^16 in size, for searches of 100 m and more. */
const keyOf = (x: number, y: number, z: number) =>
  ((x + 65_536) * 131_072 + (y + 65_536)) * 131_072 + (z + 65_536)
