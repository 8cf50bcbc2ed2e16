import { z } from 'zod'
import { spacings } from './timeGrid.ts'

const count = z.int().positive()
const share = z.number().min(0).lt(1)

/** Settings of the prior's network and of what it models. Training settings are the training command's. */
export const priorSchema = z.strictObject({
  target: z
    .enum(['state', 'increment'])
    .default('increment')
    .describe('what is diffused: the standardised latent, or its departure from the background'),
  increment: z
    .enum(['channel', 'row', 'covariance'])
    .default('channel')
    .describe('departures are scaled by channel, by channel and latitude row, or whitened in each row'),
  conditioning: z
    .enum(['cross', 'concat', 'both'])
    .default('concat')
    .describe('how the background enters: by cross-attention, beside the noisy latent, or both'),
  prediction: z.enum(['epsilon', 'v']).default('v').describe('what the network predicts'),
  schedule: z.enum(['cosine', 'linear', 'edm']).default('cosine').describe('noise schedule'),
  patch: z
    .tuple([count, count])
    .default([1, 1])
    .describe('latent positions of a token: [latitude, longitude]'),
  width: count.default(256).describe('numbers of a token'),
  blocks: count.default(6).describe('transformer blocks'),
  heads: count.default(4).describe('attention heads'),
  mlp: z.number().positive().default(4).describe('hidden width of a block in units of its width'),
  activation: z
    .enum(['squaredRelu', 'silu', 'gelu'])
    .default('squaredRelu')
    .describe('activation of the MLPs'),
  qkNorm: z.boolean().default(false).describe('normalise queries and keys'),
  scatter: z
    .boolean()
    .default(false)
    .describe(
      'a learned scale of the scatter of each latent channel and row, for alignments that train nothing else',
    ),
  season: z.boolean().default(true).describe('the network sees the time of year'),
  dropout: share.default(0).describe('share of residual branches dropped in training'),
  backgroundNoise: z
    .number()
    .nonnegative()
    .default(0)
    .describe('noise added to the background in training, in standard deviations of the latent'),
})
export type PriorConfig = z.infer<typeof priorSchema>

const steps = count.describe('steps of the sampler')
const spacing = z.enum(spacings).describe('how the times are spread')

/** Which sampler, and its settings. */
export const samplerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('predictor-corrector'),
    steps: steps.default(128),
    corrections: z.int().nonnegative().default(2).describe('Langevin corrections after each step'),
    tau: z.number().positive().default(0.05).describe('size of a correction'),
    spacing: spacing.default('time'),
  }),
  z.strictObject({
    name: z.literal('ddim'),
    steps: steps.default(50),
    eta: z.number().min(0).max(1).default(0).describe('0 deterministic, 1 as noisy as DDPM'),
    spacing: spacing.default('logSnr'),
  }),
  z.strictObject({
    name: z.literal('dpm-solver++'),
    steps: steps.default(20),
    spacing: spacing.default('logSnr'),
  }),
  z.strictObject({
    name: z.literal('edm-heun'),
    steps: steps.default(10),
    spacing: spacing.default('karras'),
    churn: z.number().nonnegative().default(0).describe('noise renewed over all steps'),
    churnFrom: z.number().nonnegative().default(0.05).describe('smallest sigma / mu at which it is renewed'),
    churnTo: z.number().positive().default(50).describe('largest sigma / mu at which it is renewed'),
    noiseScale: z.number().positive().default(1.003).describe('standard deviation of the renewed noise'),
  }),
])
/** A sampler by name, with its settings. */
export type SamplerConfig = z.infer<typeof samplerSchema>
