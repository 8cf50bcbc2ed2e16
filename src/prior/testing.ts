import { stream } from '../random/stream.ts'

/** A mean of n numbers of order one. */
export function mean(n: number): Float64Array {
  return stream(11, 'mean').normal(new Float64Array(n))
}

/** A covariance [n, n] with variances of order one and strong correlations: A A^T / n + I / 4. */
export function covariance(n: number): Float64Array {
  const a = stream(11, 'factor').normal(new Float64Array(n * n))
  return Float64Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n]
    let sum = i === j ? n / 4 : 0
    for (let l = 0; l < n; l++) sum += a[i * n + l] * a[j * n + l]
    return sum / n
  })
}
