import {
  type Assimilator,
  aboutMinimum,
  chooseGuidance,
  GenerativeAssimilator,
  type GuidanceConfig,
  isotropic,
  LatentVariational,
} from '../../assimilation/index.ts'
import { dpmSolver, schedules } from '../../prior/index.ts'
import type { PriorModel } from '../../prior/model.ts'
import type { Runtime } from '../../tensor/index.ts'
import { type DemoSetting, latentBackgroundErrors, latentErrorScale } from './setting.ts'

export interface DemoMethod {
  readonly name: string
  /** What it is, for readers of the report. */
  readonly what: string
  readonly assimilator: Assimilator
  /** Members 2k and 2k + 1 mirror each other: scores must know. */
  readonly antithetic: boolean
}

export interface MethodOptions {
  readonly guidance: GuidanceConfig
  /** Steps of the sampler. */
  readonly steps: number
  readonly members: number
  /** Variance of what the decoder cannot express, by channel. */
  readonly decoderVariance: Float64Array
}

/** What the demo compares: the prior without observations, with them, and the variational analysis of the same latents. */
export function demoMethods(
  runtime: Runtime,
  { codec, prior, aligned }: DemoSetting,
  { guidance, steps, members, decoderVariance }: MethodOptions,
): DemoMethod[] {
  const sampler = dpmSolver({ steps })
  const schedule = schedules[prior.config.schedule]()
  // Increments whitened by the training statistics have the identity for a covariance.
  const covariance = isotropic()
  // Mirrored pairs have a better mean; that takes an even number of members.
  const antithetic = members % 2 === 0
  const generative = (config: GuidanceConfig, of: PriorModel = prior) => ({
    antithetic,
    assimilator: new GenerativeAssimilator(runtime, {
      ...{ prior: of, codec, sampler, decoderVariance, antithetic },
      guidance: chooseGuidance(config, { schedule, covariance }),
    }),
  })
  return [
    {
      name: 'unguided prior',
      what: 'the diffusion prior given the background, without observations: what the prior believes before it sees any',
      ...generative({ name: 'none' }),
    },
    {
      name: 'latent 3D-Var',
      what: `background and observations weighed by Gaussian errors in latent space, those of the background as the prior starts from, their standard deviations times ${latentErrorScale} as tuned; the estimate is the minimum of the cost, members are draws about it`,
      antithetic: false,
      assimilator: aboutMinimum(
        () =>
          new LatentVariational(runtime, {
            ...{ codec, statistics: prior.statistics, B: latentBackgroundErrors, decoderVariance },
            outerLoops: 1,
          }),
      ),
    },
    {
      name: 'guided prior',
      what: `the same prior, steered by the observations at each step of the sampler (${guidance.name})`,
      ...generative(guidance),
    },
    ...(aligned
      ? [
          {
            name: 'aligned prior',
            what: 'the guided prior after preference optimisation for accuracy, forecast skill and balance',
            ...generative(guidance, aligned),
          },
        ]
      : []),
  ]
}
