import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChannelSet } from '../../atmosphere/channels.ts'
import { Grid } from '../../atmosphere/grid.ts'
import { createStates } from '../../io/write-states.ts'

export const waveGrid = Grid.equiangular(8, 16)
export const waveChannels = ChannelSet.of('u10,msl,z500,t500,u500')
const hour = 3_600_000

export interface WaveOptions {
  /** First day, 60 days of which are written. */
  start?: string
  /** Positions of states that are left out. */
  without?: readonly number[]
  /** Fields constant in time that are left out. */
  withoutStatic?: string
  /** Puts a NaN into this state. */
  missing?: number
}

/**
 * Writes a small world into a folder of its own: zonal waves 1 to 3 that travel at speeds of their own, so that the
 * next state follows from this one, with amplitudes that wax and wane.
 */
export async function waveStore(options: WaveOptions = {}) {
  const { start = '2000-01-01', without = [], withoutStatic, missing } = options
  const folder = await mkdtemp(join(tmpdir(), 'align-da-waves-'))
  const store = join(folder, 'tiny.zarr')
  const { size, rows, columns, latitude } = waveGrid
  const statics = new Map([
    ['geopotential_at_surface', Float32Array.from({ length: size }, (_, i) => 500 * (i % 7))],
    ['land_sea_mask', Float32Array.from({ length: size }, (_, i) => Number(i % 16 < 5))],
  ])
  if (withoutStatic) statics.delete(withoutStatic)
  const writer = await createStates(store, { grid: waveGrid, channels: waveChannels, statics })
  const scales = [
    [2, 6],
    [101_000, 900],
    [54_000, 1200],
    [250, 9],
    [12, 11],
  ]
  for (let t = 0; t < 240; t++) {
    if (without.includes(t)) continue
    const state = new Float32Array(waveChannels.length * size)
    for (const [c, [mean, scale]] of scales.entries())
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          let value = 0
          for (let k = 1; k <= 3; k++) {
            const amplitude = (1 + 0.5 * Math.sin(0.05 * k * t + i)) / k
            value +=
              amplitude * Math.cos((2 * Math.PI * k * j) / columns - (0.1 + 0.08 * k) * t + 0.7 * c * k)
          }
          state[c * size + i * columns + j] = mean + scale * value * Math.cos((latitude[i] * Math.PI) / 180)
        }
    if (t === missing) state[2 * size + 5] = Number.NaN
    await writer.append([Date.parse(start) + 6 * t * hour], state)
  }
  await writer.close()
  return { folder, store, remove: () => rm(folder, { recursive: true, force: true }) }
}
