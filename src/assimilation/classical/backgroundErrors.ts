import { DataError, ShapeError } from '../../base/errors.ts'
import { centre, type Ensemble } from './ensemble.ts'
import { eigenSymmetric, spectral } from './linalg.ts'
import type { Maybe } from './operators.ts'

/**
 * The background error covariance as its square root: B = U Uᵀ. A control vector v ~ N(0, I) gives the increment
 * x - x_b = U v, so in v-space the background term is ½ vᵀv and its Hessian the identity: the control-variable
 * transform is the preconditioner (Lorenc 1988; Bannister 2008, doi:10.1002/qj.340).
 */
export interface BackgroundErrors {
  /** Elements n of the state. */
  readonly size: number
  /** Elements of the control vector. */
  readonly controls: number
  /** U v: [controls] to [n]. */
  transform(v: Float64Array): Maybe<Float64Array>
  /** Uᵀ x: [n] to [controls]. */
  adjoint(x: Float64Array): Maybe<Float64Array>
}

/** B [n, n] row by row, through its symmetric square root. Throws DataError unless positive semi-definite. */
export function covarianceMatrix(B: Float64Array, n: number): BackgroundErrors & { U: Float64Array } {
  if (B.length !== n * n) throw new ShapeError(`B of ${n} elements has ${n * n} numbers, not ${B.length}`)
  const { values, vectors } = eigenSymmetric(B, n)
  const largest = values.reduce((a, b) => Math.max(a, b), 0)
  const lowest = values.reduce((a, b) => Math.min(a, b), 0)
  if (!(lowest >= -1e-10 * largest))
    throw new DataError(`B has the negative eigenvalue ${lowest}; a covariance has none`)
  const U = spectral(values, vectors, (value) => Math.sqrt(Math.max(value, 0)))
  const times = (x: Float64Array) => {
    const out = new Float64Array(n)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i] += U[i * n + j] * x[j]
    return out
  }
  return { size: n, controls: n, U, transform: times, adjoint: times }
}

/** Independent errors: U is the diagonal of standard deviations. Throws DataError for a negative variance. */
export function independentBackground(variances: Float64Array): BackgroundErrors {
  const bad = variances.findIndex((s2) => !(s2 >= 0 && Number.isFinite(s2)))
  if (bad >= 0) throw new DataError(`element ${bad} has the background error variance ${variances[bad]}`)
  const times = (x: Float64Array) => x.map((v, i) => v * Math.sqrt(variances[i]))
  return { size: variances.length, controls: variances.length, transform: times, adjoint: times }
}

/** The covariance of an ensemble: U = Xᵀ / √(N - 1), one control per member. Throws ShapeError below 2 members. */
export function sampleCovariance(e: Ensemble): BackgroundErrors {
  if (e.members < 2) throw new ShapeError(`a covariance needs two members or more, not ${e.members}`)
  const { X } = centre(e)
  const scale = 1 / Math.sqrt(e.members - 1)
  return {
    size: e.size,
    controls: e.members,
    transform(v) {
      const out = new Float64Array(e.size)
      for (let i = 0; i < e.members; i++)
        for (let j = 0, p = i * e.size; j < e.size; j++) out[j] += scale * v[i] * X[p++]
      return out
    },
    adjoint(x) {
      const out = new Float64Array(e.members)
      for (let i = 0; i < e.members; i++)
        for (let j = 0, p = i * e.size; j < e.size; j++) out[i] += scale * x[j] * X[p++]
      return out
    },
  }
}
