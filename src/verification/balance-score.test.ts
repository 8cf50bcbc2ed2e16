import { describe, expect, it } from 'vitest'
import { ChannelSet, speedyChannels } from '../atmosphere/channels.ts'
import { earthRadius, omega, Rd } from '../atmosphere/constants.ts'
import { Differences } from '../atmosphere/differences.ts'
import { Grid } from '../atmosphere/grid.ts'
import { stream } from '../random/stream.ts'
import { balanceScore } from './balance-score.ts'
import { geoScore } from './geo-score.ts'
import { hydroScore, hydrostaticMismatchOfState } from './hydro-score.ts'

const grid = Grid.equiangular(32, 64)
const d = new Differences(grid)

/** Solid-body flow that is the same on all levels over an isothermal dry atmosphere: balanced both ways. */
function balanced(channels: ChannelSet, speed = 30): Float64Array {
  const state = new Float64Array(channels.length * grid.size)
  channels.channels.forEach(({ variable, level }, c) => {
    for (let i = 0; i < grid.size; i++) {
      const lat = (grid.latitude[Math.floor(i / grid.columns)] * Math.PI) / 180
      const phi =
        -earthRadius * omega * speed * Math.sin(lat) ** 2 + Rd * 260 * Math.log(1000 / (level ?? 1000))
      const values: Record<string, number> = { z: phi, t: 260, u: speed * Math.cos(lat) }
      state[c * grid.size + i] = values[variable.short] ?? 0
    }
  })
  return state
}

const truth = balanced(speedyChannels)

/** The truth with noise of the given size in one variable. */
function disturbed(short: string, size: number): Float64Array {
  const state = truth.slice()
  for (const { index } of speedyChannels.levelsOf(short)) {
    const noise = stream(0, 'noise', index).normal(new Float64Array(grid.size))
    noise.forEach((n, i) => {
      state[index * grid.size + i] += size * n
    })
  }
  return state
}

describe('balance scores', () => {
  it('are 100 for the truth itself and fall with the distance of the mismatches', () => {
    expect(balanceScore(0.7, 0.7)).toBe(100)
    expect(balanceScore(0.5, 0.7)).toBeCloseTo(balanceScore(0.9, 0.7), 12)
    expect(balanceScore(0.936, 0.7)).toBeCloseTo(200 / (1 + Math.exp(0.236)), 12)
    expect(geoScore(truth, truth, speedyChannels, d)).toMatchObject({ score: 100 })
    expect(hydroScore(truth, truth, speedyChannels, grid)).toMatchObject({ score: 100 })
  })

  it('see an unbalanced wind, and the more the worse', () => {
    const [a, b] = [4, 12].map((size) => geoScore(disturbed('u', size), truth, speedyChannels, d))
    expect(a.truth).toBeLessThan(0.01)
    expect(a.mismatch).toBeGreaterThan(0.05)
    expect(b.score).toBeLessThan(a.score)
    expect(a.score).toBeLessThan(98)
    // The wind has no say in hydrostatic balance.
    expect(hydroScore(disturbed('u', 12), truth, speedyChannels, grid).score).toBe(100)
  })

  it('see a temperature that does not carry the geopotential, and not what geostrophy sees', () => {
    const warm = disturbed('t', 2.6)
    const { mismatch, truth: reference, score } = hydroScore(warm, truth, speedyChannels, grid)
    expect(reference).toBeLessThan(1e-12)
    // Two independent 1 % errors averaged: mean |N(0, 0.01 / sqrt 2)|.
    expect(mismatch).toBeCloseTo(0.01 / Math.sqrt(Math.PI), 3)
    expect(score).toBeGreaterThan(99)
    expect(hydroScore(warm, truth, speedyChannels, grid, { scale: 100 }).score).toBeLessThan(80)
    expect(geoScore(warm, truth, speedyChannels, d).score).toBe(100)
  })

  it('of a state that is NaN where the truth is not are NaN', () => {
    const state = truth.slice()
    state[speedyChannels.index('t500') * grid.size] = Number.NaN
    expect(geoScore(state, truth, speedyChannels, d).score).toBeNaN()
    expect(hydroScore(state, truth, speedyChannels, grid).score).toBeNaN()
    expect(hydroScore(state, state, speedyChannels, grid).score).toBe(100)
  })

  it('ignore levels outside 200..700 hPa unless asked, and say what is missing', () => {
    const state = truth.slice()
    const low = speedyChannels.index('u925')
    state.fill(99, low * grid.size, (low + 1) * grid.size)
    expect(geoScore(state, truth, speedyChannels, d).score).toBe(100)
    expect(geoScore(state, truth, speedyChannels, d, { levels: [925] }).score).toBeLessThan(85)
    const few = ChannelSet.of('z500,t500,u500')
    expect(() => geoScore(balanced(few), balanced(few), few, d)).toThrow(/needs z, u and v on a level/)
    expect(() => hydrostaticMismatchOfState(balanced(few), few, grid)).toThrow(/at least two levels/)
    const gap = ChannelSet.of('z500,z700,t500')
    expect(() => hydrostaticMismatchOfState(balanced(gap), gap, grid, { levels: [500, 700] })).toThrow(
      /z700 and t700/,
    )
  })
})
