import { DataError } from '../base/errors.ts'
import { constant, type Tensor } from '../tensor/index.ts'
import { eigenSymmetric } from './classical/linalg.ts'
import { type Covariance, diagonal } from './guidance/covariance.ts'

/**
 * Covariance of what is diffused from samples u [samples, d, h, w], mean not removed (increments u = (z - z_b) / s
 * have none to speak of).
 * - `diagonal`: a variance for each channel and row.
 * - `spatial`: for each channel, correlations between tokens that are the same at every longitude, and eastward as
 *   westward: diagonal in zonal wavenumber, full in rows; blended with its diagonal by `shrinkage`.
 * @throws DataError without a whole number of samples, or for a channel that never varies
 */
export function latentCovariance(
  samples: Float32Array,
  [d, h, w]: readonly number[],
  { kind = 'spatial', shrinkage = 0.1 }: { kind?: 'diagonal' | 'spatial'; shrinkage?: number } = {},
): Covariance {
  const count = samples.length / (d * h * w)
  if (!Number.isInteger(count) || count < 1)
    throw new DataError(`${samples.length} values are no samples of latents ${d} x ${h} x ${w}`)
  if (kind === 'diagonal') {
    const variances = new Float64Array(d * h)
    for (let p = 0; p < samples.length; p++)
      variances[Math.floor(p / w) % (d * h)] += samples[p] ** 2 / (count * w)
    return diagonal(variances, [d, h, 1])
  }
  const F = fourierBasis(w)
  const waves = Math.floor(w / 2) + 1
  const wave = (k: number) => (k + 1) >> 1
  // For each channel and wavenumber the covariance of rows, the mean over cosines and sines.
  const sums = Array.from({ length: d * waves }, () => new Float64Array(h * h))
  const line = new Float64Array(h * w)
  for (let s = 0; s < count; s++)
    for (let c = 0; c < d; c++) {
      const at = (s * d + c) * h * w
      for (let i = 0; i < h; i++)
        for (let k = 0; k < w; k++) {
          let sum = 0
          for (let j = 0; j < w; j++) sum += samples[at + i * w + j] * F[j * w + k]
          line[i * w + k] = sum
        }
      for (let k = 0; k < w; k++) {
        const own = sums[c * waves + wave(k)]
        const share = wave(k) === 0 || 2 * wave(k) === w ? 1 : 2
        for (let i = 0; i < h; i++)
          for (let j = 0; j < h; j++) own[i * h + j] += (line[i * w + k] * line[j * w + k]) / (share * count)
      }
    }
  const vectors = new Float64Array(d * w * h * h)
  const values = new Float64Array(d * w * h)
  sums.forEach((C, at) => {
    const [c, q] = [Math.floor(at / waves), at % waves]
    const blended = C.map((v, p) => (Math.floor(p / h) === p % h ? v : (1 - shrinkage) * v))
    const found = eigenSymmetric(blended, h)
    const largest = Math.max(...found.values)
    if (!(largest > 0)) throw new DataError(`latent channel ${c} does not vary at wavenumber ${q}`)
    for (let k = 0; k < w; k++) {
      if (wave(k) !== q) continue
      vectors.set(found.vectors, (c * w + k) * h * h)
      values.set(
        found.values.map((v) => Math.max(v, 1e-6 * largest)),
        (c * w + k) * h,
      )
    }
  })
  return {
    name: 'spatial',
    apply(x, f) {
      const [batch] = x.shape
      const basis = constant(F, { shape: [w, w], dtype: x.dtype })
      const Q = constant(vectors, { shape: [d, w, h, h], dtype: x.dtype })
      const c = constant(values, { shape: [d, w, h], dtype: x.dtype })
        .transpose(0, 2, 1)
        .reshape(1, d, h, w)
      /** [batch, d, h, w] times a matrix of rows for each channel and wavenumber. */
      const byRows = (y: Tensor, matrix: Tensor) =>
        y.transpose(1, 3, 0, 2).matmul(matrix).transpose(2, 0, 3, 1).reshape(batch, d, h, w)
      const turned = byRows(x.matmul(basis), Q).mul(f(c))
      return byRows(turned, Q.transpose(0, 1, 3, 2)).matmul(basis.transpose())
    },
  }
}

/** The real Fourier basis of n points on a ring, orthonormal columns [n, n]: 1, cos, sin, cos 2, sin 2, .. */
export function fourierBasis(n: number): Float64Array {
  const F = new Float64Array(n * n)
  for (let k = 0; k < n; k++) {
    const wave = (k + 1) >> 1
    const whole = wave === 0 || 2 * wave === n
    const scale = Math.sqrt((whole ? 1 : 2) / n)
    for (let j = 0; j < n; j++) {
      const angle = (2 * Math.PI * ((wave * j) % n)) / n
      F[j * n + k] = scale * (k === 0 || k % 2 === 1 ? Math.cos(angle) : Math.sin(angle))
    }
  }
  return F
}
