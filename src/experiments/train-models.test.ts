import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadForecastModel } from '../forecast/learned.ts'
import { loadLatentModel } from '../latent/codec.ts'
import { fingerprint } from '../nn/fingerprint.ts'
import { checkAutoencoder, loadPriorModel } from '../prior/model.ts'
import { Runtime } from '../tensor/index.ts'
import { loadExperiment } from './config.ts'
import { waveStore } from './testing/waves.ts'
import { type TrainedModel, trainModels } from './train-models.ts'

const tiny = fileURLToPath(new URL('../../configs/tiny.yaml', import.meta.url))
const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url))
let waves: Awaited<ReturnType<typeof waveStore>>
let runtime: Runtime
let done: Partial<Record<string, TrainedModel>>
const said: string[] = []
const path = (...names: string[]) => join(waves.folder, ...names)
const settings = (models: string) => [`data.location=${waves.store}`, `models=${path(models)}`]
const command = 'align-da train all --config configs/tiny.yaml'

beforeAll(async () => {
  // 3 of the 240 states are missing: the pairs around them are, too.
  waves = await waveStore({ without: [50, 51, 120] })
  runtime = new Runtime({ device: 'cpu' })
  done = await trainModels(await loadExperiment(tiny, settings('models')), {
    ...{ runtime, models: ['forecast', 'latent', 'prior'], folder: path('run'), command },
    say: (line) => said.push(line),
  })
}, 600_000)
afterAll(async () => {
  await runtime.close()
  await waves.remove()
})

describe('training all models of a configuration', () => {
  it('gives a forecast that beats persistence and an autoencoder that reconstructs', () => {
    const forecast = done.forecast?.scores ?? {}
    expect(forecast['forecast.mse.6h']).toBeLessThan(0.5 * forecast['persistence.mse.6h'])
    expect(forecast['forecast.mse.24h']).toBeLessThan(0.5 * forecast['persistence.mse.24h'])
    const { 'autoencoder.mse': mse, 'autoencoder.compression': compression } = done.latent?.scores ?? {}
    expect(compression).toBe(2.5)
    expect(mse).toBeLessThan(0.01)
    // A network that says nothing has the loss of its target's variance, 1.
    expect(done.prior?.scores['prior.validation.loss']).toBeLessThan(1)
  })

  it('writes models that belong together, with cards, curves and a record', async () => {
    const [forecast, autoencoder, prior] = await Promise.all([
      loadForecastModel(path('models/forecast.safetensors')),
      loadLatentModel(path('models/autoencoder.safetensors')),
      loadPriorModel(path('models/prior.safetensors')),
    ])
    expect(forecast.stepHours).toBe(6)
    expect(prior.autoencoder).toBe(fingerprint(autoencoder.weights))
    expect(prior.shape).toEqual([8, 4, 8])
    for (const name of ['forecast', 'autoencoder', 'prior']) {
      const card = await readFile(path(`models/${name}.md`), 'utf8')
      expect(card).toContain(command)
      expect(card).toContain('| seed | 1 |')
      expect(card).toContain('u10 msl z500')
    }
    for (const part of ['forecast/one-step', 'forecast/roll-outs', 'latent', 'prior'])
      expect(await readFile(path('run', part, 'curves.svg'), 'utf8')).toContain('validation')
    const record = JSON.parse(await readFile(path('run/run.json'), 'utf8'))
    expect(Object.keys(record.stages)).toEqual(['forecast', 'latent', 'prior'])
    expect(record.stages.forecast.scores).toEqual(done.forecast?.scores)
    expect(record.data.training.states).toBe(197)
    expect(said[0]).toBe(
      'note: training: 2 of 196 steps are not of 6 h (2 gaps, the first after 2000-01-13T06:00); no pair spans them',
    )
  })

  it('refuses latents of another autoencoder', async () => {
    const prior = await loadPriorModel(path('models/prior.safetensors'))
    const { weights } = await loadLatentModel(path('models/autoencoder.safetensors'))
    const names = ['prior.safetensors', 'other.safetensors'] as const
    expect(() => checkAutoencoder(prior, { weights, shape: [8, 4, 8] }, names)).not.toThrow()
    const changed = new Map(weights)
    const bias = weights.get('linear.bias') as NonNullable<ReturnType<typeof weights.get>>
    changed.set('linear.bias', { ...bias, data: (bias.data as Float32Array).map((v) => v + 1e-6) })
    expect(() => checkAutoencoder(prior, { weights: changed, shape: [8, 4, 8] }, names)).toThrow(
      /prior\.safetensors was trained on latents of the autoencoder with fingerprint \w{12}, other\.safetensors has/,
    )
    expect(() => checkAutoencoder(prior, { weights, shape: [8, 2, 8] }, names)).toThrow(
      'makes latents [8, 2, 8]',
    )
  })

  it('goes on after a kill and ends with the same bytes', async () => {
    const set = settings('killed').flatMap((s) => ['--set', s])
    const args = [
      '--import',
      'tsx',
      main,
      'train',
      'forecast',
      '--config',
      tiny,
      ...set,
      '--run',
      path('again'),
    ]
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))
    while (!existsSync(path('again/forecast/one-step/checkpoint.safetensors'))) {
      if (child.exitCode !== null) throw new Error('training ended without a checkpoint')
      await setTimeout(5)
    }
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    expect(existsSync(path('killed/forecast.safetensors'))).toBe(false)
    const experiment = await loadExperiment(tiny, settings('killed'))
    await trainModels(experiment, { runtime, models: ['forecast'], folder: path('again'), command })
    const [whole, again] = await Promise.all(
      ['models', 'killed'].map((f) => readFile(path(f, 'forecast.safetensors'))),
    )
    expect(again.equals(whole)).toBe(true)
  }, 600_000)
})
