import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { openDataset } from './dataset.ts'
import { openStates } from './states.ts'
import { writeEnsemble } from './write-ensemble.ts'
import { createStates, type StatesFormat } from './write-states.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-analysis-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const grid = Grid.equiangular(4, 8)
const channels = ChannelSet.of('u10,z500,z850,t850')
const [members, size] = [3, 4 * 32]
const time = Date.UTC(2020, 10, 1, 12, 30)
const states = Float32Array.from({ length: members * size }, (_, i) => Math.sin(i) * 20 + 250)
const mean = Float32Array.from(
  { length: size },
  (_, i) => (states[i] + states[size + i] + states[2 * size + i]) / 3,
)
const spread = Float32Array.from({ length: size }, (_, i) =>
  Math.sqrt([0, 1, 2].reduce((sum, k) => sum + (states[k * size + i] - mean[i]) ** 2, 0) / 2),
)
const analysis = { grid, channels, time, mean, spread, members: states }
const formats: [StatesFormat, string][] = [
  ['netcdf-4', 'a.nc'],
  ['zarr v2', 'b.zarr'],
  ['zarr v3', 'c.zarr'],
]

describe.each(formats)('an ensemble written as %s', (format, name) => {
  it('holds mean, spread and members, and reads as its mean', async () => {
    const path = join(folder, name)
    await writeEnsemble(path, analysis, { format, attributes: { title: 'an analysis' } })
    const back = await openStates(path, { channels })
    expect([back.times[0], back.remarks, back.channels.names]).toEqual([time, [], channels.names])
    expect(await back.read(0)).toEqual(mean)
    await back.close()
    const dataset = await openDataset(path)
    const t = dataset.variables.get('temperature_members')!
    expect(t.dimensions).toEqual(['time', 'realization', 'level', 'latitude', 'longitude'])
    const values = (await t.read()).data as Float32Array
    for (let k = 0; k < members; k++)
      expect(values.slice((2 * k + 1) * 32, (2 * k + 2) * 32)).toEqual(
        states.slice(k * size + 96, k * size + 128),
      )
    const u = dataset.variables.get('10m_u_component_of_wind_spread')!
    expect((await u.read()).data).toEqual(spread.slice(0, 32))
    await dataset.close()
  })

  it('reads as one of its members', async () => {
    const path = join(folder, `member-${name}`)
    await writeEnsemble(path, analysis, { format })
    const back = await openStates(path, { channels, member: 2 })
    expect([back.times[0], await back.read(0)]).toEqual([time, states.slice(size, 2 * size)])
    await back.close()
    const open = (member: number) => openStates(path, { channels, member })
    await expect(open(4)).rejects.toThrow(/has no member 4: it has 1 to 3/)
    await expect(open(0)).rejects.toThrow('has no member 0')
    const single = join(folder, `single-${name}`)
    const writer = await createStates(single, { grid, channels, timeUnit: 'minutes' }, { format })
    await writer.append([time], mean)
    await writer.close()
    await expect(openStates(single, { member: 1 })).rejects.toThrow('has no members: it has no dimension')
  })

  it('is there whole or not at all', async () => {
    const path = join(folder, `whole-${name}`)
    const short = { ...analysis, mean: mean.slice(1) }
    await expect(writeEnsemble(path, short, { format })).rejects.toThrow('127, 128 and 384 values')
    expect(existsSync(path)).toBe(false)
    await writeEnsemble(path, { ...analysis, spread: undefined }, { format })
    await expect(writeEnsemble(path, analysis, { format })).rejects.toThrow('exists already')
    expect((await readdir(folder)).filter((f) => f.includes('tmp'))).toEqual([])
  })
})

const python = '/usr/bin/python3'
const hasXarray = spawnSync(python, ['-c', 'import xarray, zarr, netCDF4']).status === 0

describe.skipIf(!hasXarray)('xarray (where /usr/bin/python3 has it)', () => {
  const script = `
import json, sys, xarray as x
d = x.open_zarr(sys.argv[1], consolidated=True) if sys.argv[1].endswith("zarr") else x.open_dataset(sys.argv[1])
m = d["geopotential_members"]
print(json.dumps({
  "time": str(d.time.values[0])[:16], "members": d.realization.values.tolist(), "shape": list(m.shape),
  "mean": float(abs(m.mean("realization") - d["geopotential"]).max()),
  "spread": float(abs(m.std("realization", ddof=1) - d["geopotential_spread"]).max()),
  "methods": [d["geopotential"].attrs["cell_methods"], d["geopotential_spread"].attrs["cell_methods"]],
  "names": [d["geopotential"].attrs["standard_name"], d["realization"].attrs["standard_name"]]}))`

  it.each(formats.slice(0, 2))(
    'opens %s without a warning; the mean is that of the members',
    async (format, name) => {
      const path = join(folder, `xarray-${name}`)
      await writeEnsemble(path, analysis, { format })
      const seen = JSON.parse(execFileSync(python, ['-W', 'error', '-c', script, path], { encoding: 'utf8' }))
      expect(seen).toMatchObject({
        ...{ time: '2020-11-01T12:30', members: [1, 2, 3], shape: [1, 3, 2, 4, 8] },
        methods: ['realization: mean', 'realization: standard_deviation'],
        names: ['geopotential', 'realization'],
      })
      expect(seen.mean).toBeLessThan(1e-4)
      expect(seen.spread).toBeLessThan(1e-4)
    },
  )
})
