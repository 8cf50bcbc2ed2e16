import { CholeskyDecomposition, EVD, Matrix, QR } from 'ml-matrix'
import { DataError } from '../../base/errors.ts'

/** Dense matrices here are row-major Float64Arrays; decompositions come from ml-matrix. */

/** A row-major [rows, columns] array as an ml-matrix Matrix (copied). */
export function toMatrix(a: ArrayLike<number>, rows: number, columns: number): Matrix {
  const M = new Matrix(rows, columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) M.set(i, j, a[i * columns + j])
  return M
}

/** A Matrix as a row-major array (copied). */
export function toArray(M: Matrix): Float64Array {
  const a = new Float64Array(M.rows * M.columns)
  for (let i = 0; i < M.rows; i++) for (let j = 0; j < M.columns; j++) a[i * M.columns + j] = M.get(i, j)
  return a
}

/** a bᵀ for a [rows, inner], b [columns, inner]: [rows, columns]. */
export function timesTransposed(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  columns: number,
  inner: number,
) {
  const out = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let k = 0, p = i * inner, q = j * inner; k < inner; k++) sum += a[p++] * b[q++]
      out[i * columns + j] = sum
    }
  return out
}

/** a b for a [rows, inner], b [inner, columns]: [rows, columns], added to `out`. */
export function timesInto(
  out: Float64Array,
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]
      if (factor === 0) continue
      for (let j = 0, p = i * columns, q = k * columns; j < columns; j++) out[p++] += factor * b[q++]
    }
  return out
}

/** aᵀ b for a [inner, rows], b [inner, columns]: [rows, columns]. */
export function transposedTimes(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  columns: number,
  inner: number,
) {
  const out = new Float64Array(rows * columns)
  for (let k = 0; k < inner; k++)
    for (let i = 0; i < rows; i++) {
      const factor = a[k * rows + i]
      for (let j = 0, p = i * columns, q = k * columns; j < columns; j++) out[p++] += factor * b[q++]
    }
  return out
}

/** a aᵀ for a [rows, inner], each product made once: [rows, rows]. */
export function gram(a: Float64Array, rows: number, inner: number): Float64Array {
  const out = new Float64Array(rows * rows)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = 0, p = i * inner, q = j * inner; k < inner; k++) sum += a[p++] * a[q++]
      out[i * rows + j] = sum
      out[j * rows + i] = sum
    }
  return out
}

/** Adds `value` to the diagonal of a [n, n], in place. */
export function addToDiagonal(a: Float64Array, n: number, value: number): Float64Array {
  for (let i = 0; i < n; i++) a[i * n + i] += value
  return a
}

/** Σ_i a_i b_i. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** Eigenvalues [n] and eigenvectors V [n, n] (in columns) of a symmetric matrix: a = V diag(values) Vᵀ. */
export function eigenSymmetric(a: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const evd = new EVD(toMatrix(a, n, n), { assumeSymmetric: true })
  return { values: Float64Array.from(evd.realEigenvalues), vectors: toArray(evd.eigenvectorMatrix) }
}

/** V diag(f(values)) Vᵀ: a function of a symmetric matrix, [n, n]. */
export function spectral(values: Float64Array, vectors: Float64Array, f: (value: number) => number) {
  const n = values.length
  const scaled = new Float64Array(n * n)
  const factors = values.map(f)
  for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) scaled[i * n + k] = vectors[i * n + k] * factors[k]
  return timesTransposed(scaled, vectors, n, n, n)
}

/**
 * The lower triangle L of a = L Lᵀ, [n, n]. Throws DataError, naming `what`, when the matrix is not symmetric
 * positive definite.
 */
export function cholesky(a: Float64Array, n: number, what: string): Float64Array {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (!(Math.abs(a[i * n + j] - a[j * n + i]) <= 1e-9 * Math.sqrt(a[i * n + i] * a[j * n + j])))
        throw new DataError(`${what} is not symmetric: elements (${i}, ${j}) and (${j}, ${i}) differ`)
  // ml-matrix refuses what rounding has made asymmetric: it is given the lower triangle twice.
  const M = toMatrix(a, n, n)
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) M.set(j, i, M.get(i, j))
  const factor = new CholeskyDecomposition(M)
  if (!factor.isPositiveDefinite()) throw new DataError(`${what} is not positive definite`)
  return toArray(factor.lowerTriangularMatrix)
}

/** L⁻¹ b, in place. */
export function solveLower(L: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    let sum = b[i]
    for (let j = 0; j < i; j++) sum -= L[i * n + j] * b[j]
    b[i] = sum / L[i * n + i]
  }
  return b
}

/** L⁻ᵀ b, in place. */
export function solveLowerTransposed(L: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]
    for (let j = i + 1; j < n; j++) sum -= L[j * n + i] * b[j]
    b[i] = sum / L[i * n + i]
  }
  return b
}

/** The orthogonal factor Q and the diagonal of R of a [n, n] = Q R. */
export function qr(a: Float64Array, n: number): { Q: Float64Array; diagonal: Float64Array } {
  const decomposition = new QR(toMatrix(a, n, n))
  const R = decomposition.upperTriangularMatrix
  return {
    Q: toArray(decomposition.orthogonalMatrix),
    diagonal: Float64Array.from({ length: n }, (_, i) => R.get(i, i)),
  }
}

/** The identity matrix, [n, n]. */
export function identity(n: number): Float64Array {
  const I = new Float64Array(n * n)
  for (let i = 0; i < n; i++) I[i * n + i] = 1
  return I
}
