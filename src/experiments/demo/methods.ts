import {
  type Assimilator,
  chooseGuidance,
  GenerativeAssimilator,
  type GuidanceConfig,
  isotropic,
  LatentVariational,
} from '../../assimilation/index.ts'
import { dpmSolver, schedules } from '../../prior/index.ts'
import type { Runtime } from '../../tensor/index.ts'
import type { DemoSetting } from './setting.ts'

export interface DemoMethod {
  readonly name: string
  /** What it is, for readers of the report. */
  readonly what: string
  readonly assimilator: Assimilator
}

export interface MethodOptions {
  readonly guidance: GuidanceConfig
  /** Steps of the sampler. */
  readonly steps: number
  /** Variance of what the decoder cannot express, by channel. */
  readonly decoderVariance: Float64Array
}

/** What the demo compares: the prior without observations, with them, and the variational analysis of the same latents. */
export function demoMethods(
  runtime: Runtime,
  { codec, prior }: DemoSetting,
  { guidance, steps, decoderVariance }: MethodOptions,
): DemoMethod[] {
  const sampler = dpmSolver({ steps })
  const schedule = schedules[prior.config.schedule]()
  // Increments whitened by the training statistics have the identity for a covariance.
  const covariance = isotropic()
  const generative = (config: GuidanceConfig) =>
    new GenerativeAssimilator(runtime, {
      ...{ prior, codec, sampler, decoderVariance },
      guidance: chooseGuidance(config, { schedule, covariance }),
    })
  return [
    {
      name: 'unguided prior',
      what: 'the diffusion prior given the background, without observations: what the prior believes before it sees any',
      assimilator: generative({ name: 'none' }),
    },
    {
      name: 'latent 3D-Var',
      what: 'background and observations weighed by Gaussian errors in latent space, members by perturbing both',
      assimilator: new LatentVariational(runtime, {
        ...{ codec, statistics: prior.statistics, B: covariance, decoderVariance },
      }),
    },
    {
      name: 'guided prior',
      what: `the same prior, steered by the observations at each step of the sampler (${guidance.name})`,
      assimilator: generative(guidance),
    },
  ]
}
