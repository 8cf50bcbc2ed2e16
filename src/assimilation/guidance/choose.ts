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

const iterations = z.int().positive().optional()
const steps = z.int().positive().optional()

/** A guidance by name, with its settings; what is left out comes from theory. */
export const guidanceSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('none') }),
  z.strictObject({
    name: z.literal('dps'),
    zeta: z.number().positive().optional(),
    scale: z.enum(['raw', 'norm']).optional(),
  }),
  z.strictObject({ name: z.literal('sda'), gamma: z.number().nonnegative().optional() }),
  z.strictObject({ name: z.literal('pigdm'), iterations }),
  z.strictObject({ name: z.literal('mmps'), iterations }),
  z.strictObject({ name: z.literal('daps'), steps, iterations }),
  z.strictObject({ name: z.literal('latent-map'), iterations, outerLoops: z.int().positive().optional() }),
  z.strictObject({ name: z.literal('repaint') }),
  z.strictObject({
    name: z.literal('particles'),
    steps,
    twisted: z.boolean().optional(),
    iterations,
    threshold: z.number().positive().max(1).optional(),
  }),
])
/** A guidance by name, with its settings. */
export type GuidanceConfig = z.infer<typeof guidanceSchema>
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
