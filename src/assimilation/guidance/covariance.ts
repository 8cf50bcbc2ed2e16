import { DataError, ShapeError } from '../../base/errors.ts'
import type { Level } from '../../prior/index.ts'
import { constant, type Tensor } from '../../tensor/index.ts'

/**
 * A covariance C of what is diffused, known by eigenvectors that are cheap to apply: f(C) x for x [batch, ..] and f of
 * the eigenvalues, which come in a shape that broadcasts against x.
 */
export interface Covariance {
  readonly name: string
  apply(x: Tensor, f: (eigenvalues: Tensor) => Tensor): Tensor
}

/** c I. What is diffused has variance about 1 by construction, so 1 is the natural choice. */
export function isotropic(variance = 1): Covariance {
  positive([variance], 'isotropic')
  return { name: 'isotropic', apply: (x, f) => x.mul(f(constant(variance, { dtype: x.dtype }))) }
}

/** A variance for each element of a latent of the given shape; the sizes of axes may be 1. */
export function diagonal(variances: ArrayLike<number>, shape: readonly number[]): Covariance {
  positive(variances, 'diagonal')
  return {
    name: 'diagonal',
    apply: (x, f) =>
      x.mul(f(constant(Float64Array.from(variances), { shape: [1, ...shape], dtype: x.dtype }))),
  }
}

/** C = Q diag(c) Qᵀ with Q [n, n] row by row, eigenvectors in its columns: for small n. */
export function dense(vectors: Float64Array, values: Float64Array): Covariance {
  const n = values.length
  if (vectors.length !== n * n)
    throw new ShapeError(`${n} eigenvalues and ${vectors.length} numbers of vectors`)
  positive(values, 'dense')
  return {
    name: 'dense',
    apply(x, f) {
      const [batch, ...shape] = x.shape
      const Q = constant(vectors, { shape: [n, n], dtype: x.dtype })
      const c = constant(values, { shape: [1, ...shape], dtype: x.dtype })
      const turned = x
        .reshape(batch, n)
        .matmul(Q)
        .reshape(...x.shape)
        .mul(f(c))
      return turned
        .reshape(batch, n)
        .matmul(Q.transpose())
        .reshape(...x.shape)
    },
  }
}

function positive(variances: ArrayLike<number>, what: string) {
  const bad = Array.from(variances).findIndex((v) => !(v > 0 && Number.isFinite(v)))
  if (bad >= 0)
    throw new DataError(`${what} covariance: variance ${bad} is ${variances[bad]}; it must be above zero`)
}

/**
 * Powers of the covariance of z_0 given z_t when z_0 ~ N(., C): V_t = σ² C (μ² C + σ² I)⁻¹, which for C = I is the
 * r_t² = σ² / (μ² + σ²) of ΠGDM (Song et al. 2023). power 1/2 turns standard normals into draws.
 */
export function denoisedCovariance(C: Covariance, { mu, sigma }: Level, power: 1 | 0.5 = 1) {
  const noise = sigma.square()
  const signal = mu.square()
  return (x: Tensor): Tensor =>
    C.apply(x, (c) => {
      const v = noise.mul(c).div(signal.mul(c).add(noise))
      return power === 1 ? v : v.sqrt()
    })
}
