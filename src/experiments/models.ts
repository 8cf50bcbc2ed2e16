import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { refuseOtherUnitsOfState } from '../assimilation/units.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { ConfigError, DataError } from '../base/errors.ts'
import type { Forecaster } from '../forecast/forecaster.ts'
import { LearnedForecaster, loadForecastModel } from '../forecast/learned.ts'
import { OnnxForecaster } from '../forecast/onnx.ts'
import { readDescriptor } from '../forecast/onnx-descriptor.ts'
import { checkSameWorld, type World } from '../forecast/world.ts'
import { openDataset } from '../io/dataset.ts'
import { requireEnsemble } from '../io/member.ts'
import { openStates, type States } from '../io/states.ts'
import { isMirrored } from '../io/write-ensemble.ts'
import { Codec, loadLatentModel } from '../latent/codec.ts'
import { checkAutoencoder, loadPriorModel, type PriorModel } from '../prior/model.ts'
import type { Runtime } from '../tensor/index.ts'
import { modelFile } from './train-models.ts'

export interface OpenForecasterOptions {
  /** Descriptor of an ONNX model, YAML. */
  descriptor?: string
  /** States forecast together. */
  batch?: number
}

/**
 * Opens a forecast model: a `.safetensors` file that training wrote, a folder that holds one, or an `.onnx` file with
 * its descriptor.
 * @throws ConfigError for something else
 */
export async function openForecaster(
  runtime: Runtime,
  path: string,
  { descriptor, batch }: OpenForecasterOptions = {},
): Promise<Forecaster> {
  const kind = extname(path)
  if (kind === '.onnx') {
    if (!descriptor)
      throw new ConfigError(
        `${path} needs a descriptor of its inputs and outputs: --descriptor, such as configs/forecasters/fengwu.yaml`,
      )
    const described = await readDescriptor(descriptor)
    // Only physical units go in and out here: z-scores of mean 0 and deviation 1.
    const names = described.channels.names
    const unit = { names, mean: names.map(() => 0), std: names.map(() => 1) }
    return OnnxForecaster.open(runtime, path, described, {
      normaliser: new Normaliser(unit),
      before: 'repeat',
    })
  }
  const file = kind === '.safetensors' ? path : modelFile(path, 'forecast')
  if (!existsSync(file))
    throw new ConfigError(
      `${file} is not there; a model is a .safetensors file, its folder, or an .onnx file`,
    )
  return LearnedForecaster.create(runtime, await loadForecastModel(file), { batch })
}

/** An autoencoder and the prior of its latents from a folder of models. @throws DataError unless they belong together */
export async function openPrior(
  runtime: Runtime,
  folder: string,
): Promise<{ codec: Codec; prior: PriorModel }> {
  const paths = [modelFile(folder, 'latent'), modelFile(folder, 'prior')] as const
  for (const path of paths)
    if (!existsSync(path)) throw new ConfigError(`${path} is not there; align-da train makes it`)
  const latent = await loadLatentModel(paths[0])
  const prior = await loadPriorModel(paths[1])
  checkSameWorld(prior.world, latent.world, [paths[1], paths[0]], { normaliser: true })
  const codec = await Codec.create(runtime, latent)
  checkAutoencoder(prior, { weights: latent.weights, shape: codec.shape }, [paths[1], paths[0]])
  return { codec, prior }
}

/** A state of a file as a model takes it. */
export interface ModelState {
  /** Milliseconds since 1970-01-01. */
  readonly time: number
  /** z-scored by the model's statistics: [channel, lat, lon]. */
  readonly state: Float32Array
}

/** An ensemble of a file as a model takes it. */
export interface ModelEnsemble {
  /** Milliseconds since 1970-01-01. */
  readonly time: number
  /** z-scored by the model's statistics: [member, channel, lat, lon]. */
  readonly states: Float32Array
  readonly members: number
  /** Whether they come in mirrored pairs. */
  readonly mirrored: boolean
}

/**
 * Reads all members of an ensemble for a model; see `readModelState`.
 * @throws DataError for a file without members, of another world, or with values that are missing
 */
export async function readModelEnsemble(
  path: string,
  world: World,
  position: (states: States) => number,
): Promise<ModelEnsemble> {
  const dataset = await openDataset(path, { workers: 0 })
  let count: number
  const mirrored = isMirrored(dataset)
  try {
    count = requireEnsemble(dataset).count
  } finally {
    await dataset.close()
  }
  const size = world.channels.length * world.grid.size
  const states = new Float32Array(count * size)
  let time = Number.NaN
  for (let k = 0; k < count; k++) {
    const one = await readModelState(path, world, position, { member: k + 1 })
    states.set(one.state, k * size)
    time = one.time
  }
  return { time, states, members: count, mirrored }
}

/**
 * Reads one state for a model; `position` finds it among the times of the file, `member` in an ensemble.
 * @throws DataError for a file of another world, or values that are missing
 */
export async function readModelState(
  path: string,
  world: World,
  position: (states: States) => number,
  { member }: { member?: number } = {},
): Promise<ModelState> {
  const states = await openStates(path, { channels: world.channels, member, workers: 0 })
  try {
    const { channels, grid } = states
    checkSameWorld(world, { channels, grid, normaliser: world.normaliser }, ['the model', path])
    const at = position(states)
    const state = await states.read(at)
    const bad = state.findIndex((v) => !Number.isFinite(v))
    if (bad >= 0)
      throw new DataError(
        `${path}: ${channels.names[Math.floor(bad / grid.size)]} has missing values; models need complete fields`,
      )
    world.normaliser.select(channels.names).normalise(state, grid.size, state)
    const assumed = states.remarks.map((remark) => `; ${remark}`).join('')
    refuseOtherUnitsOfState(state, world, path, `Other units, or a value for what is missing${assumed}`)
    return { time: states.times[at], state }
  } finally {
    await states.close()
  }
}
