import { z } from 'zod'
import type { NoiseSchedule } from '../../prior/index.ts'
import { type Covariance, isotropic } from './covariance.ts'
import { daps } from './daps.ts'
import { dps } from './dps.ts'
import type { Guidance } from './guidance.ts'
import { latentMap } from './latentMap.ts'
import { mmps } from './mmps.ts'
import { none } from './none.ts'
import { particles } from './particles.ts'
import { pigdm } from './pigdm.ts'
import { repaint } from './repaint.ts'
import { sda } from './sda.ts'

const count = z.int().positive().optional()
const iterations = count.describe('of conjugate gradients; 5 by default')
const steps = count.describe('noise levels, one network call each; 20 by default')

/** A guidance by name, with its settings; what is left out comes from theory. */
export const guidanceSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('none') }),
  z.strictObject({
    name: z.literal('dps'),
    zeta: z.number().positive().optional().describe('strength; 1 by default'),
    scale: z
      .enum(['raw', 'norm'])
      .optional()
      .describe('`norm` (the default) divides by the length of the departures, `raw` does not'),
  }),
  z.strictObject({
    name: z.literal('sda'),
    gamma: z.number().nonnegative().optional().describe('covariance of what is denoised; 0.01 by default'),
  }),
  z.strictObject({ name: z.literal('pigdm'), iterations }),
  z.strictObject({
    name: z.literal('mmps'),
    iterations: count.describe('of conjugate gradients; 1 by default'),
  }),
  z.strictObject({ name: z.literal('daps'), steps, iterations }),
  z.strictObject({
    name: z.literal('latent-map'),
    iterations,
    outerLoops: count.describe('Gauss-Newton steps; 1 by default, which linear decoders and H need'),
  }),
  z.strictObject({ name: z.literal('repaint') }),
  z.strictObject({
    name: z.literal('particles'),
    steps,
    twisted: z
      .boolean()
      .optional()
      .describe('propose by the latent MAP (the default), or by the prior alone'),
    iterations,
    threshold: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe('resample below this share of effective particles; 0.5 by default'),
  }),
])
/** A guidance by name, with its settings. */
export type GuidanceConfig = z.infer<typeof guidanceSchema>
/** Names that `guidanceSchema` knows. */
export const guidanceNames: readonly string[] = guidanceSchema.options.map((o) => o.shape.name.value)

/** The guidance that a configuration names; `covariance` of what is diffused, for those that use one. */
export function chooseGuidance(
  config: GuidanceConfig,
  { schedule, covariance = isotropic() }: { schedule: NoiseSchedule; covariance?: Covariance },
): Guidance {
  switch (config.name) {
    case 'none':
      return none()
    case 'dps':
      return dps(config)
    case 'sda':
      return sda(config)
    case 'pigdm':
      return pigdm({ ...config, covariance })
    case 'mmps':
      return mmps(config)
    case 'daps':
      return daps({ ...config, covariance })
    case 'latent-map':
      return latentMap({ ...config, covariance })
    case 'repaint':
      return repaint({ schedule })
    case 'particles':
      return particles({ ...config, covariance })
  }
}
