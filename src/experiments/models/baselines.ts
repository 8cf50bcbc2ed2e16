import type { Series } from '../../io/series.ts'

/** Sums over training pairs of background and truth, by channel and row of latitude. */
export class BackgroundFit {
  private readonly series: Series
  private readonly count: Float64Array
  private readonly sums: {
    b: Float64Array
    t: Float64Array
    bb: Float64Array
    bt: Float64Array
    e: Float64Array
  }

  constructor(series: Series) {
    this.series = series
    const groups = series.channels.length * series.grid.rows
    const blank = () => new Float64Array(groups)
    this.count = blank()
    this.sums = { b: blank(), t: blank(), bb: blank(), bt: blank(), e: blank() }
  }

  /** Adds backgrounds and truths, [n, channel, lat, lon] normalised. */
  add(background: Float32Array, truth: Float32Array) {
    const { columns } = this.series.grid
    const groups = this.count.length
    const { b, t, bb, bt, e } = this.sums
    for (let i = 0; i < truth.length; i++) {
      const g = Math.floor(i / columns) % groups
      const [x, y] = [background[i], truth[i]]
      this.count[g]++
      b[g] += x
      t[g] += y
      bb[g] += x * x
      bt[g] += x * y
      e[g] += (y - x) ** 2
    }
  }

  /** Backgrounds put through the least-squares line of their channel and row. */
  correct(background: Float32Array): Float32Array {
    const { b, t, bb, bt } = this.sums
    const slope = this.count.map((n, g) => (bt[g] - (b[g] * t[g]) / n) / (bb[g] - b[g] ** 2 / n))
    const offset = this.count.map((n, g) => (t[g] - slope[g] * b[g]) / n)
    const { columns } = this.series.grid
    return background.map((x, i) => {
      const g = Math.floor(i / columns) % slope.length
      return slope[g] * x + offset[g]
    })
  }

  /** Root mean square background error by channel and row. */
  get deviation(): Float64Array {
    return this.count.map((n, g) => Math.sqrt(this.sums.e[g] / n))
  }

  /** Mean CRPS of a Gaussian about the background with the errors' deviation of its channel and row. */
  dressedCrps(background: Float32Array, truth: Float32Array): number {
    const { columns } = this.series.grid
    const sigma = this.deviation
    let sum = 0
    for (let i = 0; i < truth.length; i++)
      sum +=
        gaussianCrps((truth[i] - background[i]) / sigma[Math.floor(i / columns) % sigma.length]) *
        sigma[Math.floor(i / columns) % sigma.length]
    return sum / truth.length
  }
}

/** CRPS of a standard normal forecast for the value z (Gneiting et al. 2005, eq. 5). */
export function gaussianCrps(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  return z * (2 * normalCdf(z) - 1) + 2 * density - 1 / Math.sqrt(Math.PI)
}

/** Distribution function of the standard normal, by the continued fraction and series of erfc (error < 1e-12). */
function normalCdf(z: number): number {
  const a = Math.abs(z)
  const density = Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI)
  let upper: number
  if (a > 3) {
    let fraction = 0
    for (let n = 60; n > 0; n--) fraction = n / (a + fraction)
    upper = density / (a + fraction)
  } else {
    let term = a
    let sum = a
    for (let n = 1; Math.abs(term) > 1e-16; n++) {
      term *= (a * a) / (2 * n + 1)
      sum += term
    }
    upper = 0.5 - density * sum
  }
  return z < 0 ? upper : 1 - upper
}
