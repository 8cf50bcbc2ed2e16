import { z } from 'zod'
import { DataError, ShapeError } from '../base/errors.ts'
import { ExactSum, ratio } from './exact-sum.ts'

/** What is known of one channel's values. */
export interface ChannelStatistics {
  /** Values that are not NaN. */
  count: number
  /** NaNs, which enter nothing else. */
  missing: number
  mean: number
  /** Population standard deviation (divisor `count`). */
  std: number
  minimum: number
  maximum: number
}

const channelSchema = z.strictObject({
  name: z.string(),
  count: z.int().nonnegative(),
  missing: z.int().nonnegative(),
  minimum: z.number().nullable(),
  maximum: z.number().nullable(),
  mean: z.number().nullable(),
  std: z.number().nullable(),
  sum: z.string().regex(/^-?\d+$/),
  sumOfSquares: z.string().regex(/^\d+$/),
})

const schema = z.strictObject({
  format: z.literal('align-da statistics 1'),
  channels: z.array(channelSchema),
})

interface Accumulator {
  sums: ExactSum
  count: number
  missing: number
  minimum: number
  maximum: number
}

const empty = (): Accumulator => ({
  sums: new ExactSum(),
  count: 0,
  missing: 0,
  minimum: Number.POSITIVE_INFINITY,
  maximum: Number.NEGATIVE_INFINITY,
})

/**
 * Streaming mean, standard deviation and extremes of each channel over time and grid (every point counts the
 * same).
 *
 * Values enter as float32, the dtype of states (a Float64Array is rounded to it). Their sum and sum of
 * squares are kept exactly, so that results are the same bit for bit in whatever order, batches or processes
 * the data came; mean and variance are rounded once, at the end, so nothing cancels. NaN counts as missing,
 * infinity is refused.
 */
export class FieldStatistics {
  readonly names: readonly string[]
  readonly #channels: Accumulator[]

  /** @param names the channels, in the order of the states' channel axis. */
  constructor(names: Iterable<string>) {
    this.names = [...names]
    this.#channels = this.names.map(empty)
  }

  /**
   * Adds states [..., channel, points], `points` values a channel (rows x columns).
   * @throws ShapeError when the length is no multiple of channels x points
   * @throws DataError for infinite values.
   */
  add(states: Float32Array | Float64Array, points: number) {
    const one = this.names.length * points
    if (!(points > 0) || states.length % one !== 0)
      throw new ShapeError(
        `${states.length} values are not a whole number of states of ${this.names.length} channels x ${points}`,
      )
    for (let at = 0, i = 0; at < states.length; at += points, i++)
      this.addChannel(i % this.names.length, states.subarray(at, at + points))
  }

  /** Adds any number of values of one channel. */
  addChannel(index: number, values: Float32Array | Float64Array) {
    const channel = this.#channels[index]
    let floats = values instanceof Float32Array ? values : Float32Array.from(values)
    let { minimum, maximum } = channel
    let missing = 0
    for (const x of floats) {
      if (x < minimum) minimum = x
      if (x > maximum) maximum = x
      if (Number.isNaN(x)) missing++
    }
    if (minimum === Number.NEGATIVE_INFINITY || maximum === Number.POSITIVE_INFINITY)
      if (floats.some((x) => Math.abs(x) === Number.POSITIVE_INFINITY))
        throw new DataError(`channel ${this.names[index]} has infinite values (or beyond float32)`)
    if (missing) floats = floats.filter((x) => !Number.isNaN(x))
    channel.sums.add(floats)
    channel.count += floats.length
    channel.missing += missing
    // -0 equals 0, so which of them is kept would be a matter of order: it is 0.
    channel.minimum = minimum + 0
    channel.maximum = maximum + 0
  }

  /** Adds everything another accumulator of the same channels has seen. */
  merge(other: FieldStatistics) {
    if (other.names.join() !== this.names.join())
      throw new ShapeError(`statistics of [${other.names.join(', ')}] do not fit [${this.names.join(', ')}]`)
    this.#channels.forEach((mine, i) => {
      const theirs = other.#channels[i]
      mine.sums.merge(theirs.sums)
      mine.count += theirs.count
      mine.missing += theirs.missing
      mine.minimum = Math.min(mine.minimum, theirs.minimum)
      mine.maximum = Math.max(mine.maximum, theirs.maximum)
    })
  }

  /** Statistics of channel `index`; NaN where nothing was counted. */
  channel(index: number): ChannelStatistics {
    const { sums, count, missing, minimum, maximum } = this.#channels[index]
    if (count === 0)
      return { count, missing, mean: Number.NaN, std: Number.NaN, minimum: Number.NaN, maximum: Number.NaN }
    const [sum, squares] = sums.totals
    const n = BigInt(count)
    // n sum(x^2) - (sum x)^2 is an exact integer, in units of 2^-298.
    const variance = ratio(n * squares - sum * sum, n * n, -298)
    return { count, missing, mean: ratio(sum, n, -149), std: Math.sqrt(variance), minimum, maximum }
  }

  /** Means of all channels: [channels]. */
  get mean(): Float64Array {
    return Float64Array.from(this.names, (_, i) => this.channel(i).mean)
  }

  /** Standard deviations of all channels: [channels]. */
  get std(): Float64Array {
    return Float64Array.from(this.names, (_, i) => this.channel(i).std)
  }

  toJSON(): z.infer<typeof schema> {
    const finite = (x: number) => (Number.isFinite(x) ? x : null)
    const channels = this.names.map((name, i) => {
      const { count, missing, mean, std, minimum, maximum } = this.channel(i)
      const [sum, squares] = this.#channels[i].sums.totals
      return {
        ...{ name, count, missing, minimum: finite(minimum), maximum: finite(maximum) },
        ...{ mean: finite(mean), std: finite(std), sum: sum.toString(), sumOfSquares: squares.toString() },
      }
    })
    return { format: 'align-da statistics 1', channels }
  }

  /**
   * Statistics as `toJSON` wrote them; adding more to them goes on exactly where they stopped.
   * @throws DataError when it is something else.
   */
  static fromJSON(json: unknown): FieldStatistics {
    const parsed = schema.safeParse(json)
    if (!parsed.success) throw new DataError(`these are no statistics: ${z.prettifyError(parsed.error)}`)
    const result = new FieldStatistics(parsed.data.channels.map((c) => c.name))
    parsed.data.channels.forEach(({ count, missing, minimum, maximum, sum, sumOfSquares }, i) => {
      const start = empty()
      result.#channels[i] = {
        ...{ count, missing, sums: ExactSum.fromTotals(BigInt(sum), BigInt(sumOfSquares)) },
        ...{ minimum: minimum ?? start.minimum, maximum: maximum ?? start.maximum },
      }
    })
    return result
  }
}
