import { join } from 'node:path'
import { DataError } from '../base/errors.ts'
import type { Series } from '../io/series.ts'
import { forecastStarts, usualStep } from '../io/starts.ts'
import { type DataSource, fit, Parameters, sampleOrder, type Weights } from '../nn/index.ts'
import { input, type Runtime, type Tensor } from '../tensor/index.ts'
import type { ForecastConfig } from './config.ts'
import { surrogateContext } from './context.ts'
import { type SurrogateContext, seasonOf, surrogateStep } from './surrogate.ts'

export interface TrainForecastOptions {
  runtime: Runtime
  training: Series
  validation: Series
  config: ForecastConfig
  seed: number
  /** Folder of the run; one-step training and roll-outs have folders of their own in it. */
  folder: string
}

/** Trains the learned forecast model: on one step, then on roll-outs, each until validation gets no better. */
export async function trainForecast(
  options: TrainForecastOptions,
): Promise<{ weights: Weights; context: SurrogateContext }> {
  const { config, training, folder } = options
  const context = surrogateContext(training)
  const first = await stage(
    options,
    context,
    { leads: 1, batch: config.batch, steps: config.steps, rate: config.rate },
    join(folder, 'one-step'),
  )
  if (config.rollout.steps === 0) return { weights: first, context }
  return { weights: await stage(options, context, config.rollout, join(folder, 'roll-outs'), first), context }
}

interface Stage {
  leads: number
  batch: number
  steps: number
  rate: number
}

async function stage(
  { runtime, training, validation, config, seed }: TrainForecastOptions,
  context: SurrogateContext,
  { leads, batch, steps, rate }: Stage,
  folder: string,
  initial?: Weights,
): Promise<Weights> {
  const parameters = new Parameters()
  const graph = rollout(parameters, training, context, config, batch, leads)
  const scored = rollout(parameters, validation, context, config, batch, leads)
  // Where the record has gaps, no pair of states spans one.
  const step = usualStep(training.times)
  const [starts, held] = [training, validation].map((series) => startsOf(series, leads, step, batch))
  const order = sampleOrder(seed, starts.length, batch)
  // Validation states lie evenly over their period, always the same ones.
  const batches = Math.max(1, Math.min(8, Math.floor(held.length / batch)))
  const gap = Math.max(1, Math.floor(held.length / (batches * batch)))
  const { weights } = await fit({
    runtime,
    parameters,
    loss: graph.loss,
    optimiser: { decay: config.decay, beta2: 0.99, epsilon: 1e-10 },
    clip: config.clip,
    data: source(training, leads, (i) => order(i).map((k) => starts[k])),
    steps,
    seed,
    ...(initial && { initial }),
    rate: { rate, warmup: Math.min(config.warmup, steps), floor: 0.01 },
    validation: {
      data: source(validation, leads, (i) =>
        Array.from({ length: batch }, (_, k) => held[(i * batch + k) * gap]),
      ),
      batches,
      every: Math.min(config.validateEvery, steps),
      loss: scored.loss,
      ...(leads > 1 && { metrics: { last: scored.last } }),
      patience: config.patience,
    },
    architecture: {
      kind: 'forecast',
      patch: config.patch,
      width: config.width,
      blocks: config.blocks,
      hidden: config.hidden,
    },
    folder,
    checkpointEvery: 100,
    label: leads === 1 ? 'forecast, one step' : `forecast, ${leads} steps`,
  })
  return weights
}

function startsOf({ times, location }: Series, leads: number, step: number, batch: number): number[] {
  const starts = forecastStarts(times, leads, step)
  if (starts.length < batch)
    throw new DataError(
      `${location}: ${times.length} states have ${starts.length} without a gap in the ${leads} steps after them; a batch takes ${batch}`,
    )
  return starts
}

/** Mean squared error over the steps of a roll-out, and that of its last step. */
function rollout(
  p: Parameters,
  series: Series,
  context: SurrogateContext,
  config: ForecastConfig,
  batch: number,
  leads: number,
): { loss: Tensor; last: Tensor } {
  const shape = [batch, series.channels.length, ...context.grid]
  let state = input('x', shape)
  const errors: Tensor[] = []
  for (let lead = 1; lead <= leads; lead++) {
    state = surrogateStep(p, state, input(`season${lead}`, [batch, 2]), context, config)
    errors.push(
      state
        .sub(input(`target${lead}`, shape))
        .sumSquare()
        .mul(1 / state.size),
    )
  }
  return { loss: errors.reduce((a, b) => a.add(b)).mul(1 / leads), last: errors[leads - 1] }
}

function source(series: Series, leads: number, order: (index: number) => number[]): DataSource {
  const gather = (positions: number[], offset: number) => {
    const out = new Float32Array(positions.length * series.stateSize)
    for (const [i, t] of positions.entries()) out.set(series.at(t + offset), i * series.stateSize)
    return out
  }
  return {
    batch(index) {
      const positions = order(index)
      const feeds: Record<string, Float32Array> = { x: gather(positions, 0) }
      for (let lead = 1; lead <= leads; lead++) {
        feeds[`season${lead}`] = seasonOf(positions.map((t) => series.times[t + lead - 1]))
        feeds[`target${lead}`] = gather(positions, lead)
      }
      return feeds
    },
    describe: (index) =>
      order(index)
        .map((t) => new Date(series.times[t]).toISOString().slice(0, 13))
        .join(', '),
  }
}
