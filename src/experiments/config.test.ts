import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { channelsOf, loadExperiment, resolveLocation } from './config.ts'
import { modelSizes } from './model-size.ts'
import { waveStore } from './testing/waves.ts'
import { loadTrainingData } from './training-data.ts'

const folder = await mkdtemp(join(tmpdir(), 'align-da-config-'))
afterAll(() => rm(folder, { recursive: true }))
const shipped = (name: string) => fileURLToPath(new URL(`../../configs/${name}.yaml`, import.meta.url))

async function refused(text: string, settings: string[] = []): Promise<string> {
  const path = join(folder, 'wrong.yaml')
  await writeFile(path, text)
  const error = (await loadExperiment(path, settings).catch((e: Error) => e)) as Error
  expect(error.name).toBe('ConfigError')
  return error.message
}

describe('configurations', () => {
  it('that are shipped can be read; settings change them; defaults are filled in', async () => {
    const small = await loadExperiment(shipped('small'), ['forecast.rollout.leads=8', 'prior.leads=[8, 12]'])
    expect(small.forecast.rollout).toEqual({ leads: 8, batch: 4, steps: 250, rate: 2e-4 })
    expect(small.prior.leads).toEqual([8, 12])
    expect([small.name, small.models, channelsOf(small)?.length]).toEqual(['small', 'models/small', 39])
    const tiny = await loadExperiment(shipped('tiny'))
    expect(tiny.models).toBe('models/tiny')
    expect(channelsOf(tiny)).toBeUndefined()
  })

  it('say everything that is wrong at once, with the nearest names', async () => {
    const message = await refused(`
data: { location: a.zarr, training: { start: 2000-01-01, end: 1999-01-01 }, validaton: { start: x } }
forecast: { widht: 3, steps: -1, rollout: { laeds: 2 } }
`)
    for (const part of [
      'data.training: it ends before it starts',
      'data.validaton: there is no such setting (did you mean validation',
      'forecast.widht: there is no such setting (did you mean width',
      'forecast.steps: Too small',
      'forecast.rollout.laeds: there is no such setting (did you mean leads',
    ])
      expect(message).toContain(part)
  })

  it('that are no settings, and settings that are none, are refused', async () => {
    expect(await refused('[1, 2')).toContain('is not YAML')
    expect(await refused('just text')).toContain('must be a mapping of settings')
    expect(await refused('seed: 1', ['forecast'])).toContain('write key=value')
    expect(await refused('seed: 1', ['seed.more=1'])).toContain('seed has no settings inside')
    expect(await refused('seed: 1', ['seed=[1'])).toContain('is not YAML')
  })

  it('name environment variables for what lies elsewhere', () => {
    const variable = 'ALIGN_DA_TEST_FOLDER'
    expect(() => resolveLocation(`\${${variable}}/a.zarr`)).toThrow(
      `needs the environment variable ${variable}`,
    )
    process.env[variable] = 'somewhere'
    expect(resolveLocation(`\${${variable}}/a.zarr`)).toBe('somewhere/a.zarr')
    delete process.env[variable]
  })
})

it('the networks of the paper are built and counted', async () => {
  const paper = await loadExperiment(shipped('paper'))
  const [, latent, prior] = modelSizes(paper, 69, [128, 256])
  // 2 x 24 blocks of width 1024 have 12 width^2 weights each; embeddings and heads add some per cent.
  const blocks = 48 * 12 * 1024 ** 2
  expect(latent.parameters).toBeGreaterThan(blocks)
  expect(latent.parameters).toBeLessThan(1.05 * blocks)
  expect(latent.state).toBe(16 * latent.parameters)
  // DiT blocks: attention 4, cross-attention 4, MLP 8, modulation at least 6 width^2.
  expect(prior.parameters).toBeGreaterThan(24 * 22 * 1024 ** 2)
  expect(prior.activations).toBeGreaterThan(2 ** 30)
})

describe('data that models cannot be trained on is refused', () => {
  const check = async (options: Parameters<typeof waveStore>[0], settings: string[], message: string) => {
    const waves = await waveStore(options)
    try {
      const experiment = await loadExperiment(shipped('tiny'), [`data.location=${waves.store}`, ...settings])
      await expect(loadTrainingData(experiment)).rejects.toThrow(message)
    } finally {
      await waves.remove()
    }
  }

  it.each<[string, Parameters<typeof waveStore>[0], string[], string]>([
    ['a channel', {}, ['data.channels=[z500, v500]'], 'has no v_component_of_wind for channel v500'],
    ['a static field', { withoutStatic: 'land_sea_mask' }, [], 'has no land_sea_mask'],
    ['a value', { missing: 9 }, [], 'z500 at 2000-01-03T06:00:00.000Z has missing values'],
    [
      'the period',
      {},
      ['data.validation.end=2001-01-01', 'data.validation.start=2000-12-01'],
      'has no states',
    ],
    ['its independence', {}, ['data.training.end=2000-02-21'], 'overlap'],
    ['its grid', {}, ['data.grid=[32, 64]'], 'the store has 8 latitudes and 16 longitudes'],
    [
      'whole patches',
      {},
      ['forecast.patch=[3, 2]'],
      'forecast.patch [3, 2] does not divide a grid of 8 x 16',
    ],
    ['whole windows', {}, ['latent.window=[3, 4]'], 'latent.window [3, 4] does not divide latents of 4 x 8'],
    ['whole heads', {}, ['prior.heads=3'], 'prior.heads 3 does not divide prior.width 32'],
  ])('for want of %s', (_, options, settings, message) => check(options, settings, message))
})
