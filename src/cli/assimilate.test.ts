import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { sharedData } from '../base/testing.ts'
import { shippedModels, shippedSamples } from '../experiments/demo/setting.ts'
import { readModelState } from '../experiments/models.ts'
import type { World } from '../forecast/world.ts'
import { readObservationsCsv } from '../io/observations/csv.ts'
import { writeObservationsParquet } from '../io/observations/parquet.ts'
import { readObservations } from '../io/read-observations.ts'
import { openStates, type States } from '../io/states.ts'
import { createStates } from '../io/write-states.ts'
import { loadLatentModel } from '../latent/codec.ts'
import { type AssimilateOptions, assimilate } from './runAssimilate.ts'
import { type ObserveOptions, observe } from './runObserve.ts'
import { align, patience } from './testing/process.ts'

const nature = join(shippedSamples, 'nature-run.zarr')
const there = existsSync(join(shippedModels, 'prior.safetensors'))
const time = Date.UTC(1984, 4, 3)
let folder: string
let world: World
const path = (name: string) => join(folder, name)

/** What is printed is read here and not shown. */
let printed: MockInstance<typeof console.log>
beforeEach(() => {
  printed = vi.spyOn(console, 'log').mockImplementation(() => {})
  return () => printed.mockRestore()
})
const output = () => printed.mock.calls.map(([line]) => String(line)).join('\n')

const look = (options: Partial<ObserveOptions>) =>
  observe({ time: '1984-05-03T00', error: 0.05, seed: 1, ...options })
let count = 0
/** Two members of three steps: enough to see. */
async function analyse(observations: string, options: Partial<AssimilateOptions> = {}) {
  const common = { background: path('background.nc'), time: 'last', window: 3, method: 'latent-map', seed: 1 }
  const out = path(`analysis-${count++}.nc`)
  const quick = { members: 2, steps: 3, localisation: 1000, json: true, maps: false, out }
  await assimilate({ ...common, ...quick, observations: path(observations), ...options })
  return JSON.parse(String(printed.mock.calls.at(-1)?.[0]))
}
const reasonsOf = (summary: { observations: { counts: { reason: string }[] } }) =>
  new Set(summary.observations.counts.map((c) => c.reason))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assimilate-'))
  if (!there) return
  world = (await loadLatentModel(join(shippedModels, 'autoencoder.safetensors'))).world
  const initial = ['--model', shippedModels, '--initial', nature, '--time', '1984-05-01T00']
  await align(['forecast', ...initial, '--hours', '48', '--every', '8', '-o', path('background.nc')])
  // Every twelfth station: enough to see, and quick.
  const all = JSON.parse(await readFile(join(shippedSamples, 'radiosondes.json'), 'utf8'))
  const some = Object.entries(all).filter((_, i) => i % 12 === 0)
  await writeFile(path('stations.json'), JSON.stringify(Object.fromEntries(some)))
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await look({ truth: nature, stations: path('stations.json'), out: path('obs.csv') })
  log.mockRestore()
}, patience)
afterAll(() => rm(folder, { recursive: true }))

const state = async (file: string) => (await readModelState(file, world, (s) => s.times.indexOf(time))).state
const rms = (a: Float32Array, b: Float32Array) =>
  Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length)

describe.skipIf(!there)('align-da observe and assimilate', { timeout: patience }, () => {
  it('give a variational ensemble the minimum for its mean', async () => {
    const means: Float32Array[] = []
    for (const members of [1, 4]) {
      const out = path(`variational-${members}.nc`)
      await analyse('obs.csv', { method: 'l3dvar', members, out })
      means.push(await state(out))
    }
    expect(rms(means[1], means[0])).toBeLessThan(1e-5)
  })

  it('write nothing where guidance goes astray', async () => {
    const out = path('astray.nc')
    await look({ truth: nature, stations: join(shippedSamples, 'radiosondes.json'), out: path('all.csv') })
    await expect(analyse('all.csv', { method: 'sda', steps: 10, out })).rejects.toThrow(
      'went astray; a larger variance of its likelihood (--set gamma=3) or another',
    )
    const { diagnostics } = await analyse('all.csv', { method: 'sda', steps: 10, set: ['gamma=3'] })
    expect(diagnostics.fit.analysis).toBeLessThan(diagnostics.fit.background)
    expect([out, path('astray.json')].filter((file) => existsSync(file))).toEqual([])
  })

  it('say where the members have become one', async () => {
    await look({ truth: nature, stations: join(shippedSamples, 'radiosondes.json'), out: path('dense.csv') })
    const said = async (method: string) => {
      const out = path(`said-${method}.nc`)
      const files = ['--background', path('background.nc'), '--observations', path('dense.csv'), '-o', out]
      return (await align(['assimilate', ...files, '--method', method, '--members', '3', '--no-maps'])).out
    }
    expect(await said('particles')).toContain('--method particles has collapsed to one of them')
    expect(await said('latent-map')).not.toContain('warning')
  })

  it('keep accurate observations where the background is wrong', async () => {
    const accurate = { truth: nature, stations: path('stations.json'), error: 0.01 }
    await look({ ...accurate, out: path('accurate.csv') })
    const { observations } = await analyse('accurate.csv')
    expect(observations.used).toBeGreaterThan(0.99 * observations.rows)
  })

  it('take settings of a guidance, and refuse what a method does not have', async () => {
    const { settings } = await analyse('obs.csv', { set: ['iterations=2'] })
    expect(settings).toMatchObject({ guidance: 'latent-map', iterations: 2 })
    await expect(analyse('obs.csv', { set: ['zeta=2'] })).rejects.toThrow(
      /--set of latent-map .*\n.*zeta: there is no such setting/,
    )
    const files = ['--background', path('background.nc'), '--observations', path('obs.csv')]
    const out = ['-o', path('without.nc')]
    const done = await align(['assimilate', ...files, ...out, '--method', 'l3dvar', '--steps', '5'])
    expect([done.code, done.err]).toEqual([
      1,
      expect.stringContaining('--steps: without effect with --method l3dvar'),
    ])
    const looked = await align(['observe', '--truth', nature, '--density', '0.1', '--thin', '200', ...out])
    expect([looked.code, looked.err]).toEqual([
      1,
      expect.stringContaining('--thin: without effect on simulated'),
    ])
  })

  it('refuse temperatures in degrees Celsius that do not say so', async () => {
    const { grid, channels, normaliser } = world
    const writer = await createStates(path('celsius.nc'), { grid, channels })
    const celsius = (await state(path('background.nc'))).slice()
    normaliser.select(channels.names).denormalise(celsius, grid.size, celsius)
    const at = channels.names.indexOf('t2m') * grid.size
    for (let i = at; i < at + grid.size; i++) celsius[i] -= 273.15
    await writer.append([time], celsius)
    await writer.close()
    await expect(state(path('celsius.nc'))).rejects.toThrow(/t2m 1\d\.\d standard deviations .* Other units/)
  })

  it('bring a background nearer to the truth through soundings', async () => {
    const options = ['--steps', '3', '--members', '2', '-o', path('analysis.nc'), '--json']
    const files = ['--background', path('background.nc'), '--observations', path('obs.csv')]
    const done = await align(['assimilate', ...files, ...options])
    expect(done.code, done.err).toBe(0)
    const { observations, diagnostics, fits, maps } = JSON.parse(done.out)
    expect(observations.rows).toBeGreaterThan(1500)
    expect(diagnostics.observations).toBe(observations.used)
    expect(diagnostics.fit.analysis).toBeLessThan(diagnostics.fit.background)
    expect(diagnostics.desroziers.observation).toBeGreaterThan(0)
    for (const { background, analysis } of fits) expect(analysis.rms).toBeLessThan(background.rms)
    for (const file of [...maps, path('analysis.json')]) expect(existsSync(file), file).toBe(true)
    expect(maps.map((m: string) => m.slice(-8))).toEqual(['z500.png', 't850.png', '-u10.png'])
    // A forecast goes on from a chosen member.
    const from = ['--initial', path('analysis.nc'), '--model', shippedModels, '--hours', '6']
    const gone = await align(['forecast', ...from, '--member', '2', '-o', path('member.nc')])
    expect(gone.code, gone.err).toBe(0)
    const find = (s: States) => s.times.indexOf(time)
    const second = await readModelState(path('analysis.nc'), world, find, { member: 2 })
    expect(rms(await state(path('member.nc')), second.state)).toBeLessThan(1e-5)
    expect(rms(second.state, await state(path('analysis.nc')))).toBeGreaterThan(0.05)
    const truth = await state(nature)
    const before = rms(await state(path('background.nc')), truth)
    expect(rms(await state(path('analysis.nc')), truth)).toBeLessThan(0.97 * before)
  })

  it('work by the classical methods, with samples of background errors', async () => {
    const states = await openStates(nature, { channels: world.channels, workers: 0 })
    const size = world.channels.length * world.grid.size
    const all = await states.readAll()
    const { grid, channels } = world
    const writer = await createStates(path('errors.nc'), { grid, channels })
    for (let k = 0; k < 6; k++)
      await writer.append(
        [states.times[k]],
        all.subarray(k * size, (k + 1) * size).map((v, i) => 0.5 * (all[(k + 8) * size + i] - v)),
      )
    await writer.close()
    await states.close()
    for (const [method, members] of [
      ['3dvar', 1],
      ['letkf', 4],
      ['l3dvar', 1],
    ] as const) {
      const backgroundErrors = method === 'l3dvar' ? undefined : path('errors.nc')
      const { diagnostics } = await analyse('obs.csv', { method, members, backgroundErrors })
      expect(diagnostics.fit.analysis, method).toBeLessThan(diagnostics.fit.background)
    }
    const drawn = await analyse('obs.csv', { method: '3dvar', members: 1 })
    expect(drawn.diagnostics.fit.analysis).toBeLessThan(drawn.diagnostics.fit.background)
    expect(drawn.settings.B).toBe("of draws of the prior's errors")
    const backgroundErrors = path('background.nc')
    await expect(analyse('obs.csv', { method: '3dvar', backgroundErrors })).rejects.toThrow('holds states')
  })

  it('take an ensemble of backgrounds for the members of a filter', async () => {
    const background = path('ensemble.nc')
    await analyse('obs.csv', { method: 'none', members: 5, out: background })
    const filtered = await analyse('obs.csv', { background, member: 'all', method: 'letkf' })
    const { members, diagnostics, settings } = filtered
    expect([members, settings.members]).toEqual([5, 'of the background'])
    expect(diagnostics.fit.analysis).toBeLessThan(diagnostics.fit.background)
    const mirrored = path('mirrored.nc')
    await analyse('obs.csv', { method: 'none', members: 4, out: mirrored })
    const pairs = { background: mirrored, member: 'all', method: 'letkf' } as const
    await expect(analyse('obs.csv', pairs)).rejects.toThrow('mirrored.nc has members in mirrored pairs')
    const all = { background, member: 'all' } as const
    await expect(analyse('obs.csv', all)).rejects.toThrow(
      '--member all is of letkf and enkf; latent-map takes',
    )
    const single = { background: path('background.nc'), member: 'all', method: 'letkf' } as const
    await expect(analyse('obs.csv', single)).rejects.toThrow('background.nc has no members')
  })

  it('draw from the prior and say so where no observation can be used', async () => {
    const late = (await readFile(path('obs.csv'), 'utf8')).replaceAll('1984-05-03T00', '1984-05-09T00')
    await writeFile(path('late.csv'), late)
    await writeFile(path('none.csv'), late.split('\n', 1)[0])
    const summary = await analyse('late.csv')
    expect(reasonsOf(summary)).toEqual(new Set(['outside the time window']))
    expect(summary.diagnostics.message).toBe('no usable observation: the analysis is a sample of the prior')
    expect((await analyse('none.csv', { out: path('none.nc') })).diagnostics.observations).toBe(0)
    expect(await state(path('none.nc'))).toEqual(await state(summary.out))
  })

  it('reject absurd values and duplicates with a reason', async () => {
    const [header, first, second] = (await readFile(path('obs.csv'), 'utf8')).split('\n')
    const absurd = second.split(',')
    absurd[6] = '900'
    await writeFile(path('odd.csv'), [header, first, first, absurd.join(','), ''].join('\n'))
    expect(reasonsOf(await analyse('odd.csv'))).toEqual(
      new Set(['out of range', 'duplicate', 'the other wind component was rejected']),
    )
  })

  it('refuse what cannot be meant, and write nothing', async () => {
    const out = path('refused.nc')
    const refused = (options: Partial<AssimilateOptions>, message: string | RegExp, file = 'obs.csv') =>
      expect(analyse(file, { out, ...options })).rejects.toThrow(message)
    await refused({ method: 'latent-mapp' }, 'did you mean latent-map?')
    await writeFile(path('taken.nc'), '')
    await refused({ out: path('taken.nc') }, 'exists already; --overwrite replaces it')
    await refused({ out: path('obs.csv/analysis.nc') }, /cannot be written: .*obs\.csv is no folder/)
    await refused({ members: 3e6 }, /3000000 members need about .* ask for at most/)
    await refused({ window: -1 }, 'a window of -1 hours')
    await refused({ background: path('nothing.nc') }, /nothing\.nc/)
    const writer = await createStates(path('small.nc'), {
      ...{ grid: Grid.equiangular(12, 24), channels: world.channels },
    })
    await writer.append([time], new Float32Array(world.channels.length * 288).fill(250))
    await writer.close()
    await refused({ background: path('small.nc') }, /small\.nc is on .*grid/)
    const fewer = world.channels.names.filter((name) => name !== 'u10')
    const less = await createStates(path('less.nc'), {
      ...{ grid: world.grid, channels: ChannelSet.of(fewer) },
    })
    await less.append([time], new Float32Array(fewer.length * world.grid.size))
    await less.close()
    await refused({ background: path('less.nc') }, 'no 10m_u_component_of_wind for channel u10')
    // Half of each file.
    for (const [whole, cut] of [
      ['background.nc', 'cut.nc'],
      ['obs.csv', 'cut.csv'],
    ]) {
      const bytes = await readFile(path(whole))
      await writeFile(path(cut), bytes.subarray(0, Math.floor(bytes.length / 2)))
    }
    await refused({ background: path('cut.nc') }, /cut\.nc/)
    await refused({}, /cut\.csv, line \d+: /, 'cut.csv')
    await writeObservationsParquet(path('whole.parquet'), await readObservationsCsv(path('obs.csv')))
    const bytes = await readFile(path('whole.parquet'))
    await writeFile(path('cut.parquet'), bytes.subarray(0, bytes.length / 2))
    await refused({}, /cut\.parquet/, 'cut.parquet')
    expect([existsSync(out), existsSync(path('refused.json'))]).toEqual([false, false])
  })
})

const sondes = sharedData && join(sharedData, 'real/gdas.20201101.t12z.ADPUPA.prepbufr')

describe.skipIf(!there || !sondes || !existsSync(sondes))('real radiosondes', { timeout: patience }, () => {
  it('of a file that is cut are refused, naming it', async () => {
    await writeFile(path('cut.prepbufr'), (await readFile(sondes as string)).subarray(0, 100_000))
    await expect(analyse('cut.prepbufr')).rejects.toThrow(/cut\.prepbufr: message \d+ .*cut short/)
  })

  it('go through quality control, with a report', async () => {
    const report = path('report')
    await observe({ from: sondes, report, time: 'last', error: 0, seed: 1, json: true })
    const { rows, used, counts, layers, files } = JSON.parse(output())
    expect(rows).toBe(152457)
    expect(counts.reduce((sum: number, c: { count: number }) => sum + c.count, 0)).toBe(rows)
    expect(used / rows).toBeGreaterThan(0.8)
    for (const file of files) expect(existsSync(file), file).toBe(true)
    // As those who made the file see them: within a few tenths of a kelvin of 1 K in the free atmosphere.
    const t = layers.filter((l: { variable: string; top: number }) => l.variable === 't' && l.top > 200)
    for (const { mean, rms } of t) {
      expect(Math.abs(mean)).toBeLessThan(0.3)
      expect(rms).toBeLessThan(2)
    }
    expect(await readFile(join(report, 'report.html'), 'utf8')).toContain('disagrees with its neighbours')
  })

  it('do not fit a model world: much is rejected, and what is left draws the analysis', async () => {
    const table = await readObservations(sondes as string)
    const shift = time - Date.UTC(2020, 10, 1, 12)
    await writeObservationsParquet(path('real.parquet'), { ...table, time: table.time.map((t) => t + shift) })
    const options = { superob: 300, representativeness: { t: 1, u: 2, v: 2, z: 150 } }
    const summary = await analyse('real.parquet', options)
    expect(reasonsOf(summary)).toContain('far from the background')
    expect(reasonsOf(summary)).toContain('no equivalent in the model: above the highest level')
    const { rows, counts } = summary.observations
    expect(counts.reduce((sum: number, c: { count: number }) => sum + c.count, 0)).toBe(rows)
    expect(summary.diagnostics.fit.analysis).toBeLessThan(0.5 * summary.diagnostics.fit.background)
  })
})
