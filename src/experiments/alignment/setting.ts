import { DataError } from '../../base/errors.ts'
import type { Forecaster } from '../../forecast/forecaster.ts'
import { checkSameWorld } from '../../forecast/world.ts'
import type { Codec } from '../../latent/codec.ts'
import { fingerprint } from '../../nn/fingerprint.ts'
import type { PriorModel } from '../../prior/model.ts'
import type { Runtime } from '../../tensor/index.ts'
import { resolveLocation } from '../config.ts'
import { openForecaster, openPrior } from '../models.ts'
import { forecastAll } from '../osse/forecasts.ts'
import { Truth } from '../osse/states.ts'
import type { AlignmentConfig } from './config.ts'

const hour = 3_600_000

/** Truth, background and the truths that follow, of one date. */
export interface AlignmentCase {
  readonly time: number
  readonly background: Float32Array
  readonly truth: Float32Array
  /** By lead, hours. */
  readonly later: ReadonlyMap<number, Float32Array>
}

export interface AlignmentSetting {
  readonly config: AlignmentConfig
  readonly runtime: Runtime
  readonly codec: Codec
  readonly prior: PriorModel
  /** Of the reference prior's weights. */
  readonly reference: string
  readonly forecaster: Forecaster
  readonly truth: Truth
  /** The dates of a period, milliseconds since 1970. */
  dates(period: 'preferences' | 'validation', count: number, leads: readonly number[]): number[]
  case(time: number, leads: readonly number[]): Promise<AlignmentCase>
  close(): Promise<void>
}

/** @throws ConfigError or DataError for models and data that are not there or do not fit each other */
export async function openAlignment(runtime: Runtime, config: AlignmentConfig): Promise<AlignmentSetting> {
  const { codec, prior } = await openPrior(runtime, config.folder)
  const forecaster = await openForecaster(runtime, config.folder, { batch: 16 })
  checkSameWorld(prior.world, forecaster, ['the prior', 'the forecast model'], { normaliser: true })
  const { leadHours } = config
  const truth = await Truth.open(resolveLocation(config.data.location), prior.world)
  const read = (time: number) => truth.read([time])
  return {
    ...{ config, runtime, codec, prior, forecaster, truth },
    reference: fingerprint(prior.weights),
    dates(period, count, leads) {
      const found = truth.spread(config.data[period], count, leadHours, Math.max(0, ...leads))
      if (found.length < Math.min(2, count))
        throw new DataError(
          `${found.length} dates from ${config.data[period].start}: an alignment needs more`,
        )
      return found
    },
    async case(time, leads) {
      const start = time - leadHours * hour
      const steps = leadHours / forecaster.stepHours
      const background = await forecastAll(forecaster, await read(start), [start], steps)
      const later = new Map<number, Float32Array>()
      for (const lead of leads) later.set(lead, await read(time + lead * hour))
      return { time, background, truth: await read(time), later }
    },
    async close() {
      await truth.close()
      await forecaster.close()
      await codec.close()
    },
  }
}
