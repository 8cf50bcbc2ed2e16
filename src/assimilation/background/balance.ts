import type { ChannelSet } from '../../atmosphere/channels.ts'
import type { Grid } from '../../atmosphere/grid.ts'
import { cholesky, solveLower, solveLowerTransposed } from '../classical/linalg.ts'

/** What of a channel follows from the geopotential: at each row a coefficient for each predictor. */
interface Regression {
  readonly channel: number
  readonly predictors: readonly { readonly channel: number; readonly slope?: Neighbours }[]
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
  const neighbours = neighboursOf(h, w)
  const lowest = heights.reduce((a, b) => (b.level > a.level ? b : a), heights[0])
  const wanted = channels.channels.flatMap(
    ({ variable, level }, channel): Omit<Regression, 'coefficients'>[] => {
      const { short } = variable
      if (heights.length === 0) return []
      if (['t', 't2m', 'msl'].includes(short))
        return [{ channel, predictors: heights.map(({ index }) => ({ channel: index })) }]
      if (!['u', 'v', 'u10', 'v10'].includes(short)) return []
      const own = level === undefined ? lowest : heights.find((z) => z.level === level)
      const slope = short.startsWith('u') ? neighbours.y : neighbours.x
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
        slopeOf(samples.subarray(s * n + c * points, s * n + (c + 1) * points), slope),
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
        const field = slopeOf(x.subarray(c * points, (c + 1) * points), slope)
        for (let i = 0, p = 0; i < h; i++) {
          const coefficient = sign * coefficients[i * predictors.length + a]
          for (const end = p + w; p < end; p++) out[channel * points + p] += coefficient * field[p]
        }
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
          for (let i = 0, p = 0; i < h; i++) {
            const coefficient = coefficients[i * predictors.length + a]
            for (const end = p + w; p < end; p++) weighted[p] = coefficient * x[channel * points + p]
          }
          const back = slopeAdjoint(weighted, slope)
          for (let p = 0; p < points; p++) out[c * points + p] += back[p]
        })
      return out
    },
  }
}

/** The points that a difference is of, [rows, columns]. */
interface Neighbours {
  readonly before: Int32Array
  readonly after: Int32Array
}

/** Neighbours either way; one way at the first and last row. */
function neighboursOf(h: number, w: number): { x: Neighbours; y: Neighbours } {
  const of = (f: (i: number, j: number) => number) =>
    Int32Array.from({ length: h * w }, (_, p) => f(Math.floor(p / w), p % w))
  return {
    x: {
      before: of((i, j) => i * w + ((j + w - 1) % w)),
      after: of((i, j) => i * w + ((j + 1) % w)),
    },
    y: {
      before: of((i, j) => Math.max(i - 1, 0) * w + j),
      after: of((i, j) => Math.min(i + 1, h - 1) * w + j),
    },
  }
}

/** Differences of neighbours; the field itself without any. */
function slopeOf(f: Float64Array, neighbours?: Neighbours): Float64Array {
  if (!neighbours) return f
  const { before, after } = neighbours
  const out = new Float64Array(f.length)
  for (let p = 0; p < f.length; p++) out[p] = f[after[p]] - f[before[p]]
  return out
}

function slopeAdjoint(g: Float64Array, neighbours?: Neighbours): Float64Array {
  if (!neighbours) return g
  const { before, after } = neighbours
  const out = new Float64Array(g.length)
  for (let p = 0; p < g.length; p++) {
    out[after[p]] += g[p]
    out[before[p]] -= g[p]
  }
  return out
}
