import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChannelSet } from '../../atmosphere/channels.ts'
import { Grid } from '../../atmosphere/grid.ts'
import { createStates } from '../../io/write-states.ts'

export const grid = Grid.equiangular(16, 32)
export const channels = ChannelSet.of('u10,v10,msl,z500,z850,t500,t850')
export const t0 = Date.parse('1984-04-01T00:00:00Z')
export const hours = 3_600_000

/** A small dataset on disk. */
export interface SmallStore {
  readonly folder: string
  /** Four states on 32 x 16 points, a wave around a base value plus the number of the state. */
  readonly store: string
  /** What is in the folder. */
  left(): Promise<string[]>
  remove(): Promise<void>
}

/** Writes the store into a temporary folder of its own. */
export async function smallStore(): Promise<SmallStore> {
  const folder = await mkdtemp(join(tmpdir(), 'align-da-cli-'))
  const store = join(folder, 'small.zarr')
  const statics = new Map([['land_sea_mask', new Float32Array(grid.size).fill(0.25)]])
  const writer = await createStates(store, { grid, channels, statics })
  const base = { u10: 5, v10: -3, msl: 101_000, z500: 54_000, z850: 14_000, t500: 250, t850: 275 } as Record<
    string,
    number
  >
  // Six-hourly with 12 UTC of the first day left out.
  const times = [0, 6, 18, 24].map((h) => t0 + h * hours)
  const states = new Float32Array(times.length * channels.length * grid.size)
  let at = 0
  times.forEach((_, step) => {
    for (const name of channels.names)
      for (let i = 0; i < grid.rows; i++)
        for (let j = 0; j < grid.columns; j++) {
          const wave =
            Math.cos((grid.latitude[i] * Math.PI) / 180) * Math.cos((2 * Math.PI * (3 * j)) / grid.columns)
          states[at++] = base[name] * (1 + 0.01 * wave) + step
        }
  })
  await writer.append(times, states)
  await writer.close()
  return {
    folder,
    store,
    left: async () => (await readdir(folder)).sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
