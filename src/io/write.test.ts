import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { openDataset } from './dataset.ts'
import { openStates } from './states.ts'
import { appendStates, createStates, type StatesFormat, type StatesLayout } from './write-states.ts'
import { bloscZstd } from './zarr/documents.ts'
import { createZarr } from './zarr/write.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-write-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const grid = Grid.equiangular(4, 8)
const channels = ChannelSet.of('u10,t2m,z500,z850,t850')
const mask = Float32Array.from({ length: 32 }, (_, i) => i % 2)
const layout: StatesLayout = {
  grid,
  channels,
  statics: new Map([['land_sea_mask', mask]]),
  attributes: { title: 'written' },
}
const steps = 11
const times = Float64Array.from({ length: steps }, (_, i) => Date.UTC(1984, 1, 27) + i * 21_600_000)
const states = Float32Array.from({ length: steps * 5 * 32 }, (_, i) => Math.sin(i) * 100 + 250)
states[7] = Number.NaN
const part = (from: number, to: number) => states.subarray(from * 160, to * 160)

async function write(path: string, format: StatesFormat) {
  const writer = await createStates(path, layout, { format, timeChunk: 4 })
  await writer.append(times.subarray(0, 3), part(0, 3))
  expect(existsSync(path)).toBe(false)
  await writer.append(times.subarray(3), part(3, steps))
  await writer.close()
}

const formats: [StatesFormat, string][] = [
  ['zarr v2', 'a.zarr'],
  ['zarr v3', 'b.zarr'],
  ['netcdf-4', 'c.nc'],
]

describe.each(formats)('states written as %s', (format, name) => {
  it('read back the same', async () => {
    const path = join(folder, name)
    await write(path, format)
    const back = await openStates(path, { channels })
    expect(back.dataset.format).toBe(format)
    expect(back.times).toEqual(times)
    expect(back.grid.equals(grid)).toBe(true)
    expect(await back.readAll()).toEqual(states)
    expect(back.statics.get('land_sea_mask')).toEqual(mask)
    expect(back.dataset.attributes).toMatchObject({ title: 'written', Conventions: 'CF-1.8' })
    // t500 was not written, but geopotential has that level: it is there as missing values.
    const t500 = await openStates(path, { channels: ChannelSet.of('t500') })
    expect((await t500.read(0)).every(Number.isNaN)).toBe(true)
    expect(back.remarks).toEqual([])
    await back.close()
    await t500.close()
  })

  it('are there whole or not at all', async () => {
    const path = join(folder, `whole-${name}`)
    const writer = await createStates(path, layout, { format })
    await writer.append(times.subarray(0, 2), part(0, 2))
    await writer.abort()
    expect((await readdir(folder)).filter((f) => f.includes(`whole-${name}`))).toEqual([])
    await writeFile(path, 'mine')
    await expect(createStates(path, layout, { format })).rejects.toThrow('exists already')
    await rm(path)
  })

  it('refuse states that do not fit', async () => {
    const writer = await createStates(join(folder, `refused-${name}`), layout, { format })
    await expect(writer.append(times.subarray(0, 2), part(0, 3))).rejects.toThrow('no 2 states of 5 channels')
    await expect(writer.append([times[0] + 1], part(0, 1))).rejects.toThrow('no whole 3600 s')
    await writer.append([times[1]], part(1, 2))
    await expect(writer.append([times[0]], part(0, 1))).rejects.toThrow('not after 1984-02-27T06:00:00.000Z')
    await writer.abort()
  })
})

describe.each(formats.slice(0, 2))('a store in %s', (format, name) => {
  it.each([[3], [4], [9]])('of %d states is appended to as if it had been written at once', async (first) => {
    const path = join(folder, `append-${first}-${name}`)
    const writer = await createStates(path, layout, { format, timeChunk: 4 })
    await writer.append(times.subarray(0, first), part(0, first))
    await writer.close()
    const more = await appendStates(path, layout)
    await more.append(times.subarray(first), part(first, steps))
    await more.close()
    const back = await openStates(path, { channels })
    expect(back.times).toEqual(times)
    expect(await back.readAll()).toEqual(states)
    const again = await appendStates(path, layout)
    await expect(again.append([times[0]], part(0, 1))).rejects.toThrow('not after')
  })

  it('shows its old length until the append is closed', async () => {
    const path = join(folder, `late-${name}`)
    const writer = await createStates(path, layout, { format, timeChunk: 2 })
    await writer.append(times.subarray(0, 3), part(0, 3))
    await writer.close()
    const more = await appendStates(path, layout)
    await more.append(times.subarray(3, 8), part(3, 8))
    const meanwhile = await openStates(path, { channels })
    expect(await meanwhile.readAll()).toEqual(part(0, 3))
    await more.abort()
    expect((await openStates(path)).times).toHaveLength(3)
  })
})

describe('chunks', () => {
  it.each([2, 3] as const)('may cut every axis, in v%d, with any compressor', async (version) => {
    const data = Float32Array.from({ length: 5 * 7 }, (_, i) => i)
    for (const [k, compressor] of [
      bloscZstd,
      { id: 'zstd', level: 1 },
      { id: 'gzip', level: 1 },
      null,
    ].entries()) {
      if (version === 3 && compressor?.id === 'blosc') continue
      const path = join(folder, `cut-${version}-${k}.zarr`)
      const variable = { name: 'v', dimensions: ['y', 'x'], dtype: 'float32' as const, data, chunks: [2, 3] }
      const writer = await createZarr(
        path,
        { dimensions: { y: 5, x: 7 }, variables: [variable] },
        { version, compressor },
      )
      await writer.close()
      const back = (await openDataset(path)).variables.get('v')!
      expect(back.chunks).toEqual([2, 3])
      expect((await back.read()).data).toEqual(data)
    }
  })
})

const python = '/usr/bin/python3'
const hasXarray = spawnSync(python, ['-c', 'import xarray, zarr, netCDF4']).status === 0

describe.skipIf(!hasXarray)('xarray (where /usr/bin/python3 has it)', () => {
  const script = `
import json, sys, xarray as x
d = x.open_zarr(sys.argv[1], consolidated=True) if sys.argv[1].endswith("zarr") else x.open_dataset(sys.argv[1])
v = d["geopotential"]
print(json.dumps({
  "dimensions": list(v.dims), "shape": list(v.shape), "units": v.attrs["units"], "name": v.attrs["standard_name"],
  "times": d.time.values.astype("datetime64[ms]").astype(int).tolist(), "levels": d.level.values.tolist(),
  "latitude": d.latitude.values.tolist(), "values": v.astype("f8").values.ravel().tolist(), "variables": sorted(d.variables),
  "missing": int(d["10m_u_component_of_wind"].isnull().sum()), "level_units": d.level.attrs["units"]}))`

  it.each([formats[0], formats[2]])(
    'opens %s without a warning, with the same values, units and times',
    async (format, name) => {
      const path = join(folder, `xarray-${name}`)
      await write(path, format)
      const seen = JSON.parse(execFileSync(python, ['-W', 'error', '-c', script, path], { encoding: 'utf8' }))
      expect(seen).toMatchObject({
        dimensions: ['time', 'level', 'latitude', 'longitude'],
        shape: [steps, 2, 4, 8],
        units: 'm2 s-2',
        name: 'geopotential',
        times: [...times],
        levels: [500, 850],
        level_units: 'hPa',
        latitude: [...grid.latitude],
        missing: 1,
      })
      expect(seen.variables).toHaveLength(4 + 4 + 1)
      const z = states.filter((_, i) => [2, 3].includes(Math.floor(i / 32) % 5))
      expect(Float32Array.from(seen.values)).toEqual(z)
    },
  )

  it('writes one time of a file of ours, and we read it', async () => {
    const [from, path] = [formats[2][1], 'one time.nc'].map((name) => join(folder, name))
    const select = 'import sys, xarray as x; x.open_dataset(sys.argv[1]).isel(time=-1).to_netcdf(sys.argv[2])'
    execFileSync(python, ['-c', select, from, path])
    const back = await openStates(path, { channels })
    expect([...back.times]).toEqual([times.at(-1)])
    expect(await back.read(0)).toEqual(part(steps - 1, steps))
    await back.close()
  })

  it('appends to a store of ours, and we read what it wrote', async () => {
    const path = join(folder, 'xarray-append.zarr')
    cpSync(join(folder, 'a.zarr'), path, { recursive: true })
    const append = `
import sys, numpy as np, xarray as x
d = x.open_zarr(sys.argv[1]).load()
n = d.isel(time=slice(-1, None)).assign_coords(time=d.time[-1:] + np.timedelta64(6, "h"))
n.drop_vars(["land_sea_mask"]).to_zarr(sys.argv[1], append_dim="time", consolidated=True)`
    execFileSync(python, ['-c', append, path])
    const back = await openStates(path, { channels })
    expect(back.times.at(-1)).toBe(times.at(-1)! + 21_600_000)
    expect(await back.read(steps)).toEqual(part(steps - 1, steps))
  })
})

describe('overwriting with a Zarr store', () => {
  it.each(['zarr v2', 'zarr v3'] as const)('replaces a store or an empty folder, %s', async (format) => {
    const path = join(folder, `replaced ${format}`)
    await mkdir(path)
    for (const n of [3, 5]) {
      const writer = await createStates(path, layout, { format, overwrite: true })
      await writer.append(times.subarray(0, n), part(0, n))
      await writer.close()
      expect((await openStates(path, { channels })).times.length).toBe(n)
    }
  })

  it('leaves a folder of other files alone', async () => {
    const path = join(folder, 'results')
    await mkdir(path)
    await writeFile(join(path, 'notes.txt'), 'kept')
    const options = { format: 'zarr v2', overwrite: true } as const
    await expect(createStates(path, layout, options)).rejects.toThrow(
      /results is a folder of other files \(notes\.txt\) and is not overwritten.*results\/states\.zarr/,
    )
    expect(await readdir(path)).toEqual(['notes.txt'])
  })

  it('leaves files alone that came while it was written', async () => {
    const path = join(folder, 'late')
    const writer = await createStates(path, layout, { format: 'zarr v2', overwrite: true })
    await mkdir(path)
    await writeFile(join(path, 'notes.txt'), 'kept')
    await expect(writer.close()).rejects.toThrow('is not overwritten')
    await writer.abort()
    expect(await readdir(path)).toEqual(['notes.txt'])
  })
})

it('takes a half-written Zarr store along when the process ends', async () => {
  const path = join(folder, 'ended')
  await mkdir(path)
  const script = join(path, 'script.mts')
  const writer = new URL('./zarr/write.ts', import.meta.url).href
  await writeFile(
    script,
    `import { createZarr } from '${writer}'
     import { readdirSync } from 'node:fs'
     const variables = [{ name: 'x', dimensions: ['x'], dtype: 'float32', data: new Float32Array(4) }]
     await createZarr(process.argv[2] + '/a.zarr', { dimensions: { x: 4 }, variables })
     process.stdout.write(String(readdirSync(process.argv[2]).length), () => process.exit(1))`,
  )
  const ended = spawnSync(process.execPath, ['--import', 'tsx', script, path], { encoding: 'utf8' })
  expect(ended).toMatchObject({ status: 1, stdout: '2' })
  expect(await readdir(path)).toEqual(['script.mts'])
}, 60_000)
