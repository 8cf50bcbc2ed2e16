import { join } from 'node:path'
import { LearnedForecaster, loadForecastModel } from '../../forecast/learned.ts'
import { checkSameWorld } from '../../forecast/world.ts'
import { loadSeries, type Series } from '../../io/series.ts'
import { Codec, loadLatentModel } from '../../latent/codec.ts'
import type { Runtime } from '../../tensor/index.ts'

/** What the evaluations of the released models work on. */
export interface Setting {
  readonly runtime: Runtime
  /** States of the test period, z-scored by the training statistics. */
  readonly test: Series
  /** The training states, for baselines that are fitted. */
  readonly training: Series
  readonly forecaster: LearnedForecaster
  readonly codec: Codec
  readonly models: string
  readonly data: string
}

export const periods = {
  training: { start: '1983-01-01', end: '1983-11-30' },
  test: { start: '1984-04-01', end: '1984-06-30' },
} as const

/** @throws DataError when the models are of different worlds, or the data is of another */
export async function openSetting(runtime: Runtime, data: string, models: string): Promise<Setting> {
  const forecast = await loadForecastModel(join(models, 'forecast.safetensors'))
  const latent = await loadLatentModel(join(models, 'autoencoder.safetensors'))
  checkSameWorld(forecast.world, latent.world, ['the forecast model', 'the autoencoder'], {
    normaliser: true,
  })
  const { channels, normaliser } = forecast.world
  const test = await loadSeries(data, { ...periods.test, channels, normaliser })
  checkSameWorld(forecast.world, test, ['the forecast model', data])
  const training = await loadSeries(data, { ...periods.training, channels, normaliser })
  return {
    runtime,
    test,
    training,
    forecaster: await LearnedForecaster.create(runtime, forecast, { batch: 16 }),
    codec: await Codec.create(runtime, latent),
    models,
    data,
  }
}

/** `count` positions spread evenly over [first, last). */
export function spread(first: number, last: number, count: number): number[] {
  const n = Math.min(count, last - first)
  return Array.from({ length: n }, (_, i) => first + Math.floor((i * (last - first)) / n))
}

/** States at positions of a series, one after the other. */
export function gather(series: Series, positions: readonly number[]): Float32Array {
  const out = new Float32Array(positions.length * series.stateSize)
  for (const [i, t] of positions.entries()) out.set(series.at(t), i * series.stateSize)
  return out
}

/** Mean squared difference of two arrays of normalised states. */
export function meanSquare(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2
  return sum / a.length
}
