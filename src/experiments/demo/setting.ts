import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Covariance, isotropic } from '../../assimilation/index.ts'
import { DataError } from '../../base/errors.ts'
import type { Forecaster } from '../../forecast/forecaster.ts'
import { checkSameWorld, type World } from '../../forecast/world.ts'
import { parseStationJson } from '../../io/observations/stations.ts'
import { loadSeries, type Series } from '../../io/series.ts'
import type { Codec } from '../../latent/codec.ts'
import { type Place, stationPlaces } from '../../observation/networks.ts'
import { loadPriorModel, type PriorModel } from '../../prior/model.ts'
import type { Runtime } from '../../tensor/index.ts'
import { openForecaster, openPrior } from '../models.ts'

/** What ships with the project: three folders above this file, in the source and in the build. */
const root = fileURLToPath(new URL('../../../', import.meta.url))
/** Folder of the released models. */
export const shippedModels = join(root, 'models/small')
/** Folder of the samples of the nature run and of the stations. */
export const shippedSamples = join(root, 'samples')

/** The prior aligned with accuracy, forecast skill and balance, in a folder of models. */
const alignedFile = 'prior-M.safetensors'

/** Of latent 3D-Var, on the standard deviations of the prior's increments; see `latentBackgroundErrors`. */
export const latentErrorScale = 0.7

/**
 * B of latent 3D-Var with the released prior. Increments whitened by the training statistics have the identity for a
 * covariance, but those are errors of longer forecasts than an analysis corrects: of scales from 0.6 to 1 on their
 * standard deviations 0.7 had the least error on held-out dates (docs/results/osse-tuning.json, `l3dvar-coupled`).
 */
export const latentBackgroundErrors: Covariance = {
  ...isotropic(latentErrorScale ** 2),
  name: `isotropic, scale ${latentErrorScale}`,
}

/** What the demo works on. */
export interface DemoSetting {
  readonly world: World
  readonly forecaster: Forecaster
  readonly codec: Codec
  readonly prior: PriorModel
  /** The same after preference optimisation, where the folder of models has one. */
  readonly aligned?: PriorModel
  /** True states, z-scored by the models' statistics. */
  readonly nature: Series
  readonly stations: readonly Place[]
}

/** @throws {ConfigError} for a model that is not there; {DataError} for models or samples of different worlds */
export async function openDemo(runtime: Runtime, models: string, samples: string): Promise<DemoSetting> {
  const { codec, prior } = await openPrior(runtime, models)
  const path = join(models, alignedFile)
  const aligned = existsSync(path) ? await loadPriorModel(path) : undefined
  if (aligned && aligned.autoencoder !== prior.autoencoder)
    throw new DataError(`${path} is of latents of another autoencoder than the prior beside it`)
  const forecaster = await openForecaster(runtime, models, { batch: 8 })
  checkSameWorld(prior.world, forecaster, ['the prior', 'the forecast model'], { normaliser: true })
  const { channels, normaliser } = prior.world
  const nature = await loadSeries(join(samples, 'nature-run.zarr'), { channels, normaliser })
  checkSameWorld(prior.world, nature, ['the prior', samples])
  const list = join(samples, 'radiosondes.json')
  const stations = stationPlaces(parseStationJson(await readFile(list, 'utf8'), list))
  return { world: prior.world, forecaster, codec, prior, aligned, nature, stations }
}

/** The true state at a time, undefined after the end of the samples. @throws {DataError} for a time before or between */
export function truthAt(nature: Series, time: number): Float32Array | undefined {
  const at = nature.times.indexOf(time)
  if (at >= 0) return nature.at(at)
  if (time > (nature.times.at(-1) as number)) return undefined
  const [first, last] = [nature.times[0], nature.times.at(-1) as number].map((t) =>
    new Date(t).toISOString().slice(0, 13),
  )
  throw new DataError(
    `${nature.location} has no state of ${new Date(time).toISOString().slice(0, 13)}: it covers ${first} to ${last}, 6-hourly`,
  )
}
