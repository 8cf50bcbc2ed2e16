import { z } from 'zod'
import { diffusionDpo } from './diffusionDpo.ts'
import { diffusionKto } from './diffusionKto.ts'
import { dspo } from './dspo.ts'
import { ipo } from './ipo.ts'
import type { PreferenceLoss } from './preferenceLoss.ts'

const positive = z.number().positive()
const beta = positive.describe('how strongly the network is held to its reference')

/** Which preference loss, and its settings. */
export const lossSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('dpo'), beta: beta.default(8000) }),
  z.strictObject({ name: z.literal('ipo'), beta: beta.default(8000) }),
  // From 2 on the pull outweighs the error where training begins, and drives the network away from winners.
  z.strictObject({ name: z.literal('dspo'), beta: beta.lt(2).default(0.001) }),
  z.strictObject({
    name: z.literal('kto'),
    beta: beta.default(8000),
    desirable: positive.default(1).describe('weight of winners'),
    undesirable: positive.default(1).describe('weight of losers'),
  }),
])
/** A preference loss by name, with its settings. */
export type LossConfig = z.infer<typeof lossSchema>

/** The loss that a configuration names. */
export function chooseLoss(config: LossConfig): PreferenceLoss {
  switch (config.name) {
    case 'dpo':
      return diffusionDpo(config)
    case 'ipo':
      return ipo(config)
    case 'dspo':
      return dspo(config)
    case 'kto':
      return diffusionKto(config)
  }
}
