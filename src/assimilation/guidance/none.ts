import type { Guidance } from './guidance.ts'

/** The prior as it is: no observation is used. */
export function none(): Guidance {
  return { name: 'none', exact: false, unconditional: true, plan: (sampler) => ({ sampler }) }
}
