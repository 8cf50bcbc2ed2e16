import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { constant, type Tensor } from '../tensor/index.ts'
import { shapeError } from '../tensor/shape.ts'
import { type Denoiser, levelFor } from './denoiser.ts'
import type { NoiseSchedule } from './schedule.ts'

/**
 * The exact denoiser of p(z) = N(m, C), z of n numbers in any shape. With C = Q diag(c) Q^T,
 *   E[z_0 | z_t] = m + mu C (mu^2 C + sigma^2 I)^-1 (z_t - mu m)
 *   eps = sigma (mu^2 C + sigma^2 I)^-1 (z_t - mu m).
 * A prior whose posterior is known in closed form: samplers and guidance are held against it.
 *
 * mean: [n], or a tensor that broadcasts against z (a mean that depends on the background); covariance: [n, n],
 * symmetric and not negative.
 * @throws ShapeError when mean and covariance do not fit each other or z
 */
export function gaussianDenoiser(
  schedule: NoiseSchedule,
  mean: Float64Array | Tensor,
  covariance: Float64Array,
): Denoiser {
  const n = Math.sqrt(covariance.length)
  if (!Number.isInteger(n) || (ArrayBuffer.isView(mean) && mean.length !== n))
    throw shapeError('gaussianDenoiser', `a covariance of ${covariance.length} values does not fit the mean`)
  const rows = Array.from({ length: n }, (_, i) => Array.from(covariance.subarray(i * n, (i + 1) * n)))
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  })
  const variances = realEigenvalues.map((v) => Math.max(v, 0))
  const q = Float64Array.from(eigenvectorMatrix.to1DArray())
  return {
    schedule,
    predict(z_t, t) {
      const [batch, ...shape] = z_t.shape
      const { dtype } = z_t
      if (z_t.size !== batch * n)
        throw shapeError('gaussianDenoiser', `latents of ${z_t.size / batch} numbers, covariance of ${n}`)
      const m = ArrayBuffer.isView(mean) ? constant(mean, { shape, dtype }) : mean
      const { mu, sigma } = levelFor(schedule, t, z_t)
      const flat = { mu: mu.reshape(batch, 1), sigma: sigma.reshape(batch, 1) }
      const basis = constant(q, { shape: [n, n], dtype })
      const c = constant(variances, { shape: [1, n], dtype })
      const total = c.mul(flat.mu.square()).add(flat.sigma.square())
      const whitened = z_t.sub(m.mul(mu)).reshape(batch, n).matmul(basis).div(total)
      const back = (x: Tensor) => x.matmul(basis.transpose()).reshape(...z_t.shape)
      return {
        epsilon: back(whitened.mul(flat.sigma)),
        z0: back(whitened.mul(c).mul(flat.mu)).add(m),
      }
    },
  }
}
