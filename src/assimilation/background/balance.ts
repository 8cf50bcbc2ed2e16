import type { ChannelSet } from '../../atmosphere/channels.ts'
import type { Grid } from '../../atmosphere/grid.ts'
import { cholesky, solveLower, solveLowerTransposed } from '../classical/linalg.ts'

/** What of a channel follows from the geopotential: at each row a coefficient for each predictor. */
interface Regression {
  readonly channel: number
  readonly predictors: readonly { readonly channel: number; readonly slope: 'none' | 'x' | 'y' }[]
  /** [rows, predictors] */
  readonly coefficients: Float64Array
}

/** x = K x_u: adds to unbalanced fields what is balanced with the geopotential. States are [channel, row, column]. */
export interface Balance {
  apply(x: Float64Array): Float64Array
  adjoint(x: Float64Array): Float64Array
  /** The inverse: takes away the balanced part. */
  remove(x: Float64Array): Float64Array
  /** Share of the variance of each channel that is balanced, [channels]. */
  readonly explained: Float64Array
}

/**
 * The balance of mass and wind by regression on samples of background error [samples, channel, row, column]
 * (Derber & Bouttier 1999, doi:10.3402/tellusa.v51i2.12316, with geopotential in the place of vorticity): temperature
 * and surface pressure follow from the profile of z, winds from the slope of z at their level (near the
 * surface of the lowest one), with coefficients of each row; where there is no geostrophy, as at the equator, they
 * come out near zero. `ridge` is relative to the predictors' variance.
 */
export function regressBalance(
  samples: Float64Array,
  channels: ChannelSet,
  grid: Grid,
  { ridge = 0.02 } = {},
): Balance {
  const { rows: h, columns: w, size: points } = grid
  const n = channels.length * points
  const count = samples.length / n
  const heights = channels.levelsOf('z')
  const lowest = heights.reduce((a, b) => (b.level > a.level ? b : a), heights[0])
  const wanted = channels.channels.flatMap(
    ({ variable, level }, channel): Omit<Regression, 'coefficients'>[] => {
      const { short } = variable
      if (heights.length === 0) return []
      if (['t', 't2m', 'msl'].includes(short))
        return [{ channel, predictors: heights.map(({ index }) => ({ channel: index, slope: 'none' })) }]
      if (!['u', 'v', 'u10', 'v10'].includes(short)) return []
      const own = level === undefined ? lowest : heights.find((z) => z.level === level)
      const slope = short.startsWith('u') ? 'y' : 'x'
      return own ? [{ channel, predictors: [{ channel: own.index, slope }] }] : []
    },
  )
  const explained = new Float64Array(channels.length)
  const regressions: Regression[] = wanted.map(({ channel, predictors }) => {
    const k = predictors.length
    const coefficients = new Float64Array(h * k)
    let [whole, left] = [0, 0]
    const normal = Array.from({ length: h }, () => new Float64Array(k * k))
    const right = Array.from({ length: h }, () => new Float64Array(k))
    const squares = new Float64Array(h)
    for (let s = 0; s < count; s++) {
      const fields = predictors.map(({ channel: c, slope }) =>
        slopeOf(samples.subarray(s * n + c * points, s * n + (c + 1) * points), slope, h, w),
      )
      const y = samples.subarray(s * n + channel * points, s * n + (channel + 1) * points)
      for (let p = 0; p < points; p++) {
        const i = Math.floor(p / w)
        squares[i] += y[p] ** 2
        for (let a = 0; a < k; a++) {
          right[i][a] += fields[a][p] * y[p]
          for (let b = 0; b < k; b++) normal[i][a * k + b] += fields[a][p] * fields[b][p]
        }
      }
    }
    for (let i = 0; i < h; i++) {
      let trace = 0
      for (let a = 0; a < k; a++) trace += normal[i][a * k + a]
      for (let a = 0; a < k; a++) normal[i][a * k + a] += (ridge * trace) / k + 1e-12
      const L = cholesky(normal[i], k, 'the covariance of geopotential')
      const b = solveLowerTransposed(L, k, solveLower(L, k, right[i].slice()))
      coefficients.set(b, i * k)
      whole += squares[i]
      for (let a = 0; a < k; a++) left += b[a] * right[i][a]
    }
    explained[channel] = whole > 0 ? left / whole : 0
    return { channel, predictors, coefficients }
  })

  const balanced = (x: Float64Array, sign: 1 | -1) => {
    const out = x.slice()
    for (const { channel, predictors, coefficients } of regressions)
      predictors.forEach(({ channel: c, slope }, a) => {
        const field = slopeOf(x.subarray(c * points, (c + 1) * points), slope, h, w)
        for (let p = 0; p < points; p++)
          out[channel * points + p] +=
            sign * coefficients[Math.floor(p / w) * predictors.length + a] * field[p]
      })
    return out
  }
  return {
    explained,
    apply: (x) => balanced(x, 1),
    // z itself is not balanced with anything, so what was added is known.
    remove: (x) => balanced(x, -1),
    adjoint(x) {
      const out = x.slice()
      for (const { channel, predictors, coefficients } of regressions)
        predictors.forEach(({ channel: c, slope }, a) => {
          const weighted = new Float64Array(points)
          for (let p = 0; p < points; p++)
            weighted[p] = coefficients[Math.floor(p / w) * predictors.length + a] * x[channel * points + p]
          const back = slopeAdjoint(weighted, slope, h, w)
          for (let p = 0; p < points; p++) out[c * points + p] += back[p]
        })
      return out
    },
  }
}

/** Differences of neighbours either way (one way at the first and last row); the field itself for `none`. */
function slopeOf(f: Float64Array, slope: 'none' | 'x' | 'y', h: number, w: number): Float64Array {
  if (slope === 'none') return f
  return f.map((_, p) => {
    const [a, b] = neighbours(p, slope, h, w)
    return f[b] - f[a]
  })
}

function slopeAdjoint(g: Float64Array, slope: 'none' | 'x' | 'y', h: number, w: number): Float64Array {
  if (slope === 'none') return g
  const out = new Float64Array(g.length)
  for (let p = 0; p < g.length; p++) {
    const [a, b] = neighbours(p, slope, h, w)
    out[b] += g[p]
    out[a] -= g[p]
  }
  return out
}

function neighbours(p: number, slope: 'x' | 'y', h: number, w: number): [number, number] {
  const [i, j] = [Math.floor(p / w), p % w]
  if (slope === 'x') return [i * w + ((j + w - 1) % w), i * w + ((j + 1) % w)]
  return [Math.max(i - 1, 0) * w + j, Math.min(i + 1, h - 1) * w + j]
}
