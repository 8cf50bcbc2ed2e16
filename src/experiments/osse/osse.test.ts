import { spawn } from 'node:child_process'
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { Runtime } from '../../tensor/index.ts'
import { loadExperiment } from '../config.ts'
import { waveStore } from '../testing/waves.ts'
import { trainModels } from '../train-models.ts'
import { observer } from './cases.ts'
import { loadOsse, type OsseConfig } from './config.ts'
import { reportOf, writeReport } from './report.ts'
import type { CaseResult } from './results.ts'
import { runOsse } from './run.ts'
import { openOsse } from './setting.ts'
import { compare, summarise } from './summary.ts'
import { combinations, tune, tuningOf } from './tune.ts'

const tiny = fileURLToPath(new URL('../../../configs/tiny.yaml', import.meta.url))
const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
let waves: Awaited<ReturnType<typeof waveStore>>
let config: OsseConfig
let whole: CaseResult[]
const path = (...names: string[]) => join(waves.folder, ...names)
/** All that a result says but how long it took. */
const bare = (results: readonly CaseResult[]) => results.map(({ seconds: _, ...rest }) => rest)

beforeAll(async () => {
  waves = await waveStore()
  const runtime = new Runtime({ device: 'cpu', threads: 1 })
  const settings = [
    ...[`data.location=${waves.store}`, `models=${path('models')}`, 'forecast.steps=40'],
    ...['forecast.rollout.steps=0', 'latent.steps=2', 'prior.steps=20'],
  ]
  await trainModels(await loadExperiment(tiny, settings), {
    ...{ runtime, models: ['forecast', 'latent', 'prior'], folder: path('training'), command: 'train' },
  })
  await runtime.close()
  const given = {
    data: {
      location: waves.store,
      training: { start: '2000-01-01', end: '2000-02-10' },
      validation: { start: '2000-02-11', end: '2000-02-19' },
      test: { start: '2000-02-20', end: '2000-02-29' },
    },
    ...{ folder: path('models'), models: { base: path('models/prior.safetensors') } },
    ...{ dates: 4, leadHours: 12, densities: [0.1, 0.5], errors: [0, 0.05], members: 4, forecastMembers: 1 },
    ...{ sampler: { name: 'dpm-solver++', steps: 4 }, decoderStates: 6 },
    backgroundErrors: { leads: [2, 3], forecasts: 8 },
    methods: [
      { name: 'background', kind: 'background' },
      { name: 'none', kind: 'none' },
      { name: 'guided', kind: 'guided', guidance: { name: 'latent-map' } },
      {
        ...{ name: 'l3dvar', kind: 'l3dvar', densities: ['radiosonde'], errors: [0.05] },
        covariance: { kind: 'spatial' },
      },
      { name: '3dvar', kind: '3dvar', members: 1 },
      {
        ...{ name: '3dvar-filtered', kind: '3dvar', members: 1, filtered: true },
        ...{ densities: [0.1], errors: [0.05] },
      },
      { ...{ name: 'letkf', kind: 'letkf', localisation: 3000, source: 'errors', densities: [0.5] } },
      {
        ...{ name: 'letkf of the prior', kind: 'letkf', localisation: 3000 },
        ...{ densities: [0.5], errors: [0.05] },
      },
    ],
  }
  await writeFile(path('osse.yaml'), stringify(given))
  config = await loadOsse(path('osse.yaml'))
  whole = await runOsse(config, { folder: path('whole'), threads: 1 })
}, 600_000)
afterAll(() => waves.remove())

describe('the experiment', () => {
  it('verifies every case: method, network, error and date', () => {
    const cases = {
      ...{ background: 4, none: 4, guided: 16, l3dvar: 4, '3dvar': 16, '3dvar-filtered': 4 },
      ...{ letkf: 8, 'letkf of the prior': 4 },
    }
    for (const [name, count] of Object.entries(cases))
      expect(whole.filter((r) => r.method === name).length).toBe(count)
    expect(new Set(whole.map((r) => r.key)).size).toBe(whole.length)
    for (const { scores, method } of whole) {
      expect(scores.mse).toBeGreaterThan(0)
      // Without noise in the sum: the error of single members is that of their mean and their variance.
      const { members: m, skill, variance } = scores
      const divisor = ['none', 'guided'].includes(method) ? m + 1 : m - 1
      if (m > 1) expect(scores.mse).toBeCloseTo(skill + (divisor / m) * variance, 6)
      if (m === 1) expect(scores.crps).toBe(scores.mae)
      if (!['3dvar', '3dvar-filtered', 'l3dvar', 'background'].includes(method))
        expect(scores.meanMse).toBeCloseTo(skill, 7)
      expect(scores.ranks.reduce((a, b) => a + b, 0)).toBe(5 * 8 * 16)
      expect([scores.geo, scores.hydro]).toEqual([null, null])
      expect(scores.forecast?.meanMse).toBeGreaterThan(0)
    }
  })

  it('shows analyses that use observations ahead of their background', () => {
    const rows = summarise(whole)
    const of = (method: string, density: number | string, noise: number) =>
      rows.find((r) => r.method === method && r.density === density && r.noise === noise)?.meanMse as number
    const background = of('background', 0, 0)
    expect(of('3dvar', 0.5, 0)).toBeLessThan(of('3dvar', 0.1, 0))
    expect(of('3dvar', 0.1, 0)).toBeLessThan(background)
    expect(of('guided', 0.5, 0)).toBeLessThan(of('none', 0, 0))
    expect(of('l3dvar', 'radiosonde', 0.05)).toBeLessThan(background)
    expect(of('letkf of the prior', 0.5, 0.05)).toBeLessThan(of('none', 0, 0))
    expect(of('3dvar-filtered', 0.1, 0.05)).toBeLessThan(background)
    expect(of('3dvar-filtered', 0.1, 0.05)).not.toBe(of('3dvar', 0.1, 0.05))
  })

  it('gives the same in two processes', async () => {
    const notes: number[] = []
    const shared = await runOsse(config, {
      ...{ folder: path('shared'), processes: 2, threads: 2 },
      onProgress: (done) => notes.push(done),
    })
    expect(bare(shared)).toEqual(bare(whole))
    expect(notes.at(-1)).toBe(whole.length)
    expect((await readdir(path('shared/results'))).length).toBe(2)
  }, 300_000)

  it('goes on after a kill with the same results, and does nothing twice', async () => {
    const args = ['--import', 'tsx', main, 'evaluate', '--config', path('osse.yaml'), '--run', path('again')]
    const child = spawn(process.execPath, [...args, '--out', path('out')], { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))
    const lines = async () => {
      const names = await readdir(path('again/results')).catch(() => [])
      const texts = await Promise.all(names.map((n) => readFile(path('again/results', n), 'utf8')))
      return texts.join('').split('\n').length - 1
    }
    while ((await lines()) < 10) {
      if (child.exitCode !== null) throw new Error('the run ended before it was killed')
      await setTimeout(5)
    }
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    const before = await lines()
    expect(before).toBeLessThan(whole.length)
    // A line that a kill has cut.
    const [name] = await readdir(path('again/results'))
    await appendFile(path('again/results', name), '{"key":"')
    const again = await runOsse(config, { folder: path('again'), threads: 1 })
    expect(bare(again)).toEqual(bare(whole))
    expect((await lines()) - before).toBe(whole.length - before)
  }, 300_000)

  it('writes rows, comparisons, checks and figures', async () => {
    const report = reportOf(whole)
    const said: string[] = []
    await writeReport(report, config, path('out'), (text) => said.push(text))
    expect(report.best).toEqual({ method: 'guided', model: 'base' })
    const rows = JSON.parse(await readFile(path('out/osse.json'), 'utf8'))
    expect(rows.length).toBe(1 + 1 + 4 + 1 + 4 + 1 + 1 + 2)
    expect(rows[0]).toMatchObject({ method: 'background', density: 0, dates: 4, u10: expect.any(Number) })
    expect(rows[0].v500).toBeNull()
    const { checks, comparisons } = JSON.parse(await readFile(path('out/osse-comparisons.json'), 'utf8'))
    expect(checks.length).toBe(report.checks.length)
    const found = comparisons.find(
      (c: { base: { method: string }; density: number; noise: number; score: string }) =>
        c.base.method === 'none' && c.density === 0.5 && c.noise === 0.05 && c.score === 'meanMse',
    )
    const mean = (method: string, density: number) =>
      rows.find(
        (r: (typeof rows)[0]) =>
          r.method === method && r.density === density && r.noise === (density && 0.05),
      ).meanMse
    expect(found.change.value).toBeCloseTo(1 - mean('guided', 0.5) / mean('none', 0), 6)
    expect(said.join('\n')).not.toContain('NaN')
    expect((await readdir(path('out'))).sort()).toEqual([
      'osse-channels.png',
      'osse-comparisons.json',
      'osse-density.png',
      'osse-spread-skill.png',
      'osse.json',
    ])
    const same = compare(whole, { method: 'guided', model: 'base' }, { method: 'guided', model: 'base' })
    expect(same.every(({ change }) => change.low === 0 && change.high === 0)).toBe(true)
  })
})

it('tuning chooses the settings with the least error on validation dates, for what is run afterwards', async () => {
  const settings = [
    `tuned=${path('tuned.yaml')}`,
    'tuning.dates=2',
    'tuning.densities=[0.5]',
    'tuning.settings={ 3dvar: { scale: [0.01, 1], lengthScale: [1, 2] } }',
  ]
  const trials = await tune(await loadOsse(path('osse.yaml'), settings), {
    folder: path('whole'),
    threads: 1,
  })
  expect(trials.map((t) => t.settings)).toEqual(combinations({ scale: [0.01, 1], lengthScale: [1, 2] }))
  const best = trials.reduce((a, b) => (b.score < a.score ? b : a))
  expect(trials.filter((t) => t.chosen)).toEqual([best])
  // Nearly no background error is an analysis that stays at the background.
  expect(best.settings.scale).toBe(1)
  const { methods } = await loadOsse(path('osse.yaml'), settings)
  expect(methods.find((m) => m.name === '3dvar')).toMatchObject({ ...best.settings, members: 1 })
  await expect(
    loadOsse(path('osse.yaml'), [...settings, 'tuning.settings={ 4dvar: { scale: [1] } }']).then(tuningOf),
  ).rejects.toThrow('there is no method 4dvar; there are background, none')
})

it('networks of lower density are the beginning of those of higher density, with the same errors', async () => {
  const runtime = new Runtime({ device: 'cpu', threads: 1 })
  const setting = await openOsse(runtime, config, path('whole'))
  const observe = observer(setting)
  const [few, many] = [0.1, 0.5].map((density) => observe(1, { density, noise: 0.05 }))
  expect(many.y.length).toBe(64 * 5)
  expect(many.y.slice(0, few.y.length)).toEqual(few.y)
  const exact = observe(1, { density: 0.5, noise: 0 })
  const n = setting.dates.truth.length / 4
  expect(exact.y).toEqual(exact.operator.apply(setting.dates.truth.subarray(n, 2 * n)))
  expect(exact.R.sigma[0]).toBe(config.assumedError)
  expect(many.R.sigma[0]).toBe(0.05)
  await setting.close()
  await runtime.close()
})

it('refuses configurations that cannot be meant', async () => {
  const load = (...settings: string[]) => loadOsse(path('osse.yaml'), settings)
  await expect(load('methods=[{ name: a, kind: guided, guidance: { name: dsp } }]')).rejects.toThrow(
    'methods.0',
  )
  await expect(load('densities=[0.1, radiosondes]')).rejects.toThrow('densities.1')
  await expect(load('methods=[{ name: a, kind: none, model: P }]')).rejects.toThrow(
    'method a needs the model P; there are base',
  )
  await expect(load('methods=[{ name: a, kind: none }, { name: a, kind: background }]')).rejects.toThrow(
    'two methods are called a',
  )
  await expect(runOsse(await load('leadHours=13'), { folder: path('none') })).rejects.toThrow(
    'leadHours 13 is no number of steps of 6 h',
  )
  await expect(
    runOsse(await load('data.test.start=2001-01-01', 'data.test.end=2001-02-01'), { folder: path('none') }),
  ).rejects.toThrow('has no time from 2001-01-01 to 2001-02-01')
})
