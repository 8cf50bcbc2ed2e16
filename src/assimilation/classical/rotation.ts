import type { Stream } from '../../random/stream.ts'
import { qr, timesTransposed } from './linalg.ts'

/**
 * A random orthogonal matrix Λ [n, n], uniform by the Haar measure: Q of the QR decomposition of a Gaussian matrix,
 * its columns signed by the diagonal of R. Mezzadri (2007), "How to generate random matrices from the classical
 * compact groups", arXiv:math-ph/0609050, section 5.
 */
export function randomOrthogonal(n: number, random: Stream): Float64Array {
  const { Q, diagonal } = qr(random.normal(new Float64Array(n * n)), n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (diagonal[j] < 0) Q[i * n + j] *= -1
  return Q
}

/**
 * A random rotation of ensemble anomalies that keeps their mean (Λ 1 = 1) and covariance (Λ orthogonal), [N, N]:
 * orthogonal within the space perpendicular to 1, in a basis made by a Householder reflection of 1/√N onto the
 * first axis. Sakov and Oke (2008), "Implications of the form of the ensemble transformation in the ensemble square
 * root filters", doi:10.1175/2007MWR2021.1, section 3.
 */
export function meanPreservingRotation(N: number, random: Stream): Float64Array {
  if (N < 2) return new Float64Array(N).fill(1)
  const theta = randomOrthogonal(N - 1, random)
  // H = I - 2 u uᵀ/(uᵀu) with u = 1/√N + e_0 maps -e_0 to 1/√N and is its own inverse.
  const u = new Float64Array(N).fill(1 / Math.sqrt(N))
  u[0] += 1
  const factor = 2 / u.reduce((sum, x) => sum + x * x, 0)
  const basis = new Float64Array(N * (N - 1)) // the other columns of H: perpendicular to 1
  for (let i = 0; i < N; i++)
    for (let j = 1; j < N; j++) basis[i * (N - 1) + j - 1] = (i === j ? 1 : 0) - factor * u[i] * u[j]
  // Λ = 1 1ᵀ/N + basis Θ basisᵀ
  const turned = new Float64Array(N * (N - 1))
  for (let i = 0; i < N; i++)
    for (let k = 0; k < N - 1; k++)
      for (let j = 0; j < N - 1; j++)
        turned[i * (N - 1) + j] += basis[i * (N - 1) + k] * theta[k * (N - 1) + j]
  return timesTransposed(turned, basis, N, N, N - 1).map((v) => v + 1 / N)
}
