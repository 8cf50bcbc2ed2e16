import { z } from 'zod'

const count = z.int().positive()

/** Settings of the autoencoder and of its training. */
export const latentSchema = z.strictObject({
  patch: z.tuple([count, count]).default([4, 4]).describe('grid points of a token: [latitude, longitude]'),
  channels: count.default(128).describe('numbers a token is compressed to'),
  width: count.default(256).describe('width of the tokens inside encoder and decoder'),
  blocks: z.int().nonnegative().default(2).describe('transformer blocks on each side'),
  heads: count.default(8),
  window: z
    .tuple([count, count])
    .default([4, 8])
    .describe('attention window in tokens; every fourth block sees all'),
  batch: count.default(8).describe('states of a training batch'),
  steps: z.int().nonnegative().default(500).describe('training steps; 0 keeps the principal components'),
  rate: z.number().positive().default(3e-4).describe('highest learning rate'),
  warmup: z.int().nonnegative().default(50),
  decay: z.number().nonnegative().default(0.01).describe('weight decay'),
  kl: z.number().nonnegative().default(1e-7).describe('weight of the KL term'),
  channelWeights: z
    .record(z.string(), z.number().positive())
    .default({})
    .describe('weights of channels in the loss'),
  validateEvery: count.default(100),
  patience: count.default(5),
})
/** Settings of an autoencoder, defaults filled in. */
export type LatentConfig = z.infer<typeof latentSchema>

/** The part of the settings that the weights depend on. */
export type LatentSize = Pick<LatentConfig, 'patch' | 'channels' | 'width' | 'blocks' | 'heads' | 'window'>
