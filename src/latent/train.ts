import type { Series } from '../io/series.ts'
import { type DataSource, fit, Parameters, sampleOrder, type Weights } from '../nn/index.ts'
import { stream } from '../random/stream.ts'
import { constant, type Feeds, input, type Runtime } from '../tensor/index.ts'
import { decode, encode, klDivergence, latentShape, reparameterise, type StateShape } from './autoencoder.ts'
import type { LatentConfig } from './config.ts'
import { principalComponents } from './principal.ts'

export interface TrainLatentOptions {
  runtime: Runtime
  training: Series
  validation: Series
  config: LatentConfig
  seed: number
  folder: string
}

/** Trains the autoencoder from the principal components of the training states. */
export async function trainLatent({
  runtime,
  training,
  validation,
  config,
  seed,
  folder,
}: TrainLatentOptions): Promise<Weights> {
  const { batch, steps } = config
  const shape: StateShape = {
    channels: training.channels.length,
    lat: training.grid.latitude.length,
    lon: training.grid.longitude.length,
  }
  const parameters = new Parameters()
  const x = input('x', [batch, shape.channels, shape.lat, shape.lon])
  const noise = input('noise', [batch, ...latentShape(shape, config)])
  const posterior = encode(parameters, x, config)
  const weights = constant(
    Float32Array.from(training.channels.names, (name) => config.channelWeights[name] ?? 1),
    { shape: [shape.channels, 1, 1] },
  )
  const error = decode(parameters, reparameterise(posterior, noise), shape, config).sub(x)
  const loss = error.square().mul(weights).mean().add(klDivergence(posterior).mul(config.kl))
  const mode = decode(parameters, posterior.mean, shape, config).sub(x).square().mean()

  const initial = new Map(parameters.initialise(seed))
  const linear = await principalComponents(runtime, training, config.patch, config.channels)
  for (const [name, tensor] of Object.entries(linear)) initial.set(name, tensor)
  if (steps === 0) return initial

  const order = sampleOrder(seed, training.times.length, batch)
  const batches = Math.max(1, Math.min(10, Math.floor(validation.times.length / batch)))
  const gap = Math.floor(validation.times.length / (batches * batch))
  const source = (series: Series, of: (index: number) => number[], noisy: boolean): DataSource => ({
    batch(index): Feeds {
      const states = new Float32Array(batch * series.stateSize)
      for (const [i, t] of of(index).entries()) states.set(series.at(t), i * series.stateSize)
      if (!noisy) return { x: states }
      return { x: states, noise: stream(seed, 'latent', index).normal(new Float32Array(noise.size)) }
    },
    describe: (index) =>
      of(index)
        .map((t) => new Date(series.times[t]).toISOString().slice(0, 13))
        .join(', '),
  })
  const { weights: trained } = await fit({
    runtime,
    parameters,
    loss,
    optimiser: { decay: config.decay, beta2: 0.99, epsilon: 1e-10 },
    clip: 0.1,
    data: source(training, order, true),
    steps,
    seed,
    initial,
    rate: { rate: config.rate, warmup: Math.min(config.warmup, steps), floor: 0.01 },
    validation: {
      data: source(validation, (i) => Array.from({ length: batch }, (_, k) => (i * batch + k) * gap), false),
      batches,
      every: Math.min(config.validateEvery, steps),
      loss: mode,
      patience: config.patience,
    },
    architecture: {
      kind: 'latent',
      size: { ...config, batch: undefined, steps: undefined, rate: undefined },
    },
    folder,
    checkpointEvery: 100,
    label: 'autoencoder',
  })
  return trained
}
