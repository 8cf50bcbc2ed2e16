import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { createNetcdf4 } from '../io/netcdf/write.ts'
import { writeEnsemble } from '../io/write-ensemble.ts'
import { createStates } from '../io/write-states.ts'
import { stream } from '../random/stream.ts'
import { type VerifyOptions, verify } from './runVerify.ts'

const grid = Grid.equiangular(4, 8)
const channels = ChannelSet.of('t500,u10')
const time = Date.UTC(2020, 10, 1, 12)
const truth = stream(1, 'truth').normal(new Float32Array(64))
const plus = (d: number) => truth.map((x) => x + d)
let folder: string
const path = (name: string) => join(folder, name)

async function write(name: string, values: Float32Array, on = grid) {
  const writer = await createStates(path(name), { grid: on, channels })
  await writer.append([time], values)
  await writer.close()
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-'))
  await write('truth.nc', truth)
  await write('background.zarr', plus(-1))
  await write('other.nc', truth, Grid.equiangular(2, 16))
  const members = Float32Array.of(...plus(1.5), ...plus(-0.5))
  const ensemble = { grid, channels, time, mean: plus(0.5), members }
  await writeEnsemble(path('independent.nc'), ensemble)
  await write(
    'holes.nc',
    truth.map((x, i) => (i === 40 ? Number.NaN : x)),
  )
  // Members without a mean, as ECMWF's files have them.
  const named = (name: string, units: string, data: Float64Array, standard_name = name) => ({
    ...{ name, dimensions: [name], dtype: 'float64' as const, data, attributes: { units, standard_name } },
  })
  const field = (name: string, units: string, c: number) => ({
    ...{ name, dimensions: ['number', 'latitude', 'longitude'], dtype: 'float32' as const },
    data: Float32Array.from(
      [0, 1].flatMap((m) => [...members.subarray(64 * m + 32 * c, 64 * m + 32 * (c + 1))]),
    ),
    attributes: { units },
  })
  const { latitude, longitude } = grid
  const ecmwf = await createNetcdf4(path('alone.nc'), {
    dimensions: { number: 2, latitude: 4, longitude: 8, level: 1, time: 1 },
    variables: [
      named('time', 'hours since 1970-01-01', Float64Array.of(time / 3_600_000)),
      named('latitude', 'degrees_north', Float64Array.from(latitude)),
      named('longitude', 'degrees_east', Float64Array.from(longitude)),
      named('level', 'hPa', Float64Array.of(500), 'air_pressure'),
      field('u10', 'm s-1', 0),
      { ...field('t', 'K', 1), dimensions: ['number', 'level', 'latitude', 'longitude'] },
    ],
  })
  await ecmwf.close()
  await writeEnsemble(path('mirrored.zarr'), { ...ensemble, mirrored: true })
})
afterAll(() => rm(folder, { recursive: true }))

async function scores(file: string, options: Partial<VerifyOptions> = {}) {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
  try {
    await verify(path(file), { truth: path('truth.nc'), time: 'last', json: true, ...options })
    return JSON.parse(String(printed.mock.calls.at(-1)?.[0]))
  } finally {
    printed.mockRestore()
  }
}

it('prints errors against the truth and how they compare with a background', async () => {
  const [first, second, ...more] = await scores('independent.nc', { background: path('background.zarr') })
  expect([first.channel, first.unit, second.channel, second.unit]).toEqual(['u10', 'm s-1', 't500', 'K'])
  expect(more).toEqual([])
  expect(first.RMSE).toBeCloseTo(0.5, 6)
  expect(first.bias).toBeCloseTo(0.5, 6)
  expect(first['RMSE, background']).toBeCloseTo(1, 6)
  expect(first['change, %']).toBeCloseTo(-50, 4)
})

it('scores ensembles as what they are: independent members or mirrored ones', async () => {
  // Members 1.5 above and 0.5 below. Independent: variance 2, CRPS 1 - 2 / 2. Mirrored: variance 1, CRPS
  // 1 - sqrt(1/2), spread over error 1 / 0.5.
  const [independent] = await scores('independent.nc')
  expect(independent.spread).toBeCloseTo(Math.SQRT2, 5)
  expect(independent.CRPS).toBeCloseTo(0, 6)
  const [mirrored] = await scores('mirrored.zarr')
  expect(mirrored.spread).toBeCloseTo(1, 5)
  expect(mirrored.CRPS).toBeCloseTo(1 - Math.SQRT1_2, 5)
  expect(mirrored['spread / error']).toBeCloseTo(2, 5)
  const [single] = await scores('background.zarr', { channels: 't500' })
  expect(Object.keys(single)).toEqual(['channel', 'unit', 'RMSE', 'bias'])
})

it('takes the mean of an ensemble for its background or truth', async () => {
  for (const name of ['independent.nc', 'alone.nc']) {
    const [row] = await scores('background.zarr', { background: path(name) })
    expect(row['RMSE, background']).toBeCloseTo(0.5, 5)
    const [against] = await scores('background.zarr', { truth: path(name) })
    expect(against.RMSE).toBeCloseTo(1.5, 5)
  }
})

it('says where an error is not known because values are missing', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {})
  const [, t500] = await scores('holes.nc')
  expect(t500.RMSE).toBeNull()
  expect(told.mock.calls.join()).toMatch(/holes\.nc has missing values of t500:/)
  told.mockRestore()
})

it('refuses another grid, and a truth that does not have the time', async () => {
  await expect(scores('independent.nc', { truth: path('other.nc') })).rejects.toThrow(
    /other\.nc is on 16x2 .*, .*independent\.nc on 8x4 .*regrid/,
  )
  await expect(scores('truth.nc', { time: '2020-11-02' })).rejects.toThrow('has no state at 2020-11-02 00:00')
  await expect(scores('truth.nc', { channels: 'z500' })).rejects.toThrow(/z500|geopotential/)
})
