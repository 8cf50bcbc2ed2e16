import { ShapeError } from '../base/errors.ts'
import type { Floats } from './normalise.ts'

/** A real sparse matrix in compressed-row form; products are accumulated in float64. */
export class SparseMatrix {
  readonly rows: number
  readonly columns: number
  /** Start of each row in `indices` and `values`: [rows + 1]. */
  readonly starts: Int32Array
  readonly indices: Int32Array
  readonly values: Float64Array
  #transposed: SparseMatrix | undefined

  constructor(rows: number, columns: number, starts: Int32Array, indices: Int32Array, values: Float64Array) {
    if (starts.length !== rows + 1 || starts[rows] !== indices.length || indices.length !== values.length)
      throw new ShapeError(
        `sparse matrix ${rows}x${columns}: ${starts.length} starts, ${indices.length} indices, ${values.length} values`,
      )
    this.rows = rows
    this.columns = columns
    this.starts = starts
    this.indices = indices
    this.values = values
  }

  /** The matrix whose row i has the (column, value) entries `entriesOf(i)`; repeated columns are added up. */
  static fromRows(
    rows: number,
    columns: number,
    entriesOf: (row: number) => Iterable<readonly [column: number, value: number]>,
  ): SparseMatrix {
    const starts = new Int32Array(rows + 1)
    const indices: number[] = []
    const values: number[] = []
    for (let i = 0; i < rows; i++) {
      const row = new Map<number, number>()
      for (const [j, value] of entriesOf(i)) if (value !== 0) row.set(j, (row.get(j) ?? 0) + value)
      for (const [j, value] of [...row].sort((a, b) => a[0] - b[0])) {
        indices.push(j)
        values.push(value)
      }
      starts[i + 1] = indices.length
    }
    return new SparseMatrix(rows, columns, starts, Int32Array.from(indices), Float64Array.from(values))
  }

  /** The square matrix with `values` on its diagonal and nothing else. */
  static diagonal(values: Float64Array): SparseMatrix {
    const n = values.length
    const starts = Int32Array.from({ length: n + 1 }, (_, i) => i)
    return new SparseMatrix(n, n, starts, starts.slice(0, n), values)
  }

  /** A x for each of the stacked vectors x: [..., columns] -> [..., rows]. */
  multiply(x: Floats, out = new Float64Array((x.length / this.columns) * this.rows) as Floats): Floats {
    const { rows, columns, starts, indices, values } = this
    if (x.length % columns !== 0)
      throw new ShapeError(`${x.length} values are not a stack of vectors of ${columns}`)
    const stack = x.length / columns
    if (out.length !== stack * rows)
      throw new ShapeError(`the result has ${out.length} values and needs ${stack * rows}`)
    for (let k = 0; k < stack; k++)
      for (let i = 0; i < rows; i++) {
        let sum = 0
        for (let p = starts[i]; p < starts[i + 1]; p++) sum += values[p] * x[k * columns + indices[p]]
        out[k * rows + i] = sum
      }
    return out
  }

  /** The adjoint A^T (made once, kept). */
  transpose(): SparseMatrix {
    if (this.#transposed) return this.#transposed
    const { rows, columns } = this
    const starts = new Int32Array(columns + 1)
    for (const j of this.indices) starts[j + 1]++
    for (let j = 0; j < columns; j++) starts[j + 1] += starts[j]
    const next = starts.slice()
    const indices = new Int32Array(this.indices.length)
    const values = new Float64Array(this.values.length)
    for (let i = 0; i < rows; i++)
      for (let p = this.starts[i]; p < this.starts[i + 1]; p++) {
        const at = next[this.indices[p]]++
        indices[at] = i
        values[at] = this.values[p]
      }
    this.#transposed = new SparseMatrix(columns, rows, starts, indices, values)
    this.#transposed.#transposed = this
    return this.#transposed
  }

  /** Sum of each row's entries: [rows]. */
  rowSums(): Float64Array {
    return this.multiply(new Float64Array(this.columns).fill(1)) as Float64Array
  }
}
