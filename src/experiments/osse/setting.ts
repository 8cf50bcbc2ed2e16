import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../../base/errors.ts'
import type { Forecaster } from '../../forecast/forecaster.ts'
import { checkSameWorld, type World } from '../../forecast/world.ts'
import { parseStationJson } from '../../io/observations/stations.ts'
import { Codec, loadLatentModel } from '../../latent/codec.ts'
import { readSafetensors, writeSafetensors } from '../../nn/safetensors.ts'
import { nearestColumns, stationPlaces } from '../../observation/networks.ts'
import type { Runtime } from '../../tensor/index.ts'
import { resolveLocation } from '../config.ts'
import { shippedSamples } from '../demo/setting.ts'
import { openForecaster } from '../models.ts'
import { modelFile } from '../train-models.ts'
import type { OsseConfig } from './config.ts'
import { forecastAll, forecastBatch } from './forecasts.ts'
import { Truth } from './states.ts'

const hour = 3_600_000

/** Truth, background and the truth a lead later, [dates, channel, lat, lon], normalised. */
export interface Dates {
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[]
  readonly truth: Float32Array
  readonly background: Float32Array
  readonly later: Float32Array
}

/** Errors of forecasts, truth - background: states [n, ..] and raw latents [n, d, h, w]. */
export interface BackgroundErrorSamples {
  readonly states: Float32Array
  readonly latents: Float32Array
}

/** What the experiment works on. What takes long to make is kept in the run folder and found there again. */
export interface OsseSetting {
  readonly config: OsseConfig
  readonly runtime: Runtime
  readonly world: World
  readonly codec: Codec
  readonly forecaster: Forecaster
  /** Steps of the forecaster in a lead. */
  readonly steps: number
  readonly dates: Dates
  /** Variance of what the decoder cannot express, [channels]. */
  readonly decoderVariance: Float64Array
  /** The grid columns nearest to the stations. */
  readonly stations: Uint32Array
  /** What all results depend on besides their method. */
  readonly base: string
  errors(): Promise<BackgroundErrorSamples>
  close(): Promise<void>
}

/**
 * @throws ConfigError for models that are not there and a lead that is no number of steps
 * @throws DataError for data of another world or without the dates
 */
export async function openOsse(runtime: Runtime, config: OsseConfig, folder: string): Promise<OsseSetting> {
  const files = [modelFile(config.folder, 'forecast'), modelFile(config.folder, 'latent')]
  for (const path of files)
    if (!existsSync(path)) throw new ConfigError(`${path} is not there; align-da train makes it`)
  const latent = await loadLatentModel(files[1])
  const codec = await Codec.create(runtime, latent)
  const forecaster = await openForecaster(runtime, config.folder, {
    batch: Math.max(forecastBatch, 1 + config.forecastMembers),
  })
  const { world } = latent
  checkSameWorld(world, forecaster, [files[1], files[0]], { normaliser: true })
  const steps = config.leadHours / forecaster.stepHours
  if (!Number.isInteger(steps))
    throw new ConfigError(`leadHours ${config.leadHours} is no number of steps of ${forecaster.stepHours} h`)
  const location = resolveLocation(config.data.location)
  const models = await Promise.all(files.map(fileHash))
  const cache = new Cache(folder, { location: config.data.location, models })
  let opened: Truth | undefined
  const truth = async () => {
    opened ??= await Truth.open(location, world)
    return opened
  }

  const { data, dates: count, leadHours, backgroundErrors, decoderStates } = config
  const found = await cache.get('dates', { test: data.test, count, leadHours }, async () => {
    const store = await truth()
    const times = store.spread(data.test, count, leadHours, leadHours)
    const at = (shift: number) => times.map((t) => t + shift * leadHours * hour)
    const starts = await store.read(at(-1), 'true states')
    return {
      times: Float64Array.from(times),
      truth: await store.read(times, 'true states'),
      later: await store.read(at(1), 'true states'),
      background: await forecastAll(forecaster, starts, at(-1), steps),
    }
  })
  const decoder = await cache.get('decoder', { validation: data.validation, decoderStates }, async () => {
    const store = await truth()
    const states = await store.read(store.spread(data.validation, decoderStates, 0, 0), 'decoder states')
    return { variance: await codec.unexpressedVariance(states) }
  })
  const stations = config.stations ?? join(shippedSamples, 'radiosondes.json')
  const list = await readFile(stations, 'utf8')
  const places = stationPlaces(parseStationJson(list, stations))
  const { assumedError, seed, forecastMembers } = config
  const more = { leadHours, assumedError, seed, forecastMembers, list, decoderStates, data: data.validation }
  return {
    ...{ config, runtime, world, codec, forecaster, steps },
    dates: {
      times: Array.from(found.times as Float64Array),
      truth: found.truth as Float32Array,
      later: found.later as Float32Array,
      background: found.background as Float32Array,
    },
    decoderVariance: decoder.variance as Float64Array,
    stations: nearestColumns(world.grid, places),
    base: hash({ protocol, location: config.data.location, models, ...more }),
    async errors() {
      const settings = { training: data.training, ...backgroundErrors }
      const { states, latents } = await cache.get('background-errors', settings, async () =>
        sampleErrors(await truth(), { codec, forecaster }, config),
      )
      return { states: states as Float32Array, latents: latents as Float32Array }
    },
    async close() {
      await opened?.close()
      await forecaster.close()
      await codec.close()
    },
  }
}

async function sampleErrors(
  store: Truth,
  { codec, forecaster }: { codec: Codec; forecaster: Forecaster },
  { data, backgroundErrors: { leads, forecasts } }: OsseConfig,
) {
  const longest = Math.max(...leads)
  const step = forecaster.stepHours
  const starts = store.spread(data.training, forecasts, 0, longest * step)
  const states = await store.read(starts, 'background errors')
  const size = states.length / starts.length
  const backgrounds = new Float32Array(starts.length * leads.length * size)
  await forecastAll(forecaster, states, starts, longest, {
    each(i, now, state) {
      const k = leads.indexOf(now)
      if (k >= 0) backgrounds.set(state, (i * leads.length + k) * size)
    },
  })
  const times = starts.flatMap((t) => leads.map((lead) => t + lead * step * hour))
  const truths = await store.read(times, 'background errors')
  const z = await codec.encodeStates(truths)
  const z_b = await codec.encodeStates(backgrounds)
  return { states: truths.map((v, i) => v - backgrounds[i]), latents: z.map((v, i) => v - z_b[i]) }
}

/** Counted up whenever the same settings give other results, so that no table mixes cases of two versions. */
const protocol = 2

/** Arrays in the run folder, each file named after all that it depends on. */
class Cache {
  private readonly folder: string
  private readonly common: object

  constructor(folder: string, common: object) {
    this.folder = folder
    this.common = common
  }

  async get(
    name: string,
    settings: object,
    make: () => Promise<Record<string, Float32Array | Float64Array>>,
  ): Promise<Record<string, Float32Array | Float64Array>> {
    const path = join(
      this.folder,
      `${name}-${hash({ ...this.common, ...settings }).slice(0, 12)}.safetensors`,
    )
    if (!existsSync(path)) {
      const made = Object.entries(await make())
      await writeSafetensors(
        path,
        made.map(([key, data]) => [
          key,
          { dtype: data instanceof Float64Array ? 'F64' : 'F32', shape: [data.length], data },
        ]),
      )
    }
    const { tensors } = await readSafetensors(path)
    return Object.fromEntries([...tensors].map(([key, { data }]) => [key, data as Float32Array]))
  }
}

/** SHA-256 of a value as JSON. */
export const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')

export const fileHash = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
