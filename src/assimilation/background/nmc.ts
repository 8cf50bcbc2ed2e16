import type { ChannelSet } from '../../atmosphere/channels.ts'
import type { Grid } from '../../atmosphere/grid.ts'
import { ConfigError, DataError } from '../../base/errors.ts'
import type { BackgroundErrors } from '../classical/backgroundErrors.ts'
import { eigenSymmetric } from '../classical/linalg.ts'
import { regressBalance } from './balance.ts'
import { correlationLength, type FieldOperator, gaussianCorrelationRoot } from './horizontal.ts'

/** Settings of `nmcCovariance`. */
export interface NmcOptions {
  /** Factor on all standard deviations: forecast differences are not quite background errors. */
  scale?: number
  /** Factor on all correlation lengths. */
  lengthScale?: number
  /** Without it channels of different variables are independent. */
  balance?: boolean
}

export interface NmcCovariance extends BackgroundErrors {
  /** Share of each channel's variance that is balanced with the geopotential, [channels]. */
  readonly explained: Float64Array
  /** Correlation length (km) of each vertical mode, in the order of the modes. */
  readonly lengths: readonly number[]
}

/** Lengths are rounded to this ratio, so that modes share their operators. */
const step = 1.1

/**
 * The background error covariance of model space from samples of it (forecast differences, Parrish & Derber 1992), as a
 * control-variable transform x - x_b = U v (Bannister 2008, doi:10.1002/qj.340):
 *   U = K Σ E Λ^½ S: S horizontal correlations with a length for each vertical mode, E Λ^½ vertical modes of each variable
 *   (empirical orthogonal functions of its levels), Σ standard deviations by channel and row, K balance of mass and wind.
 * `differences` [samples, channel, latitude, longitude], normalised.
 * @throws DataError for fewer than two samples or values that are not finite
 * @throws ConfigError for factors not above 0
 */
export function nmcCovariance(
  differences: Float32Array,
  channels: ChannelSet,
  grid: Grid,
  { scale = 1, lengthScale = 1, balance = true }: NmcOptions = {},
): NmcCovariance {
  const { size: points, columns: w, rows: h } = grid
  const n = channels.length * points
  const count = differences.length / n
  if (!Number.isInteger(count) || count < 2)
    throw new DataError(`${differences.length} values are no two background errors of ${n} or more`)
  if (!(scale > 0 && lengthScale > 0))
    throw new ConfigError(`factors on B above zero, not ${scale} and ${lengthScale}`)
  const bad = differences.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0)
    throw new DataError(`background error ${Math.floor(bad / n)} is ${differences[bad]} at value ${bad % n}`)
  const samples = Float64Array.from(differences)
  const none = { apply: same, adjoint: same, explained: new Float64Array(channels.length) }
  const fitted = balance ? regressBalance(samples, channels, grid) : undefined
  if (fitted)
    for (let s = 0; s < count; s++) samples.set(fitted.remove(samples.slice(s * n, (s + 1) * n)), s * n)
  const K = fitted ?? none

  const sigma = new Float64Array(channels.length * h)
  for (let p = 0; p < samples.length; p++) sigma[Math.floor((p % n) / w)] += samples[p] ** 2 / (count * w)
  for (let k = 0; k < sigma.length; k++) sigma[k] = Math.sqrt(sigma[k]) || 1e-12
  for (let p = 0; p < samples.length; p++) samples[p] /= sigma[Math.floor((p % n) / w)]

  const weights = grid.latitudeWeights()
  const roots = new Map<number, FieldOperator>()
  const lengths: number[] = []
  const groups = groupsOf(channels).map((members) => {
    const L = members.length
    const C = new Float64Array(L * L)
    for (let s = 0; s < count; s++)
      for (let p = 0; p < points; p++)
        for (let a = 0; a < L; a++)
          for (let b = 0; b <= a; b++)
            C[a * L + b] +=
              weights[Math.floor(p / w)] *
              samples[s * n + members[a] * points + p] *
              samples[s * n + members[b] * points + p]
    for (let a = 0; a < L; a++) for (let b = 0; b < a; b++) C[b * L + a] = C[a * L + b]
    const { values, vectors } = eigenSymmetric(
      C.map((v) => v / (count * points)),
      L,
    )
    const modes = Array.from({ length: L }, (_, k) => {
      const amplitudes = new Float64Array(count * points)
      for (let s = 0; s < count; s++)
        for (let p = 0; p < points; p++)
          for (let a = 0; a < L; a++)
            amplitudes[s * points + p] += vectors[a * L + k] * samples[s * n + members[a] * points + p]
      const rounded = Math.round(Math.log(lengthScale * correlationLength(amplitudes, grid)) / Math.log(step))
      const length = step ** rounded
      lengths.push(length)
      const root = roots.get(rounded) ?? gaussianCorrelationRoot(grid, length)
      roots.set(rounded, root)
      return {
        root,
        loading: Array.from(members, (_, a) => Math.sqrt(Math.max(values[k], 0)) * vectors[a * L + k]),
      }
    })
    return { members, modes }
  })

  const scaled = sigma.map((s) => scale * s)
  return {
    size: n,
    controls: n,
    explained: K.explained,
    lengths,
    transform(v) {
      const x = new Float64Array(n)
      for (const { members, modes } of groups)
        modes.forEach(({ root, loading }, k) => {
          const field = root(v.subarray(members[k] * points, (members[k] + 1) * points))
          members.forEach((c, a) => {
            for (let p = 0; p < points; p++) x[c * points + p] += loading[a] * field[p]
          })
        })
      for (let row = 0, p = 0; p < n; row++) for (let j = 0; j < w; j++) x[p++] *= scaled[row]
      return K.apply(x)
    },
    adjoint(x) {
      const y = K.adjoint(x)
      for (let row = 0, p = 0; p < n; row++) for (let j = 0; j < w; j++) y[p++] *= scaled[row]
      const v = new Float64Array(n)
      for (const { members, modes } of groups)
        modes.forEach(({ root, loading }, k) => {
          const field = new Float64Array(points)
          members.forEach((c, a) => {
            for (let p = 0; p < points; p++) field[p] += loading[a] * y[c * points + p]
          })
          v.set(root(field), members[k] * points)
        })
      return v
    },
  }
}

const same = (x: Float64Array) => x.slice()

/** The channels of each variable. */
function groupsOf(channels: ChannelSet): number[][] {
  const groups = new Map<string, number[]>()
  channels.channels.forEach(({ variable }, c) => {
    const group = groups.get(variable.short)
    if (group) group.push(c)
    else groups.set(variable.short, [c])
  })
  return [...groups.values()]
}
