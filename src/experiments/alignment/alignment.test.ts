import { copyFile, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadPriorModel, savePriorModel } from '../../prior/model.ts'
import { Runtime } from '../../tensor/index.ts'
import { loadExperiment, parseSettings } from '../config.ts'
import { waveStore } from '../testing/waves.ts'
import { trainModels } from '../train-models.ts'
import { allCandidates, makeCandidates } from './candidates.ts'
import { type AlignmentConfig, alignmentSchema } from './config.ts'
import { writePairs } from './pairs.ts'
import { alignmentReport } from './report.ts'
import { openAlignment } from './setting.ts'
import { soups } from './soup.ts'
import { alignedFile, trainAligned } from './train.ts'

const tiny = fileURLToPath(new URL('../../../configs/tiny.yaml', import.meta.url))
const runtime = new Runtime({ device: 'cpu', threads: 1 })
let waves: Awaited<ReturnType<typeof waveStore>>
const path = (...names: string[]) => join(waves.folder, ...names)

function configOf(run: string, more: object = {}): AlignmentConfig {
  return parseSettings(
    alignmentSchema,
    {
      data: {
        location: waves.store,
        preferences: { start: '2000-02-01', end: '2000-02-15' },
        validation: { start: '2000-02-18', end: '2000-02-25' },
      },
      ...{ folder: path('models'), run: path(run), dates: 4, candidates: 6, leadHours: 12 },
      sampler: { name: 'dpm-solver++', steps: 3 },
      rewards: [{ name: 'accuracy' }, { name: 'forecast', lead: 12 }],
      rules: { a: { kind: 'ranks', rewards: ['accuracy', 'forecast-12h'], each: 2 } },
      training: {
        adapt: 'scatter',
        rate: 1e-2,
        batch: 4,
        steps: 4,
        validateEvery: 2,
        best: { score: 'crps', larger: false },
      },
      validation: { dates: 2, members: 4 },
      ...more,
    },
    'the test',
  )
}

/** Does some work in a setting of its own. */
async function within<T>(
  config: AlignmentConfig,
  work: (s: Awaited<ReturnType<typeof openAlignment>>) => Promise<T>,
) {
  const setting = await openAlignment(runtime, config)
  try {
    return await work(setting)
  } finally {
    await setting.close()
  }
}

const files = async (run: string) => {
  const names = (await readdir(path(run, 'candidates'))).sort()
  return Promise.all(
    names.map(async (n) => [n, (await readFile(path(run, 'candidates', n))).toString('base64')]),
  )
}

beforeAll(async () => {
  waves = await waveStore()
  const settings = [
    ...[`data.location=${waves.store}`, `models=${path('models')}`, 'forecast.steps=20'],
    ...['forecast.rollout.steps=0', 'latent.steps=0', 'prior.steps=10'],
  ]
  await trainModels(await loadExperiment(tiny, settings), {
    ...{ runtime, models: ['forecast', 'latent', 'prior'], folder: path('training'), command: 'train' },
  })
  await within(configOf('whole'), (s) => makeCandidates(s, {}))
}, 300_000)
afterAll(async () => {
  await runtime.close()
  await waves.remove()
})

it('candidates are the same bits in one run, in shards, and after some are lost', {
  timeout: 300_000,
}, async () => {
  const whole = await files('whole')
  expect(whole.length).toBe(4)
  for (const index of [1, 0])
    await within(configOf('shards'), (s) => makeCandidates(s, { shard: { index, count: 2 } }))
  expect(await files('shards')).toEqual(whole)
  await rm(path('shards', 'candidates', whole[1][0]))
  await expect(within(configOf('shards'), allCandidates)).rejects.toThrow(
    '1 of 4 dates have no candidates yet',
  )
  await within(configOf('shards'), (s) => makeCandidates(s, {}))
  expect(await files('shards')).toEqual(whole)
})

it('candidates of other settings, and rewards of one name, are refused', { timeout: 300_000 }, async () => {
  const other = configOf('whole', { seed: 2 })
  await expect(within(other, allCandidates)).rejects.toThrow('other settings')
  await expect(within(other, (s) => makeCandidates(s, {}))).rejects.toThrow('other settings')
  const twice = configOf('twice', { rewards: [{ name: 'accuracy' }, { name: 'accuracy' }] })
  await expect(within(twice, (s) => makeCandidates(s, {}))).rejects.toThrow('two rewards are called accuracy')
})

it('pairs lead to a prior that is the reference or scores better, and soups reach it', {
  timeout: 300_000,
}, async () => {
  const config = configOf('whole')
  await within(config, async (setting) => {
    const { pairs, margins, dates } = await writePairs(setting, await allCandidates(setting), 'a')
    expect(dates).toBe(4)
    expect(pairs.times.length).toBe(16)
    expect(margins.accuracy).toBeGreaterThan(0)
    const scores: Record<string, number>[] = []
    const { best, unchanged } = await trainAligned(setting, 'a', (s) => scores.push({ ...s }))
    expect(best.score).toBe(Math.min(...scores.map((s) => s.crps)))
    expect(best.score <= scores[0].crps).toBe(true)
    const written = await loadPriorModel(alignedFile(config, 'a'))
    expect(written.provenance.alignment).toMatchObject({ unchanged, reference: setting.reference })
    expect(Object.is(written.config.scatter, true)).toBe(!unchanged)
    await copyFile(alignedFile(config, 'a'), alignedFile(config, 'b'))
    const [first, , last] = await soups(setting, ['a', 'b'], 3)
    // Both ends are the same network.
    expect(first.crps).toBeCloseTo(last.crps, 7)
    const page = await readFile(await alignmentReport(setting, path('figures')), 'utf8')
    const titles = [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)
    expect(titles).toEqual(['Rewards', 'Pairs', 'A pair', 'Training', 'Soups'])
    expect(await readdir(path('figures'))).toContain('alignment-pair.png')
  })
})

it('pairs of another reference are refused', { timeout: 300_000 }, async () => {
  const config = configOf('whole')
  const prior = path('models', 'prior.safetensors')
  await copyFile(prior, path('kept'))
  const aligned = await loadPriorModel(prior)
  const [name, tensor] = [...aligned.weights][0]
  const changed = new Map(aligned.weights).set(name, {
    ...tensor,
    data: (tensor.data as Float32Array).map((v) => v + 1),
  })
  await savePriorModel(prior, { ...aligned, weights: changed })
  await expect(within(config, (s) => trainAligned(s, 'a'))).rejects.toThrow('of another prior')
  // Its file holds what was changed of the reference that is gone, or not there at all.
  await expect(loadPriorModel(alignedFile(config, 'a'))).rejects.toThrow('align it again')
  await rm(prior)
  await expect(loadPriorModel(alignedFile(config, 'a'))).rejects.toThrow('which is not there')
  await copyFile(path('kept'), prior)
  expect((await stat(alignedFile(config, 'a'))).size).toBeLessThan((await stat(prior)).size / 10)
})
