import { DataError, ShapeError } from '../base/errors.ts'
import { seasonOf } from '../forecast/surrogate.ts'
import type { DataSource } from '../nn/index.ts'
import type { Feeds } from '../tensor/index.ts'

/** Pairs of a preferred sample and another of the same background, as latents of the prior, [d, h, w] each. */
export interface PreferencePairs {
  /** When each pair is valid, milliseconds since 1970: [n]. */
  readonly times: Float64Array
  /** Raw background latents, [dates, d, h, w]. */
  readonly backgrounds: Float32Array
  /** Which of the backgrounds each pair is of, [n]. */
  readonly place: Int32Array
  /** Raw latents, [n, d, h, w]; for Diffusion-KTO the desirable samples. */
  readonly winner: Float32Array
  /** Raw latents, [n, d, h, w]; for Diffusion-KTO the undesirable samples. */
  readonly loser: Float32Array
}

/**
 * @throws ShapeError for arrays that do not fit each other or latents of `size` numbers
 * @throws DataError for no pairs, places without a background, or values that are not finite, naming the pair
 */
export function checkPairs(pairs: PreferencePairs, size: number, what = 'preference pairs'): void {
  const n = pairs.times.length
  if (n === 0) throw new DataError(`${what}: there are none`)
  const sizes = { place: n, winner: n * size, loser: n * size }
  for (const [name, length] of Object.entries(sizes) as [keyof typeof sizes, number][])
    if (pairs[name].length !== length)
      throw new ShapeError(
        `${what}: ${name} has ${pairs[name].length} numbers instead of ${length} for ${n} pairs of latents of ${size}`,
      )
  const dates = pairs.backgrounds.length / size
  if (!Number.isInteger(dates))
    throw new ShapeError(
      `${what}: backgrounds of ${pairs.backgrounds.length} numbers are no whole number of latents of ${size}`,
    )
  const outside = pairs.place.findIndex((p) => !(p >= 0 && p < dates))
  if (outside >= 0)
    throw new DataError(`${what}: pair ${outside} is of background ${pairs.place[outside]} of ${dates}`)
  for (const [name, each] of [
    ['winner', 'pair'],
    ['loser', 'pair'],
    ['backgrounds', 'background'],
  ] as const) {
    const bad = pairs[name].findIndex((v) => !Number.isFinite(v))
    if (bad >= 0)
      throw new DataError(
        `${what}: ${name} of ${each} ${Math.floor(bad / size)} has a value ${pairs[name][bad]}`,
      )
  }
}

export interface PairBatchOptions {
  /** Numbers of a latent. */
  readonly size: number
  readonly season: boolean
  /** The pairs of a batch. */
  readonly of: (index: number) => number[]
  /** What else a batch takes: times, noise. */
  readonly draws: (index: number) => Feeds
  /**
   * How many columns each pair is turned by, of how many: the same preference at other longitudes, so that a few dates
   * are not learned by heart.
   */
  readonly turns?: { readonly columns: number; readonly by: (index: number) => ArrayLike<number> }
  /**
   * Which pairs are mirrored about their background (1) and which are not (0). The truth of a date lies on one side of
   * its background, which a network learns by heart without being any better on another date; mirrored as often as
   * not, pairs tell how far samples should scatter and in which shapes, and not to which side.
   */
  readonly mirrored?: (index: number) => ArrayLike<number>
}

/** Batches of pairs as the preference program takes them. */
export function pairBatches(
  pairs: PreferencePairs,
  { size, season, of, draws, turns, mirrored }: PairBatchOptions,
): DataSource {
  const gather = (values: Float32Array, places: readonly number[], by?: ArrayLike<number>) => {
    const out = new Float32Array(places.length * size)
    const columns = turns?.columns ?? size
    for (const [i, k] of places.entries()) {
      const shift = by?.[i] ?? 0
      for (let row = 0; row < size; row += columns) {
        const from = values.subarray(k * size + row, k * size + row + columns)
        out.set(from.subarray(columns - shift), i * size + row)
        out.set(from.subarray(0, columns - shift), i * size + row + shift)
      }
    }
    return out
  }
  return {
    batch(index) {
      const chosen = of(index)
      const by = turns?.by(index)
      const background = gather(
        pairs.backgrounds,
        chosen.map((k) => pairs.place[k]),
        by,
      )
      const flips = mirrored?.(index)
      const samples = (values: Float32Array) => {
        const own = gather(values, chosen, by)
        for (let k = 0; flips && k < own.length; k++)
          if (flips[Math.floor(k / size)]) own[k] = 2 * background[k] - own[k]
        return own
      }
      return {
        winner: samples(pairs.winner),
        loser: samples(pairs.loser),
        background,
        ...(season && { season: seasonOf(chosen.map((k) => pairs.times[k])) }),
        ...draws(index),
      }
    },
    describe: (index) =>
      of(index)
        .map((k) => `pair ${k} of ${new Date(pairs.times[k]).toISOString().slice(0, 13)}`)
        .join(', '),
  }
}
