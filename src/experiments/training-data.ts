import type { ChannelSet } from '../atmosphere/channels.ts'
import { ConfigError, DataError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { timeGaps } from '../io/gaps.ts'
import { loadSeries, type Series } from '../io/series.ts'
import { forecastStarts, usualStep } from '../io/starts.ts'
import { channelsOf, type Experiment, resolveLocation } from './config.ts'

/** The states that models are trained on and scored on while training, z-scored by the training statistics. */
export interface TrainingData {
  readonly training: Series
  readonly validation: Series
  readonly stepHours: number
  /** What a user should know: gaps, and what they cost. */
  readonly remarks: readonly string[]
}

/**
 * Reads the two periods of a configuration and checks that models can be trained on them.
 * @throws DataError for states that are missing, not complete or not evenly spaced, and fields that are missing
 * @throws ConfigError for periods that overlap and sizes that do not divide the grid
 */
export async function loadTrainingData(experiment: Experiment): Promise<TrainingData> {
  const { data } = experiment
  const location = resolveLocation(data.location)
  const channels = channelsOf(experiment)
  if (data.validation.start <= data.training.end && data.training.start <= data.validation.end)
    throw new ConfigError(
      `data.training (${data.training.start} to ${data.training.end}) and data.validation (${data.validation.start} to ${data.validation.end}) overlap; scores on states that were trained on say nothing`,
    )
  const training = await read(location, data.training, channels, 'training states')
  const { normaliser } = training
  const validation = await read(location, data.validation, training.channels, 'validation states', normaliser)
  checkGrid(experiment, [training.grid.rows, training.grid.columns])
  for (const name of ['geopotential_at_surface', 'land_sea_mask'])
    if (!training.statics.has(name))
      throw new DataError(
        `${location} has no ${name}, which models see beside the state; its static fields are ${[...training.statics.keys()].join(', ') || 'none'}`,
      )
  const step = usualStep(training.times)
  if (step === 0)
    throw new DataError(`${location} has one state from ${data.training.start} on; a step needs two`)
  const other = usualStep(validation.times)
  const hours = (ms: number) => `${ms / 3_600_000} h`
  if (other !== step)
    throw new DataError(
      `${location}: training states are ${hours(step)} apart, validation states ${other ? hours(other) : 'only one'}`,
    )
  return {
    training,
    validation,
    stepHours: step / 3_600_000,
    remarks: [...gapRemarks('training', training), ...gapRemarks('validation', validation)],
  }
}

async function read(
  location: string,
  { start, end }: { start: string; end: string },
  channels: ChannelSet | undefined,
  label: string,
  normaliser?: Series['normaliser'],
): Promise<Series> {
  let bar: ReturnType<typeof progress> | undefined
  const series = await loadSeries(location, {
    ...{ start, end, channels, normaliser },
    onProgress: (done, total) => {
      bar ??= progress(label, total)
      bar.update(done)
    },
  })
  bar?.end()
  return series
}

function gapRemarks(name: string, { times }: Series): string[] {
  const { step, gaps } = timeGaps(times)
  const pairs = forecastStarts(times, 1).length
  const lost = times.length - 1 - pairs
  if (lost <= 0 || step === undefined) return []
  const first = gaps[0]
  const where = first ? `, the first after ${new Date(first.after).toISOString().slice(0, 16)}` : ''
  return [
    `${name}: ${lost} of ${times.length - 1} steps are not of ${step / 3_600_000} h (${gaps.length} gaps${where}); no pair spans them`,
  ]
}

/** @throws ConfigError for patches and windows that do not divide what they lie on */
export function checkGrid({ data, forecast, latent, prior }: Experiment, [rows, columns]: readonly number[]) {
  if (data.grid && (data.grid[0] !== rows || data.grid[1] !== columns))
    throw new ConfigError(
      `data.grid is [${data.grid.join(', ')}], the store has ${rows} latitudes and ${columns} longitudes`,
    )
  const divides = (name: string, [a, b]: readonly number[], [h, w]: readonly number[], of: string) => {
    if (h % a || w % b) throw new ConfigError(`${name} [${a}, ${b}] does not divide ${of} of ${h} x ${w}`)
  }
  const grid = [rows, columns]
  divides('forecast.patch', forecast.patch, grid, 'a grid')
  divides('latent.patch', latent.patch, grid, 'a grid')
  const tokens = [rows / latent.patch[0], columns / latent.patch[1]]
  if (latent.blocks > 0) divides('latent.window', latent.window, tokens, 'latents')
  divides('prior.patch', prior.patch, tokens, 'latents')
  for (const [name, { width, heads }] of Object.entries({ latent, prior }))
    if (width % heads) throw new ConfigError(`${name}.heads ${heads} does not divide ${name}.width ${width}`)
}
