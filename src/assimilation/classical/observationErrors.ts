import { DataError, ShapeError } from '../../base/errors.ts'
import { cholesky, solveLower, solveLowerTransposed } from './linalg.ts'

/**
 * The covariance R = L Lᵀ of the errors of m observations. Analyses need its square root alone: the cost is
 * ½ |L⁻¹ (y - H x)|².
 */
export interface ObservationErrors {
  readonly size: number
  /** The diagonal of R, [m], in squared units of the observations. */
  readonly variances: Float64Array
  /** L⁻¹ d, [m]. */
  whiten(d: Float64Array): Float64Array
  /** L⁻ᵀ d, [m]; so R⁻¹ d is whitenAdjoint(whiten(d)). */
  whitenAdjoint(d: Float64Array): Float64Array
  /** L e, [m]: errors with covariance R from standard normal e. */
  colour(e: Float64Array): Float64Array
  /** The errors of some of the observations, in the order of `indices`. */
  select(indices: ArrayLike<number>): ObservationErrors
}

/** Independent errors. Throws DataError for a variance that is not above zero, naming the observation. */
export function independentErrors(variances: ArrayLike<number>): ObservationErrors {
  const v = Float64Array.from(variances)
  v.forEach((s2, i) => {
    if (!(s2 > 0 && Number.isFinite(s2)))
      throw new DataError(`observation ${i} has the error variance ${s2}; it must be above zero`)
  })
  return unchecked(v)
}

function unchecked(variances: Float64Array): ObservationErrors {
  const divide = (d: Float64Array) => d.map((x, i) => x / Math.sqrt(variances[i]))
  return {
    size: variances.length,
    variances,
    whiten: divide,
    whitenAdjoint: divide,
    colour: (e) => e.map((x, i) => x * Math.sqrt(variances[i])),
    select: (indices) => unchecked(Float64Array.from(indices, (i) => variances[i])),
  }
}

/** Observations whose errors are correlated with one another and with no others, for example a sounding. */
export interface ErrorBlock {
  readonly indices: ArrayLike<number>
  /** [indices.length, indices.length], row by row. */
  readonly covariance: Float64Array
}

/**
 * Errors in independent blocks; every one of `size` observations belongs to exactly one block.
 * Throws ShapeError when they do not, DataError for a covariance that is not positive definite.
 */
export function blockErrors(size: number, blocks: readonly ErrorBlock[]): ObservationErrors {
  const variances = new Float64Array(size).fill(Number.NaN)
  const factors = blocks.map(({ indices, covariance }, b) => {
    const n = indices.length
    if (covariance.length !== n * n)
      throw new ShapeError(`block ${b} of R has ${n} observations but ${covariance.length} covariances`)
    for (let i = 0; i < n; i++) {
      if (!(indices[i] >= 0 && indices[i] < size) || !Number.isNaN(variances[indices[i]]))
        throw new ShapeError(
          `block ${b} of R names observation ${indices[i]}, which is taken or not one of ${size}`,
        )
      variances[indices[i]] = covariance[i * n + i]
    }
    return { n, indices, L: cholesky(covariance, n, `block ${b} of R`) }
  })
  const orphan = variances.findIndex(Number.isNaN)
  if (orphan >= 0) throw new ShapeError(`observation ${orphan} is in no block of R`)
  const blockwise =
    (f: (L: Float64Array, n: number, d: Float64Array) => Float64Array) => (d: Float64Array) => {
      const out = new Float64Array(size)
      for (const { n, indices, L } of factors) {
        const part = f(
          L,
          n,
          Float64Array.from(indices, (i) => d[i]),
        )
        for (let i = 0; i < n; i++) out[indices[i]] = part[i]
      }
      return out
    }
  return {
    size,
    variances,
    whiten: blockwise(solveLower),
    whitenAdjoint: blockwise(solveLowerTransposed),
    colour: blockwise(timesLower),
    select(indices) {
      const place = new Map(Array.from(indices, (index, at) => [index, at]))
      return blockErrors(
        indices.length,
        blocks.flatMap(({ indices: all, covariance }) => {
          const kept = Array.from(all, (_, i) => i).filter((i) => place.has(all[i]))
          const part = kept.flatMap((i) => kept.map((j) => covariance[i * all.length + j]))
          const at = kept.map((i) => place.get(all[i]) as number)
          return kept.length ? [{ indices: at, covariance: Float64Array.from(part) }] : []
        }),
      )
    },
  }
}

/** Errors that may all be correlated: R [size, size] row by row. Throws DataError unless positive definite. */
export function correlatedErrors(R: Float64Array, size: number): ObservationErrors {
  return blockErrors(size, [{ indices: Uint32Array.from({ length: size }, (_, i) => i), covariance: R }])
}

/** The errors of several sets of observations, independent of one another, in a row. */
export function stackErrors(sets: readonly ObservationErrors[]): ObservationErrors {
  const starts = sets.map((_, s) => sets.slice(0, s).reduce((n, R) => n + R.size, 0))
  const size = sets.reduce((n, R) => n + R.size, 0)
  const each = (f: (R: ObservationErrors, d: Float64Array) => Float64Array) => (d: Float64Array) => {
    const out = new Float64Array(size)
    sets.forEach((R, s) => {
      out.set(f(R, d.subarray(starts[s], starts[s] + R.size)), starts[s])
    })
    return out
  }
  return {
    size,
    variances: Float64Array.from(sets.flatMap((R) => [...R.variances])),
    whiten: each((R, d) => R.whiten(d)),
    whitenAdjoint: each((R, d) => R.whitenAdjoint(d)),
    colour: each((R, e) => R.colour(e)),
    select(indices) {
      const all = Array.from(indices)
      const owner = all.map((index) => sets.findIndex((R, s) => index < starts[s] + R.size))
      if (owner.some((s, i) => i > 0 && s < owner[i - 1]))
        throw new ShapeError('observations of stacked sets are selected set by set')
      return stackErrors(
        sets.map((R, s) => R.select(all.filter((_, i) => owner[i] === s).map((i) => i - starts[s]))),
      )
    },
  }
}

function timesLower(L: Float64Array, n: number, e: Float64Array): Float64Array {
  const out = new Float64Array(n)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) out[i] += L[i * n + j] * e[j]
  return out
}
