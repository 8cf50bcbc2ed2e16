import type { Prior } from '../prior/index.ts'
import { scatterName } from '../prior/network.ts'
import type { HostTensor } from '../tensor/index.ts'
import { sizeOf } from '../tensor/shape.ts'

/** The prior with scales of its scatter, 1 where it has none yet: what it samples stays. */
export function withScatter<P extends Prior>(prior: P): P {
  if (prior.config.scatter) return prior
  const shape = [1, prior.shape[0], prior.shape[1], 1]
  const g: HostTensor = { dtype: 'float32', shape, data: new Float32Array(sizeOf(shape)) }
  return {
    ...prior,
    config: { ...prior.config, scatter: true },
    weights: new Map(prior.weights).set(scatterName, g),
  }
}
