const float32Bias = 150 // value = significand * 2^(exponent - 150) for a normal float32

/**
 * The exact sum and sum of squares of float32 numbers, without any rounding, so that the result depends
 * neither on the order of the numbers nor on how they were divided among accumulators.
 *
 * Numbers are binned by exponent. Those in one bin are integer multiples (24 bits) of one power of two, so a
 * float64 bin adds 2^28 of them exactly; a square (48 bits) is split exactly into two such multiples. Before
 * a bin could overflow, all are emptied into integers of unlimited size. (A superaccumulator; cf. Neal 2015,
 * arXiv 1505.05571.)
 */
export class ExactSum {
  readonly #linear = new Float64Array(256)
  readonly #high = new Float64Array(256)
  readonly #low = new Float64Array(256)
  #pending = 0
  /** Units of 2^-149, the smallest float32. */
  #sum = 0n
  /** Units of 2^-298. */
  #squares = 0n

  /** Adds finite values; `values` must hold no NaN or infinity. */
  add(values: Float32Array) {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
    for (let start = 0; start < values.length; start += 1 << 24) {
      const end = Math.min(values.length, start + (1 << 24))
      if (this.#pending + end - start > 1 << 27) this.#flush()
      this.#pending += end - start
      for (let i = start; i < end; i++) {
        const x = values[i]
        const e = (bits[i] >>> 23) & 255
        const square = x * x
        const magic = magics[e]
        const high = square + magic - magic
        this.#linear[e] += x
        this.#high[e] += high
        this.#low[e] += square - high
      }
    }
  }

  /** Adds another's sums. */
  merge(other: ExactSum) {
    other.#flush()
    this.#sum += other.#sum
    this.#squares += other.#squares
  }

  /** [sum in units of 2^-149, sum of squares in units of 2^-298], exact. */
  get totals(): readonly [bigint, bigint] {
    this.#flush()
    return [this.#sum, this.#squares]
  }

  /** Sums from `totals` of another accumulator. */
  static fromTotals(sum: bigint, squares: bigint): ExactSum {
    const result = new ExactSum()
    result.#sum = sum
    result.#squares = squares
    return result
  }

  #flush() {
    for (let e = 0; e < 256; e++) {
      // A subnormal has exponent 0 and the spacing of exponent 1.
      const unit = Math.max(e, 1) - float32Bias
      if (this.#linear[e] !== 0) this.#sum += BigInt(this.#linear[e] * 2 ** -unit) << BigInt(unit + 149)
      if (this.#high[e] !== 0)
        this.#squares +=
          BigInt((this.#high[e] / 2 ** unit) * 2 ** -(unit + 24)) << BigInt(2 * unit + 24 + 298)
      if (this.#low[e] !== 0)
        this.#squares += BigInt((this.#low[e] / 2 ** unit) * 2 ** -unit) << BigInt(2 * unit + 298)
    }
    this.#linear.fill(0)
    this.#high.fill(0)
    this.#low.fill(0)
    this.#pending = 0
  }
}

/**
 * Adding and taking away 1.5 * 2^52 * s rounds a float64 to a multiple of s: here s = 2^24 units of the
 * square.
 */
const magics = Float64Array.from(
  { length: 256 },
  (_, e) => 1.5 * 2 ** (52 + 24 + 2 * (Math.max(e, 1) - float32Bias)),
)

/** numerator / denominator * 2^power of integers of any size, correctly rounded to about 1e-18. */
export function ratio(numerator: bigint, denominator: bigint, power = 0): number {
  if (numerator === 0n) return 0
  const magnitude = numerator < 0n ? -numerator : numerator
  const excess = magnitude.toString(2).length - denominator.toString(2).length
  // A quotient of 62 to 64 bits, then one rounding to float64.
  const shift = 63 - excess
  const quotient =
    shift >= 0 ? (magnitude << BigInt(shift)) / denominator : magnitude / (denominator << BigInt(-shift))
  const total = power - shift
  // Two factors, for powers beyond what one float64 holds.
  const value = Number(quotient) * 2 ** Math.trunc(total / 2) * 2 ** (total - Math.trunc(total / 2))
  return numerator < 0n ? -value : value
}
