import {
  type Assimilator,
  aboutMinimum,
  chooseGuidance,
  drawnCovariance,
  GenerativeAssimilator,
  type GuidanceConfig,
  isotropic,
  LatentVariational,
  ModelVariational,
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
  /** Where it has as many however many are asked for. */
  readonly members?: number
}

export interface MethodOptions {
  readonly guidance: GuidanceConfig
  /** Steps of the sampler. */
  readonly steps: number
  readonly members: number
  /** Variance of what the decoder cannot express, by channel. */
  readonly decoderVariance: Float64Array
  /** The background, normalised. */
  readonly background: Float32Array
  readonly seed: number
}

/**
 * What the demo compares: the prior without observations and with them, and variational analyses in model space and in
 * the same latents.
 */
export async function demoMethods(
  runtime: Runtime,
  { world, codec, prior, aligned }: DemoSetting,
  { guidance, steps, members, decoderVariance, background, seed }: MethodOptions,
): Promise<DemoMethod[]> {
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
  const B = await drawnCovariance(runtime, background, {
    ...{ codec, statistics: prior.statistics, B: latentBackgroundErrors, seed },
  })
  return [
    {
      name: 'unguided prior',
      what: 'the diffusion prior given the background, without observations: what the prior believes before it sees any',
      ...generative({ name: 'none' }),
    },
    {
      name: '3D-Var',
      what: 'background and observations weighed by Gaussian errors in model space, with balance, vertical modes and correlation lengths fitted to draws of the errors that the prior starts from; the minimum of the cost alone',
      ...{ antithetic: false, members: 1 },
      assimilator: new ModelVariational({
        ...{ world, B, iterations: 30 },
        settings: { B: "of draws of the prior's errors" },
      }),
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
