import { surrogateStep } from '../forecast/surrogate.ts'
import { decode, encode, latentShape } from '../latent/autoencoder.ts'
import { Parameters } from '../nn/index.ts'
import { priorLoss } from '../prior/training.ts'
import { nodesOf, type Tensor } from '../tensor/graph.ts'
import { input } from '../tensor/index.ts'
import type { Experiment } from './config.ts'

/** What a model of a configuration takes. */
export interface ModelSize {
  readonly model: 'forecast' | 'latent' | 'prior'
  readonly parameters: number
  /** Bytes of the stored weights. */
  readonly stored: number
  /** Bytes of weights, gradients, moments and averages while training. */
  readonly state: number
  /** Bytes of all values of the forward pass of one training batch: an upper estimate of what the backward pass keeps. */
  readonly activations: number
}

/** Sizes of the three models for states of `channels` on [rows, columns]: networks are built, nothing is computed. */
export function modelSizes(
  { forecast, latent, prior, storage }: Experiment,
  channels: number,
  [lat, lon]: readonly [number, number],
): ModelSize[] {
  const size = (model: ModelSize['model'], p: Parameters, outputs: Tensor[], copies: number): ModelSize => {
    const activations = nodesOf(outputs)
      .flatMap((node) => node.outputs)
      .reduce((sum, t) => sum + 4 * t.size, 0)
    const stored = p.count * (storage === 'float16' ? 2 : 4)
    return { model, parameters: p.count, stored, state: 4 * copies * p.count, activations }
  }
  const forecaster = new Parameters()
  const { batch, leads } = forecast.rollout.steps
    ? {
        ...forecast.rollout,
        batch: Math.max(forecast.rollout.batch, forecast.batch / forecast.rollout.leads),
      }
    : { batch: forecast.batch, leads: 1 }
  let state = input('x', [Math.ceil(batch), channels, lat, lon])
  const context = {
    statics: new Float32Array(3 * lat * lon),
    grid: [lat, lon] as const,
    changeStd: new Float32Array(channels),
  }
  for (let lead = 0; lead < leads; lead++)
    state = surrogateStep(forecaster, state, input(`season${lead}`, [Math.ceil(batch), 2]), context, forecast)

  const autoencoder = new Parameters()
  const shape = { channels, lat, lon }
  const { mean } = encode(autoencoder, input('x', [latent.batch, channels, lat, lon]), latent)
  const decoded = decode(autoencoder, mean, shape, latent)

  const denoiser = new Parameters()
  const [d, h, w] = latentShape(shape, latent)
  const ones = new Float32Array(d).fill(1)
  const { loss } = priorLoss(denoiser, {
    config: prior,
    statistics: { mean: ones, std: ones, increment: ones },
    ...{ shape: [d, h, w], batch: prior.batch, training: true },
  })
  return [
    size('forecast', forecaster, [state], 4),
    size('latent', autoencoder, [decoded], 4),
    size('prior', denoiser, [loss], 5),
  ]
}
