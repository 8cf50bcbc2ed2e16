/** Lag-one correlation of a series, between 0 and 0.97. */
export function lagOne(series: ArrayLike<number>): number {
  const n = series.length
  let mean = 0
  for (let t = 0; t < n; t++) mean += series[t] / n
  let variance = 0
  let covariance = 0
  for (let t = 0; t < n; t++) {
    variance += (series[t] - mean) ** 2
    if (t > 0) covariance += (series[t] - mean) * (series[t - 1] - mean)
  }
  // Rounding alone varies within 1e-14 of the mean.
  return variance > n * (1e-14 * mean) ** 2 ? Math.min(0.97, Math.max(0, covariance / variance)) : 0
}

/**
 * Block length that minimises the error of the bootstrap's variance for n dates of an AR(1) process with
 * lag-one correlation phi: (sqrt(6) phi / (1 - phi^2))^(2/3) n^(1/3) (Politis & White 2004, Econometric
 * Reviews 23, 53-70, the moving-block case), between 1 and n / 4.
 */
export function blockLength(phi: number, n: number): number {
  const best = ((Math.sqrt(6) * phi) / (1 - phi * phi)) ** (2 / 3) * Math.cbrt(n)
  return Math.max(1, Math.min(Math.ceil(best), Math.floor(n / 4)))
}

/**
 * How much too narrow the percentile interval of a mean is, with blocks of `length` of n dates: blocks are
 * compared with their own mean (n / (n - length)), correlation beyond a block is lost (under AR(1) the
 * variance lacks the share 2 phi / ((1 - phi^2) length), at most half is made up for), and few blocks make a
 * Student's t, here with n / length - 1 degrees of freedom, out of the normal.
 */
export function widening(phi: number, length: number, n: number, level: number): number {
  if (length >= n) return 1
  const lost = Math.min(0.5, (2 * phi) / ((1 - phi * phi) * length))
  const freedom = Math.max(1, n / length - 1)
  const z = normalQuantile((1 + level) / 2)
  // Fisher's expansion of the t quantile (Abramowitz & Stegun 26.7.5).
  const t = z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
  return (t / z) * Math.sqrt(n / (n - length) / (1 - lost))
}

/** Abramowitz & Stegun 26.2.23, within 4.5e-4, for p > 1/2. */
function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p))
  const above = 2.515517 + 0.802853 * t + 0.010328 * t * t
  return t - above / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3)
}
