import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { sharedData } from '../base/testing.ts'
import { timeGaps } from './gaps.ts'
import type { VariableLayout } from './layout.ts'
import { rowMajor } from './selection.ts'
import { openStates, type States } from './states.ts'
import { createZarr } from './zarr/write.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-states-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Values {
  dimensions: string[]
  shape: number[]
  data: Float64Array
  units?: string
}

/** Writes a store and returns its path. */
async function stored(variables: Record<string, Values>): Promise<string> {
  const path = join(folder, `${count++}.zarr`)
  const dimensions: Record<string, number> = {}
  const layouts = Object.entries(variables).map(
    ([name, { dimensions: names, shape, data, units }]): VariableLayout => {
      for (const [k, dimension] of names.entries()) dimensions[dimension] = shape[k]
      return {
        name,
        dimensions: names,
        dtype: 'float64',
        data,
        attributes: units === undefined ? {} : { units },
      }
    },
  )
  const writer = await createZarr(path, { dimensions, variables: layouts })
  await writer.close()
  return path
}

const axis = (name: string, values: number[], units?: string) => ({
  dimensions: [name],
  shape: [values.length],
  data: Float64Array.from(values),
  units,
})

/** Temperature = 1000 time + 100 level + latitude + longitude / 1000, with axes in any order and direction. */
function world({
  order = ['time', 'level', 'latitude', 'longitude'],
  latitude = [67.5, 22.5, -22.5, -67.5],
  longitude = [0, 90, 180, 270],
  level = [500, 850],
  time = [0, 6, 12],
  levelUnits = 'hPa',
  units = 'K',
  name = 'temperature',
} = {}) {
  const values: Record<string, number[]> = { time, level, latitude, longitude }
  const shape = order.map((dimension) => values[dimension].length)
  const strides = rowMajor(shape)
  const data = Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => {
    const at = (dimension: string) => {
      const k = order.indexOf(dimension)
      return values[dimension][Math.floor(i / strides[k]) % shape[k]]
    }
    const hPa = at('level') > 1100 ? at('level') / 100 : at('level')
    return 1000 * at('time') + 100 * hPa + at('latitude') + ((at('longitude') + 360) % 360) / 1000
  })
  return stored({
    time: axis('time', time, 'hours since 1970-01-01'),
    level: axis('level', level, levelUnits),
    latitude: axis('latitude', latitude, 'degrees_north'),
    longitude: axis('longitude', longitude, 'degrees_east'),
    [name]: { dimensions: order, shape, data, units },
  })
}

describe('states of a dataset', () => {
  let plain: States
  let wanted: Float32Array
  beforeAll(async () => {
    plain = await openStates(await world())
    wanted = await plain.readAll()
  })

  it('are [time, channel, latitude north to south, longitude from 0]', () => {
    expect(plain.channels.names).toEqual(['t500', 't850'])
    expect([...plain.times]).toEqual([0, 21_600_000, 43_200_000])
    const at = (time: number, hPa: number, lat: number, lon: number) =>
      Math.fround(1000 * time + 100 * hPa + lat + lon / 1000)
    expect(wanted[0]).toBe(at(0, 500, 67.5, 0))
    expect(wanted.at(-1)).toBe(at(12, 850, -67.5, 270))
    expect(wanted[1 * 32 + 1 * 16 + 2 * 4 + 3]).toBe(at(6, 850, -22.5, 270))
  })

  it.each([
    ['axes in another order', { order: ['longitude', 'latitude', 'level', 'time'] }],
    ['latitudes from the south', { latitude: [-67.5, -22.5, 22.5, 67.5] }],
    ['longitudes from -180', { longitude: [-180, -90, 0, 90] }],
    ['levels in Pa', { level: [50_000, 85_000], levelUnits: 'Pa' }],
    ['levels in Pa that are said to be hPa', { level: [50_000, 85_000] }],
    ['levels upwards', { level: [850, 500] }],
    ['times out of order', { time: [12, 0, 6] }],
    ['a short name', { name: 't' }],
  ])('are the same with %s', async (_, changes) => {
    const states = await openStates(await world(changes))
    expect([...states.times]).toEqual([...plain.times])
    expect(states.grid.equals(plain.grid)).toBe(true)
    expect(await states.readAll()).toEqual(wanted)
  })

  it('are converted to SI units', async () => {
    const states = await openStates(await world({ units: 'degC' }))
    expect((await states.read(0))[0]).toBe(Math.fround(50_067.5 + 273.15))
  })

  it('can be picked by position and channel', async () => {
    const states = await openStates(await world(), { channels: ChannelSet.of('t850') })
    const two = await states.read([2, 0])
    expect([...two.subarray(0, 16)]).toEqual([...wanted.subarray(2 * 32 + 16, 3 * 32)])
    expect([...two.subarray(16)]).toEqual([...wanted.subarray(16, 32)])
    await expect(states.read(3)).rejects.toThrow('there is no state 3; it has 3')
  })

  it('say what was put right', async () => {
    expect((await openStates(await world({ level: [50_000, 85_000] }))).remarks).toEqual([
      expect.stringContaining('taken as Pa'),
    ])
    expect((await openStates(await world({ time: [12, 0, 6] }))).remarks).toEqual([
      expect.stringContaining('out of order'),
    ])
    expect(plain.remarks).toEqual([])
  })

  it.each<[string, object, string | undefined, RegExp]>([
    [
      'repeated times',
      { time: [0, 6, 6] },
      undefined,
      /1970-01-01T06:00:00.000Z occurs twice, at indices 1 and 2/,
    ],
    [
      'a missing level',
      {},
      't300',
      /channel t300: there is no level 300 hPa; the nearest are 500 and 850 hPa/,
    ],
    ['a missing variable', {}, 'z500', /no geopotential for channel z500.*it has time, level/],
    [
      'units that cannot be meant',
      { units: 'Pa' },
      undefined,
      /temperature: units 'Pa' cannot be converted to 'K'/,
    ],
    ['a repeated column', { longitude: [0, 120, 240, 360] }, undefined, /repeats the first/],
  ])('%s: an error that names it', async (_, changes, channels, message) => {
    const options = channels ? { channels: ChannelSet.of(channels) } : {}
    await expect(openStates(await world(changes), options)).rejects.toThrow(message)
  })

  it('need latitude and longitude', async () => {
    const dataset = await stored({
      latitud: axis('latitud', [1]),
      v: { dimensions: ['latitud'], shape: [1], data: Float64Array.of(1) },
    })
    await expect(openStates(dataset)).rejects.toThrow('no latitude dimension (did you mean latitud?)')
  })
})

describe.skipIf(!sharedData)('real files (in the shared data folder)', () => {
  const shared = sharedData ?? ''

  it('the SPEEDY nature run has 2,188 times without a gap', async () => {
    const states = await openStates(join(shared, 'speedy-64x32.zarr'))
    expect(states.times).toHaveLength(2188)
    expect(timeGaps(states.times)).toEqual({ step: 21_600_000, gaps: [] })
    expect(new Date(states.times.at(-1)!).toISOString()).toBe('1984-06-30T18:00:00.000Z')
    expect(states.channels).toHaveLength(39)
    expect([...states.statics.keys()]).toEqual(['geopotential_at_surface', 'land_sea_mask'])
    expect(String(states.grid)).toMatch('64x32 equiangular, 87.19..-87.19 N')
    expect([...(await states.read(77))]).toEqual([
      ...(await states.readAll([76, 79])).subarray(79_872, 2 * 79_872),
    ])
  })

  it('the GFS winds have gaps', async () => {
    const states = await openStates(join(shared, 'gfs-wind-128x64.zarr'))
    const { step, gaps } = timeGaps(states.times)
    expect([states.times.length, step]).toEqual([422, 21_600_000])
    expect(gaps.length).toBeGreaterThan(2)
  })

  it('the ERA5 file has a 64x32 Gaussian grid and 37 levels', async () => {
    const states = await openStates(join(shared, 'real/era5_tl31_19590102T00.nc'))
    expect(states.dataset.format).toBe('netcdf-3')
    expect([states.grid.kind, states.grid.columns, states.grid.rows]).toEqual(['gaussian', 64, 32])
    expect(states.channels.levelsOf('temperature').map((l) => l.level)).toHaveLength(37)
    expect(new Date(states.times[0]).toISOString()).toBe('1959-01-02T00:00:00.000Z')
    const t = await states.read(0)
    // The mean of t500 lies where the atmosphere's does.
    const at = states.channels.index('t500') * 2048
    const mean = t.subarray(at, at + 2048).reduce((a, b) => a + b) / 2048
    expect(mean).toBeGreaterThan(245)
    expect(mean).toBeLessThan(265)
  })
})

describe('fixtures', () => {
  it('a NetCDF file with packed values opens as states', async () => {
    const states = await openStates(fileURLToPath(new URL('./fixtures/classic.nc', import.meta.url)))
    expect(states.channels.names).toEqual(['u10'])
    expect(new Date(states.times[0]).toISOString()).toBe('1983-01-01T06:00:00.000Z')
    expect(await states.readAll()).toHaveLength(5 * 32)
    await states.close()
  })
})
