import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { SparseMatrix } from '../atmosphere/sparse.ts'
import { DataError, ShapeError } from '../base/errors.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import type { Tensor } from '../tensor/index.ts'
import { SparseProgram } from './sparse-program.ts'

/** Correlation of the errors of one variable in one sounding, by the distance of levels in ln p. */
export interface VerticalCorrelation {
  /** Of the correlated part, in ln p; 0.3 is about 2.4 km. */
  readonly length: number
  /** Share of the variance that is correlated, 0 <= share < 1; the rest is independent. */
  readonly share: number
}

/** Observations whose errors are correlated: their positions, and the covariance among them row by row. */
export interface ErrorBlock {
  readonly indices: Int32Array
  readonly covariance: Float64Array
}

/**
 * R = L L^T, the covariance of observation errors: a diagonal, and blocks where errors are correlated. Applications
 * are sparse matrices, which programs hold as constants.
 */
export class ErrorCovariance {
  readonly size: number
  /** Standard deviations, [size]. */
  readonly sigma: Float64Array
  /** The diagonal of R, [size]. */
  readonly variances: Float64Array
  /** Blocks of two observations and more; all others are independent. */
  readonly blocks: readonly ErrorBlock[]
  readonly #colour: SparseMatrix
  readonly #whiten: SparseMatrix
  readonly #programs = new Map<SparseMatrix, SparseProgram>()

  /** Throws DataError for a sigma that is not above zero and finite, or a block that is not positive definite. */
  constructor(sigma: ArrayLike<number>, blocks: readonly ErrorBlock[] = []) {
    this.sigma = Float64Array.from(sigma)
    this.size = this.sigma.length
    this.sigma.forEach((s, i) => {
      if (!(s > 0 && s < Infinity))
        throw new DataError(`the error of observation ${i} is ${s}; it must be above zero`)
    })
    this.blocks = blocks
    if (blocks.length === 0) {
      this.variances = this.sigma.map((s) => s * s)
      this.#colour = SparseMatrix.diagonal(this.sigma)
      this.#whiten = SparseMatrix.diagonal(this.sigma.map((s) => 1 / s))
      return
    }
    const colour: [number, number][][] = Array.from(this.sigma, (s, i) => [[i, s]])
    const whiten: [number, number][][] = Array.from(this.sigma, (s, i) => [[i, 1 / s]])
    for (const { indices, covariance } of blocks) {
      const lower = factor(indices, covariance)
      const inverse = invertLower(lower)
      indices.forEach((row, i) => {
        this.sigma[row] = Math.sqrt(covariance[i * indices.length + i])
        const entries = (m: Matrix) => Array.from(indices.subarray(0, i + 1), (column, j) => [column, m.get(i, j)] as [number, number]) // biome-ignore format: one expression
        colour[row] = entries(lower)
        whiten[row] = entries(inverse)
      })
    }
    this.variances = this.sigma.map((s) => s * s)
    this.#colour = SparseMatrix.fromRows(this.size, this.size, (i) => colour[i])
    this.#whiten = SparseMatrix.fromRows(this.size, this.size, (i) => whiten[i])
  }

  /** L^-1 d, of which R^-1/2 d is one: its square is d^T R^-1 d. [size] */
  whiten(d: Float64Array): Float64Array {
    return this.#whiten.multiply(d, new Float64Array(this.size)) as Float64Array
  }

  /** L^-T d; whitenAdjoint(whiten(d)) is R^-1 d. [size] */
  whitenAdjoint(d: Float64Array): Float64Array {
    return this.#whiten.transpose().multiply(d, new Float64Array(this.size)) as Float64Array
  }

  /** L e: errors with covariance R from standard normal e. [size] */
  colour(e: Float64Array): Float64Array {
    return this.#colour.multiply(e, new Float64Array(this.size)) as Float64Array
  }

  /** L^-1 of innovations [..., size] in a program. */
  whitenTensor(d: Tensor): Tensor {
    return this.#apply(this.#whiten, d)
  }

  /** R^-1 of innovations [..., size] in a program. */
  precisionTensor(d: Tensor): Tensor {
    return this.#apply(this.#whiten.transpose(), this.#apply(this.#whiten, d))
  }

  /** R of vectors [..., size] in a program: what methods that solve in observation space need. */
  covarianceTensor(d: Tensor): Tensor {
    return this.#apply(this.#colour, this.#apply(this.#colour.transpose(), d))
  }

  /** R of some of the observations, in the order of `indices`. */
  select(indices: ArrayLike<number>): ErrorCovariance {
    const sigma = Float64Array.from(indices, (i) => this.sigma[i])
    if (this.blocks.length === 0) return new ErrorCovariance(sigma)
    const place = new Map(Array.from(indices, (index, at) => [index, at]))
    const blocks = this.blocks.flatMap(({ indices: all, covariance }) => {
      const kept = Array.from(all, (_, i) => i).filter((i) => place.has(all[i]))
      if (kept.length < 2) return []
      const part = kept.flatMap((i) => kept.map((j) => covariance[i * all.length + j]))
      return [
        { indices: Int32Array.from(kept, (i) => place.get(all[i])!), covariance: Float64Array.from(part) },
      ]
    })
    return new ErrorCovariance(sigma, blocks)
  }

  #apply(matrix: SparseMatrix, d: Tensor): Tensor {
    if (d.shape.at(-1) !== this.size)
      throw new ShapeError(`${this.size} errors do not fit a tensor of shape [${d.shape.join(', ')}]`)
    let program = this.#programs.get(matrix)
    if (!program) {
      program = new SparseProgram(matrix)
      this.#programs.set(matrix, program)
    }
    const members = d.size / this.size
    if (members === 1) return program.apply(d.reshape(this.size, 1)).reshape(...d.shape)
    return program
      .apply(d.reshape(members, this.size).transpose())
      .transpose()
      .reshape(...d.shape)
  }
}

/**
 * R for the rows of a table from their standard deviations in SI units. With `scale` (an operator's) it is in the
 * operator's units. With `correlation` the errors of one variable in one sounding correlate by
 * share (1 + r) e^-r, r = |ln p1 - ln p2| / length, the second-order autoregressive function (Gaspari & Cohn 1999,
 * Q. J. R. Meteorol. Soc. 125, section 4).
 * @throws DataError naming the row whose error is zero, negative, infinite or missing
 */
export function errorCovariance(
  table: ObservationTable,
  sigma: ArrayLike<number>,
  { scale, correlation }: { scale?: ArrayLike<number>; correlation?: VerticalCorrelation } = {},
): ErrorCovariance {
  if (sigma.length !== table.length || (scale && scale.length !== table.length))
    throw new ShapeError(`${sigma.length} errors for ${table.length} observations`)
  for (let i = 0; i < table.length; i++) {
    if (sigma[i] > 0 && sigma[i] < Infinity) continue
    const level = Number.isNaN(table.pressure[i]) ? '' : ` at ${table.pressure[i]} Pa`
    const station = table.station[i] ? ` of station ${table.station[i]}` : ''
    throw new DataError(
      `row ${i} (${table.variable[i]}${level}${station}) has the error ${sigma[i]}; an observation error must be above zero`,
    )
  }
  const own = Float64Array.from(sigma, (s, i) => s / (scale ? scale[i] : 1))
  return new ErrorCovariance(own, correlation ? soundingBlocks(table, own, correlation) : [])
}

function soundingBlocks(
  table: ObservationTable,
  sigma: Float64Array,
  { length, share }: VerticalCorrelation,
) {
  if (!(length > 0) || !(share >= 0 && share < 1))
    throw new DataError(
      `a vertical correlation needs length > 0 and 0 <= share < 1, not ${length} and ${share}`,
    )
  const groups = new Map<string, number[]>()
  for (let i = 0; i < table.length; i++) {
    if (table.sounding[i] < 0 || !(table.pressure[i] > 0)) continue
    const key = `${table.sounding[i]} ${table.variable[i]}`
    const rows = groups.get(key)
    if (rows) rows.push(i)
    else groups.set(key, [i])
  }
  return [...groups.values()]
    .filter((rows) => rows.length > 1)
    .map((rows) => ({
      indices: Int32Array.from(rows),
      covariance: Float64Array.from(
        rows.flatMap((i) =>
          rows.map((j) => {
            const r = Math.abs(Math.log(table.pressure[i]) - Math.log(table.pressure[j])) / length
            return sigma[i] * sigma[j] * (i === j ? 1 : share * (1 + r) * Math.exp(-r))
          }),
        ),
      ),
    }))
}

function factor(indices: Int32Array, covariance: Float64Array): Matrix {
  const n = indices.length
  if (covariance.length !== n * n)
    throw new ShapeError(`${covariance.length} covariances of ${n} observations`)
  const decomposition = new CholeskyDecomposition(Matrix.from1DArray(n, n, covariance))
  if (!decomposition.isPositiveDefinite())
    throw new DataError(
      `the error covariance of observations ${indices.join(', ').slice(0, 80)} is not positive definite`,
    )
  return decomposition.lowerTriangularMatrix
}

/** The inverse of a lower triangular matrix, by forward substitution. */
function invertLower(lower: Matrix): Matrix {
  const n = lower.rows
  const inverse = Matrix.zeros(n, n)
  for (let column = 0; column < n; column++)
    for (let i = column; i < n; i++) {
      let sum = i === column ? 1 : 0
      for (let k = column; k < i; k++) sum -= lower.get(i, k) * inverse.get(k, column)
      inverse.set(i, column, sum / lower.get(i, i))
    }
  return inverse
}
