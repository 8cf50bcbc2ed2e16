import { Differences } from '../../atmosphere/differences.ts'
import type { World } from '../../forecast/world.ts'
import { crps } from '../../verification/crps.ts'
import { geoScore } from '../../verification/geo-score.ts'
import { hydroScore } from '../../verification/hydro-score.ts'
import { mse } from '../../verification/mse.ts'
import { rmse } from '../../verification/rmse.ts'
import { pointWeights } from '../../verification/sample.ts'
import { spreadSkill, spreadSkillRatio } from '../../verification/spread-skill.ts'

/** The channels whose errors are shown, those of the paper (arXiv 2505.22008, table 1). */
export const shownChannels = ['u10', 'v500', 'z500', 't850'] as const

/** Scores of one analysis, one date. */
export interface DemoScores {
  /** Of the estimate, over all channels and points, normalised, unweighted. */
  readonly mse: number
  /** The same of single members, on average. */
  readonly memberMse: number
  /** Of the estimate by channel, latitude-weighted, SI units. */
  readonly rmse: Readonly<Record<string, number>>
  /** Fair CRPS, normalised, latitude-weighted, mean over channels; the absolute error of a single state. */
  readonly crps: number
  /** 1 for a reliable ensemble, below it for one too narrow; NaN for a single state. */
  readonly spreadSkill: number
  /** Mismatches of geostrophic and hydrostatic balance, averaged over members, and the truth's. */
  readonly geostrophic: number
  readonly hydrostatic: number
  readonly truth: { readonly geostrophic: number; readonly hydrostatic: number }
}

/**
 * Scores of normalised states [members, channel, lat, lon] against a normalised truth; the estimate is their mean.
 */
export function verify(
  states: Float32Array,
  truth: Float32Array,
  world: World,
  { antithetic = false }: { antithetic?: boolean } = {},
): DemoScores {
  const { grid, channels } = world
  const n = truth.length
  const members = states.length / n
  const normaliser = world.normaliser.select(channels.names)
  const weights = pointWeights(grid.latitudeWeights(), grid.columns)
  const estimate = new Float32Array(n)
  for (let i = 0; i < states.length; i++) estimate[i % n] += states[i] / members
  const field = (state: Float32Array, c: number) => state.subarray(c * grid.size, (c + 1) * grid.size)
  const errors: Record<string, number> = {}
  for (const name of shownChannels) {
    if (!channels.has(name)) continue
    const c = channels.index(name)
    errors[name] = rmse(field(estimate, c), field(truth, c), weights) * normaliser.std[c]
  }
  let [score, variance, square] = [0, 0, 0]
  const ensemble = new Float32Array(members * grid.size)
  for (let c = 0; c < channels.length; c++) {
    for (let m = 0; m < members; m++)
      ensemble.set(field(states.subarray(m * n, (m + 1) * n), c), m * grid.size)
    score += crps(ensemble, field(truth, c), weights, { antithetic }) / channels.length
    if (members < 2) continue
    const skill = spreadSkill(ensemble, field(truth, c), weights, { antithetic })
    variance += skill.variance
    square += skill.mse
  }
  const differences = new Differences(grid)
  const real = normaliser.denormalise(truth, grid.size)
  let [geostrophic, hydrostatic, memberError] = [0, 0, 0]
  let reference = { geostrophic: 0, hydrostatic: 0 }
  for (let m = 0; m < members; m++) {
    const member = normaliser.denormalise(states.slice(m * n, (m + 1) * n), grid.size)
    const geo = geoScore(member, real, channels, differences)
    const hydro = hydroScore(member, real, channels, grid)
    memberError += mse(states.subarray(m * n, (m + 1) * n), truth)
    geostrophic += geo.mismatch / members
    hydrostatic += hydro.mismatch / members
    reference = { geostrophic: geo.truth, hydrostatic: hydro.truth }
  }
  return {
    mse: mse(estimate, truth),
    memberMse: memberError / members,
    rmse: errors,
    crps: score,
    spreadSkill: spreadSkillRatio(variance, square, members),
    geostrophic,
    hydrostatic,
    truth: reference,
  }
}
