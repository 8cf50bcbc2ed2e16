import { DataError, ShapeError } from '../base/errors.ts'

/** Values of fields, in single or double precision. */
export type Floats = Float32Array | Float64Array

/** z-scores per channel: (x - mean) / std, and back. States are [..., channel, points]. */
export class Normaliser {
  readonly names: readonly string[]
  readonly mean: Float64Array
  readonly std: Float64Array

  /**
   * @param statistics means and standard deviations [channels] in the channels' units, as `FieldStatistics`
   *   has them.
   * @throws DataError for a channel without variation or without data.
   */
  constructor(statistics: { names: readonly string[]; mean: ArrayLike<number>; std: ArrayLike<number> }) {
    this.names = statistics.names
    this.mean = Float64Array.from(statistics.mean)
    this.std = Float64Array.from(statistics.std)
    if (this.mean.length !== this.names.length || this.std.length !== this.names.length)
      throw new ShapeError(
        `${this.names.length} channels, ${this.mean.length} means, ${this.std.length} standard deviations`,
      )
    this.names.forEach((name, i) => {
      if (!Number.isFinite(this.mean[i]) || !(this.std[i] > 0) || !Number.isFinite(this.std[i]))
        throw new DataError(
          `channel ${name} cannot be normalised: mean ${this.mean[i]}, standard deviation ${this.std[i]}`,
        )
    })
  }

  /** Physical to normalised units, into `out` (which may be `states` itself; a copy by default). */
  normalise<T extends Floats>(states: T, points: number, out: T = states.slice() as T): T {
    return this.#each(states, points, out, (i) => [1 / this.std[i], -this.mean[i] / this.std[i]])
  }

  /** Normalised to physical units, into `out` (which may be `states` itself; a copy by default). */
  denormalise<T extends Floats>(states: T, points: number, out: T = states.slice() as T): T {
    return this.#each(states, points, out, (i) => [this.std[i], this.mean[i]])
  }

  /** The normaliser of some of the channels, in the order of `names`. */
  select(names: readonly string[]): Normaliser {
    const indices = names.map((name) => {
      const index = this.names.indexOf(name)
      if (index < 0) throw new DataError(`there are no statistics for channel ${name}`)
      return index
    })
    return new Normaliser({
      names,
      mean: indices.map((i) => this.mean[i]),
      std: indices.map((i) => this.std[i]),
    })
  }

  #each<T extends Floats>(states: T, points: number, out: T, line: (channel: number) => [number, number]): T {
    const channels = this.names.length
    if (!(points > 0) || states.length % (channels * points) !== 0 || out.length !== states.length)
      throw new ShapeError(
        `${states.length} values into ${out.length} are not whole states of ${channels} channels x ${points}`,
      )
    for (let at = 0; at < states.length; at += points) {
      const [scale, offset] = line((at / points) % channels)
      for (let i = at; i < at + points; i++) out[i] = states[i] * scale + offset
    }
    return out
  }
}
