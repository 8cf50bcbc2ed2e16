import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../base/errors.ts'
import { writeFileAtomic } from '../base/files.ts'
import { LearnedForecaster, loadForecastModel, saveForecastModel } from '../forecast/learned.ts'
import { persistence } from '../forecast/persistence.ts'
import { trainForecast } from '../forecast/train.ts'
import { checkSameWorld } from '../forecast/world.ts'
import { Codec, loadLatentModel, saveLatentModel } from '../latent/codec.ts'
import { trainLatent } from '../latent/train.ts'
import { fingerprint } from '../nn/fingerprint.ts'
import { readMetrics } from '../nn/index.ts'
import { type LatentPairs, latentPairs, latentStatistics } from '../prior/backgrounds.ts'
import { loadPriorModel, savePriorModel } from '../prior/model.ts'
import { trainPrior } from '../prior/train.ts'
import type { Runtime } from '../tensor/index.ts'
import type { Experiment } from './config.ts'
import { modelCard } from './model-card.ts'
import { forecastErrors, meanSquare, reconstructionErrors } from './model-scores.ts'
import { gitRevision, RunFile } from './run-record.ts'
import { drawCurves } from './training-curves.ts'
import { loadTrainingData, type TrainingData } from './training-data.ts'

/** The models of an experiment, in the order of their training. */
export const modelNames = ['forecast', 'latent', 'prior'] as const
export type ModelName = (typeof modelNames)[number]

/** The file of a model in a folder of models. */
export const modelFile = (folder: string, model: ModelName) =>
  join(folder, `${model === 'latent' ? 'autoencoder' : model}.safetensors`)

/** Which models are trained, and where they go. */
export interface TrainModelsOptions {
  runtime: Runtime
  models: readonly ModelName[]
  /** Folder of the run: checkpoints, metrics, curves, run.json. */
  folder: string
  /** The command line, for run.json and the cards. */
  command: string
  /** Told what a user should know: gaps, what was written. */
  say?: (line: string) => void
}

/** What came of a model. */
export interface TrainedModel {
  readonly model: string
  readonly bytes: number
  readonly scores: Record<string, number>
}

/**
 * Trains models of a configuration in order and writes them with their cards to its folder of models. A run that was
 * stopped goes on where it was when it is called again; a model that is done is not trained again.
 */
export async function trainModels(
  experiment: Experiment,
  { runtime, models, folder, command, say = () => {} }: TrainModelsOptions,
): Promise<Partial<Record<ModelName, TrainedModel>>> {
  const data = await loadTrainingData(experiment)
  for (const remark of data.remarks) say(`note: ${remark}`)
  const revision = await gitRevision()
  const run = await RunFile.open(folder, {
    ...{ command, config: experiment, seed: experiment.seed, revision, device: runtime.device },
    data: describeData(experiment, data),
  })
  const shared: Stage = { experiment, data, runtime, folder, command }
  const work = { forecast: makeForecast, latent: makeLatent, prior: makePrior }
  const done: Partial<Record<ModelName, TrainedModel>> = {}
  for (const name of modelNames.filter((m) => models.includes(m))) {
    const trained = await run.stage(name, () => work[name](shared))
    for (const figure of await drawCurves(join(folder, name), `${experiment.name}: ${name}`))
      say(`drew ${figure}`)
    say(`wrote ${trained.model} (${(trained.bytes / 2 ** 20).toFixed(2)} MiB)`)
    done[name] = trained
  }
  return done
}

interface Stage {
  readonly experiment: Experiment
  readonly data: TrainingData
  readonly runtime: Runtime
  readonly folder: string
  readonly command: string
}

function describeData({ data }: Experiment, { training, validation, stepHours }: TrainingData) {
  const states = (series: typeof training) => series.times.length
  return {
    location: data.location,
    ...(data.title && { title: data.title }),
    training: { ...data.training, states: states(training) },
    validation: { ...data.validation, states: states(validation) },
    stepHours,
    channels: [...training.channels.names],
    grid: training.grid.toString(),
  }
}

/** What a model carries of where it comes from; nothing that differs between two runs of the same settings. */
function provenanceOf({ experiment, data }: Stage, model: ModelName): Record<string, unknown> {
  return { data: describeData(experiment, data), seed: experiment.seed, config: experiment[model] }
}

async function makeForecast(stage: Stage): Promise<TrainedModel> {
  const { experiment, data, runtime, folder } = stage
  const { training, validation, stepHours } = data
  const { seed, forecast: config } = experiment
  const own = join(folder, 'forecast')
  const { weights, context } = await trainForecast({
    runtime,
    training,
    validation,
    config,
    seed,
    folder: own,
  })
  const path = modelFile(experiment.models, 'forecast')
  const provenance = provenanceOf(stage, 'forecast')
  const half = experiment.storage === 'float16'
  await saveForecastModel(
    path,
    { ...{ world: training, size: config, stepHours, context, weights, provenance } },
    { half },
  )
  const hours = [1, 4, 8, 20, 40].map((n) => n * stepHours)
  const forecaster = await LearnedForecaster.create(runtime, await loadForecastModel(path), {
    batch: config.batch,
  })
  const learned = await forecastErrors(forecaster, validation, hours)
  await forecaster.close()
  const same = await forecastErrors(persistence(training, stepHours), validation, hours)
  const scores = { ...prefixed('forecast.mse', learned), ...prefixed('persistence.mse', same) }
  return finish(stage, 'forecast', path, scores, {
    title: 'Forecast model',
    purpose: `A learned forecast of the next ${stepHours} hours: a transformer of patches that see their neighbours. It gives the change of the normalised state, and longer forecasts by repetition.`,
    limits: [
      'It knows the world it was trained on and no other; numbers for another year, grid or model of the atmosphere do not follow from these.',
      'Forecasts smooth out what cannot be predicted, the more the longer the lead.',
      'It has seen the training period: backgrounds made there are better than those of a new year.',
    ],
  })
}

async function makeLatent(stage: Stage): Promise<TrainedModel> {
  const { experiment, data, runtime, folder } = stage
  const { training, validation } = data
  const { seed, latent: config } = experiment
  const own = join(folder, 'latent')
  const weights = await trainLatent({ runtime, training, validation, config, seed, folder: own })
  const path = modelFile(experiment.models, 'latent')
  const model = { world: training, size: config, weights, provenance: provenanceOf(stage, 'latent') }
  await saveLatentModel(path, model, { half: experiment.storage === 'float16' })
  const codec = await Codec.create(runtime, await loadLatentModel(path), { batch: config.batch })
  const errors = await reconstructionErrors(codec, validation)
  await codec.close()
  const compression = training.stateSize / codec.shape.reduce((a, b) => a * b, 1)
  const scores = { ...prefixed('autoencoder', errors), 'autoencoder.compression': compression }
  return finish(stage, 'latent', path, scores, {
    title: 'Autoencoder',
    purpose: `A variational autoencoder of atmospheric states: ${training.channels.length} channels on ${training.grid} to latents of [${codec.shape.join(', ')}] and back.`,
    limits: [
      'What it cannot reconstruct is a floor under everything computed in its latents.',
      'A prior belongs to these very weights; with another autoencoder it is refused.',
    ],
  })
}

async function makePrior(stage: Stage): Promise<TrainedModel> {
  const { experiment, data, runtime, folder } = stage
  const { training, validation } = data
  const { seed, prior: config } = experiment
  const paths = [modelFile(experiment.models, 'forecast'), modelFile(experiment.models, 'latent')] as const
  for (const [i, name] of (['forecast', 'latent'] as const).entries())
    if (!existsSync(paths[i]))
      throw new ConfigError(`the prior is trained with ${paths[i]}, which is not there: train ${name} first`)
  const [forecastModel, latentModel] = [await loadForecastModel(paths[0]), await loadLatentModel(paths[1])]
  for (const [i, model] of [forecastModel, latentModel].entries())
    checkSameWorld(model.world, training, [paths[i], training.location], { normaliser: true })
  const forecaster = await LearnedForecaster.create(runtime, forecastModel, { batch: 16 })
  const codec = await Codec.create(runtime, latentModel, { batch: 16 })
  const shape = codec.shape as [number, number, number]
  const { leads, every } = config
  // Validation is the task itself, backgrounds of 8 steps, however old the training backgrounds are.
  const held = await latentPairs(validation, { forecaster, codec, leads: [Math.min(8, ...leads)], every: 1 })
  const pairs = await latentPairs(training, { forecaster, codec, leads, every })
  await forecaster.close()
  await codec.close()
  const global = config.coupling && {
    ...config.coupling,
    latitudes: meanLatitudes(training.grid.latitude, shape[1]),
  }
  const statistics = latentStatistics(pairs, shape, config.increment, global)
  const own = join(folder, 'prior')
  const weights = await trainPrior({
    ...{ runtime, training: pairs, validation: held, statistics, shape, config, seed, folder: own },
  })
  const path = modelFile(experiment.models, 'prior')
  const autoencoder = fingerprint(latentModel.weights)
  const provenance = provenanceOf(stage, 'prior')
  await savePriorModel(
    path,
    { ...{ world: training, config, statistics, shape, weights, autoencoder, provenance } },
    { half: experiment.storage === 'float16' },
  )
  await loadPriorModel(path)
  const lines = await readMetrics(join(own, 'metrics.jsonl'))
  const losses = lines.flatMap((l) => (l.validation as { loss: number } | undefined)?.loss ?? [])
  const scores = {
    'prior.validation.loss': Math.min(...losses),
    ...backgroundErrors('background.training.mse', pairs, data.stepHours),
    ...backgroundErrors('background.validation.mse', held, data.stepHours),
    'background.latent.mse': meanSquare(held.truth, held.background),
  }
  return finish(stage, 'prior', path, scores, {
    title: 'Prior',
    purpose:
      'A diffusion model of the state given a background: what the atmosphere may be when a forecast says so. Its samples are latents of the autoencoder beside it.',
    limits: [
      `It was trained on backgrounds of the forecast model beside it, ${leads.map((l) => `${l * data.stepHours} h`).join(', ')} old; it trusts other backgrounds as if they were those.`,
      'The training backgrounds come from a forecast model that has seen the same period: compare their error with that on validation.',
      'It knows one year of one world; rare states are poorly represented.',
    ],
  })
}

/** The middle of each row of latents. */
function meanLatitudes(latitude: Float64Array, rows: number): Float64Array {
  const each = latitude.length / rows
  return Float64Array.from({ length: rows }, (_, r) => {
    const own = latitude.subarray(r * each, (r + 1) * each)
    return own.reduce((a, b) => a + b, 0) / each
  })
}

function backgroundErrors(name: string, { mse }: LatentPairs, stepHours: number) {
  return Object.fromEntries([...mse].map(([lead, value]) => [`${name}.${lead * stepHours}h`, value]))
}

function prefixed(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, v]) => [`${prefix}.${name}`, v]))
}

/** Writes the card of a model that is in its place, and says what there is. */
async function finish(
  { experiment, data, command }: Stage,
  name: ModelName,
  path: string,
  scores: Record<string, number>,
  words: { title: string; purpose: string; limits: string[] },
): Promise<TrainedModel> {
  const { title, purpose, limits } = words
  const { training, validation } = data
  const { size: bytes } = await stat(path)
  const { data: source, seed } = experiment
  const card = modelCard({
    ...{ title: `${title} (${experiment.name})`, purpose, scores, limits, command },
    facts: {
      data: source.title ?? source.location,
      training: `${source.training.start} to ${source.training.end}, ${training.times.length} states`,
      validation: `${source.validation.start} to ${source.validation.end}, ${validation.times.length} states`,
      channels: training.channels.names.join(' '),
      grid: training.grid.toString(),
      seed,
      'weights stored as': experiment.storage,
      bytes,
      licence: 'Apache-2.0',
    },
    scoresOf:
      'Of the stored weights, on the validation period; mean squared errors over all channels in normalised units.',
    config: experiment[name],
  })
  await writeFileAtomic(path.replace(/\.safetensors$/, '.md'), card)
  return { model: path, bytes, scores }
}
