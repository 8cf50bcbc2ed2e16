import { z } from 'zod'

const count = z.int().positive()

/** Settings of the learned forecast model and of its training. */
export const forecastSchema = z.strictObject({
  patch: z.tuple([count, count]).default([2, 2]).describe('grid points of a token: [latitude, longitude]'),
  width: count.default(256).describe('numbers of a token'),
  blocks: count.default(4).describe('layers that mix neighbouring tokens'),
  hidden: count.default(512).describe('hidden width of a layer'),
  batch: count.default(8).describe('states of a training batch'),
  steps: count.default(2000).describe('training steps on one forecast step'),
  rate: z.number().positive().default(1e-3).describe('highest learning rate'),
  warmup: z.int().nonnegative().default(50).describe('steps until it is reached'),
  decay: z.number().nonnegative().default(0.05).describe('weight decay'),
  clip: z.number().positive().default(0.1).describe('largest norm of the gradient'),
  rollout: z
    .strictObject({
      leads: count.default(4).describe('forecast steps whose errors are averaged'),
      batch: count.default(4).describe('roll-outs of a batch'),
      steps: z.int().nonnegative().default(300).describe('training steps on roll-outs; 0 leaves them out'),
      rate: z.number().positive().default(2e-4).describe('highest learning rate'),
    })
    .prefault({}),
  validateEvery: count.default(200).describe('training steps between validations'),
  patience: count.default(5).describe('validations without progress before training stops'),
})
export type ForecastConfig = z.infer<typeof forecastSchema>
