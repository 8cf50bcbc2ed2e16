import type { SamplerConfig } from '../config.ts'
import { ddim } from './ddim.ts'
import { dpmSolver } from './dpmSolver.ts'
import { edmHeun } from './edmHeun.ts'
import { predictorCorrector } from './predictorCorrector.ts'
import type { Sampler } from './sampler.ts'

/** The sampler that a configuration names. */
export function chooseSampler(config: SamplerConfig): Sampler {
  switch (config.name) {
    case 'predictor-corrector':
      return predictorCorrector(config)
    case 'ddim':
      return ddim(config)
    case 'dpm-solver++':
      return dpmSolver(config)
    case 'edm-heun':
      return edmHeun(config)
  }
}
