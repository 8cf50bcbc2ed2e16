import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { openStates } from '../io/states.ts'
import { createStates } from '../io/write-states.ts'
import { align, patience } from './testing/process.ts'
import { channels, hours, type SmallStore, smallStore, t0 } from './testing/store.ts'

let small: SmallStore
let folder: string
let store: string
beforeAll(async () => {
  small = await smallStore()
  folder = small.folder
  store = small.store
}, patience)
afterAll(() => small.remove())

describe('data convert and regrid', () => {
  it(
    'keeps values, times and units through NetCDF and Zarr v3',
    async () => {
      const nc = join(folder, 'copy.nc')
      const v3 = join(folder, 'copy.zarr')
      const first = await align(['data', 'convert', store, nc])
      expect(first).toMatchObject({
        code: 0,
        out: expect.stringContaining('4 states of 7 channels, netcdf-4'),
      })
      const second = await align([
        'data',
        'convert',
        nc,
        v3,
        '--format',
        'zarr3',
        '--time',
        '1984-04-01T06..1984-04-02',
      ])
      expect(second.code).toBe(0)
      const [a, b] = [await openStates(store), await openStates(v3)]
      expect(b.dataset.format).toBe('zarr v3')
      expect([...b.times]).toEqual([...a.times.slice(1)])
      expect(await b.readAll()).toEqual(await a.readAll([1, 4]))
      expect(b.statics.get('land_sea_mask')?.[7]).toBe(0.25)
      await Promise.all([a.close(), b.close()])
      await Promise.all([rm(nc), rm(v3, { recursive: true })])
    },
    patience,
  )

  it(
    'regrids without changing area means',
    async () => {
      const out = join(folder, 'coarse.zarr')
      const { code } = await align(['data', 'regrid', store, out, '--grid', '8x4'])
      expect(code).toBe(0)
      const [fine, coarse] = [await openStates(store), await openStates(out)]
      const mean = (
        values: Float32Array,
        { rows, columns }: Grid,
        weights: Float64Array,
        channel: number,
      ) => {
        let sum = 0
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++)
            sum += weights[i] * values[channel * rows * columns + i * columns + j]
        return sum / (rows * columns)
      }
      const [x, y] = [await fine.read(0), await coarse.read(0)]
      for (let c = 0; c < channels.length; c++) {
        const before = mean(x, fine.grid, fine.grid.areaWeights(), c)
        expect(mean(y, coarse.grid, coarse.grid.areaWeights(), c) / before).toBeCloseTo(1, 5)
      }
      await Promise.all([fine.close(), coarse.close(), rm(out, { recursive: true })])
    },
    patience,
  )

  it(
    'writes nothing when it cannot, and does not replace what is there unasked',
    async () => {
      const before = await small.left()
      const results = await Promise.all([
        align(['data', 'convert', store, join(folder, 'a.dat')]),
        align(['data', 'convert', store, join(folder, 'b.zarr'), '--channels', 'z501']),
        align(['data', 'convert', store, store]),
        align(['data', 'regrid', store, join(folder, 'c.zarr'), '--grid', '16by8']),
        align(['data', 'regrid', store, join(folder, 'd.zarr'), '--grid', '8x4', '--method', 'linear']),
      ])
      expect(results.map((r) => r.code)).toEqual([1, 1, 1, 1, 1])
      expect(results.map((r) => r.err)).toEqual([
        expect.stringContaining('.zarr or .nc'),
        expect.stringContaining('501'),
        expect.stringContaining('exists already'),
        expect.stringContaining('64x32'),
        expect.stringContaining('conservative, bilinear'),
      ])
      expect(await small.left()).toEqual(before)
    },
    patience,
  )

  it(
    'leaves nothing half-written when interrupted',
    async () => {
      const long = join(folder, 'long.zarr')
      const fine = Grid.equiangular(128, 256)
      const writer = await createStates(long, { grid: fine, channels: ChannelSet.of('u10') })
      for (let step = 0; step < 1200; step += 300)
        await writer.append(
          Float64Array.from({ length: 300 }, (_, k) => t0 + (step + k) * hours),
          new Float32Array(300 * fine.size),
        )
      await writer.close()
      const before = await small.left()
      const { code, err } = await align(
        [
          'data',
          'regrid',
          long,
          join(folder, 'half.zarr'),
          '--grid',
          '720x361-poles',
          '--method',
          'bilinear',
        ],
        { interruptAt: /states +\d+%/ },
      )
      expect(code).toBe(130)
      expect(err).toContain('nothing half-written is left')
      expect(await small.left()).toEqual(before)
      await rm(long, { recursive: true })
    },
    patience,
  )
})
