import type { SparseMatrix } from '../atmosphere/sparse.ts'
import { concat, constant, type DType, gather, type Tensor } from '../tensor/index.ts'

/** Rows with about as many entries: positions [rows, width] and weights [rows, width, 1]. */
interface Bucket {
  readonly rows: readonly number[]
  readonly width: number
  readonly indices: Float64Array
  readonly weights: Float64Array
}

/**
 * A sparse matrix as a tensor program: a gather of the few elements a row needs and their weighted sum, whose
 * derivative is a scatter-add. Rows are grouped by their number of entries, rounded up to powers of two, so that the
 * wide rows near a pole cost nothing elsewhere.
 */
export class SparseProgram {
  readonly matrix: SparseMatrix
  readonly #buckets: readonly Bucket[]
  /** Where each row comes out of the buckets; undefined when in order. */
  readonly #order: Float64Array | undefined
  readonly #constants = new Map<string, Tensor>()

  constructor(matrix: SparseMatrix) {
    this.matrix = matrix
    const widths = new Map<number, number[]>()
    for (let i = 0; i < matrix.rows; i++) {
      const entries = Math.max(1, matrix.starts[i + 1] - matrix.starts[i])
      const width = 2 ** Math.ceil(Math.log2(entries))
      const rows = widths.get(width)
      if (rows) rows.push(i)
      else widths.set(width, [i])
    }
    this.#buckets = [...widths].map(([width, rows]) => bucket(matrix, width, rows))
    if (this.#buckets.length > 1) {
      this.#order = new Float64Array(matrix.rows)
      this.#buckets.flatMap(({ rows }) => rows).forEach((row, at) => {
        this.#order![row] = at
      }) // biome-ignore format: one statement
    }
  }

  /** A x of x [columns, batch]: [rows, batch]. */
  apply(x: Tensor): Tensor {
    const parts = this.#buckets.map(({ rows, width, indices, weights }, b) => {
      const at = this.#constant(`indices ${b}`, 'int64', indices, [rows.length, width])
      const w = this.#constant(`weights ${b}`, x.dtype, weights, [rows.length, width, 1])
      const picked = gather(x, at)
      const weighted = weights.every((v) => v === 1) ? picked : picked.mul(w)
      return width === 1 ? weighted.reshape(rows.length, x.shape[1]) : weighted.sum(1)
    })
    const joined = concat(parts)
    if (!this.#order) return joined
    return gather(joined, this.#constant('order', 'int64', this.#order, [this.matrix.rows]))
  }

  /** Constants are made once: programs apply the same operator at every step. */
  #constant(name: string, dtype: DType, data: Float64Array, shape: readonly number[]): Tensor {
    const key = `${name} ${dtype}`
    let t = this.#constants.get(key)
    if (!t) {
      t = constant(data, { dtype, shape })
      this.#constants.set(key, t)
    }
    return t
  }
}

function bucket(matrix: SparseMatrix, width: number, rows: readonly number[]): Bucket {
  const indices = new Float64Array(rows.length * width)
  const weights = new Float64Array(rows.length * width)
  rows.forEach((row, r) => {
    const from = matrix.starts[row]
    const entries = matrix.starts[row + 1] - from
    // The padding repeats an element of the row, so that a NaN elsewhere in the state stays there.
    for (let k = 0; k < width; k++) {
      indices[r * width + k] = entries ? matrix.indices[from + Math.min(k, entries - 1)] : 0
      weights[r * width + k] = k < entries ? matrix.values[from + k] : 0
    }
  })
  return { rows, width, indices, weights }
}
