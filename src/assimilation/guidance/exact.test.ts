import { describe, expect, it } from 'vitest'
import {
  cosine,
  ddim,
  edm,
  gaussianDenoiser,
  guided,
  type NoiseSchedule,
  type Target,
} from '../../prior/index.ts'
import { stream } from '../../random/stream.ts'
import { evaluate } from '../../tensor/evaluate.ts'
import { constant, type Tensor } from '../../tensor/index.ts'
import { dps } from './dps.ts'
import type { Guidance } from './guidance.ts'
import { latentMap } from './latentMap.ts'
import {
  exactDenoiser,
  type LinearGaussianWorld,
  linearGaussianWorld,
  planFor,
  priorCovariance,
} from './linearGaussian.ts'
import { mmps } from './mmps.ts'
import { pigdm } from './pigdm.ts'
import { sda } from './sda.ts'

const value = (x: Tensor) => evaluate([x], new Map())[0].data
const target: Target = { encode: (z) => z, decode: (u) => u, condition: (z) => z }
const times = [0.1, 0.4, 0.7, 0.95]

/** Largest difference of the guided prior's z_0 from that of the posterior's own denoiser, over several noise levels. */
function error(guidance: Guidance, world: LinearGaussianWorld, schedule: NoiseSchedule): number {
  const shape = [times.length, world.n, 1, 1]
  const t = constant(times, { dtype: 'float64' })
  const z_t = constant(stream(2, 'z').normal(new Float64Array(times.length * world.n)), {
    shape,
    dtype: 'float64',
  })
  const plan = planFor(guidance, world, ddim({ steps: 4 }), times.length)
  const { guide } = plan.steer?.({ target, background: z_t.mul(0) }) ?? {}
  const prior = exactDenoiser(world, schedule)
  const { mean, covariance } = world.posterior
  const exact = value(gaussianDenoiser(schedule, mean, covariance).predict(z_t, t).z0)
  const ours = value((guide ? guided(prior, guide) : prior).predict(z_t, t).z0)
  return exact.reduce((worst, v, i) => Math.max(worst, Math.abs(v - ours[i])), 0)
}

/** Densities, errors and sizes; as many conjugate-gradient iterations as observations solve exactly. */
const worlds = [
  { n: 4, density: 0.25, error: 0.5 },
  { n: 8, density: 1, error: 0.1 },
  { n: 8, density: 0.5, error: 0.02 },
  { n: 16, density: 0.25, error: 1, mixing: true },
]

describe.each([cosine(), edm()])(
  'in a linear-Gaussian world, $name schedule, the guided prior is the posterior',
  (schedule) => {
    it.each(worlds)('n $n, density $density, error $error', (options) => {
      const white = linearGaussianWorld(options)
      const iterations = white.m + 2
      expect(error(pigdm({ iterations }), white, schedule)).toBeLessThan(1e-5)
      expect(error(latentMap({ iterations }), white, schedule)).toBeLessThan(1e-5)
      expect(error(mmps({ iterations }), white, schedule)).toBeLessThan(1e-5)
      const correlated = linearGaussianWorld({ ...options, length: 1.5 })
      const covariance = priorCovariance(correlated)
      expect(error(pigdm({ iterations, covariance }), correlated, schedule)).toBeLessThan(1e-5)
      expect(error(latentMap({ iterations, covariance }), correlated, schedule)).toBeLessThan(1e-5)
      expect(error(mmps({ iterations }), correlated, schedule)).toBeLessThan(1e-5)
      // Two Gauss-Newton steps are one where everything is linear.
      expect(error(latentMap({ iterations, covariance, outerLoops: 2 }), correlated, schedule)).toBeLessThan(
        1e-5,
      )
      // What leaves out the uncertainty of z_0, or guesses it, is not the posterior.
      expect(error(dps({ scale: 'raw', zeta: 0.5 }), correlated, schedule)).toBeGreaterThan(1e-4)
      expect(error(sda(), correlated, schedule)).toBeGreaterThan(1e-4)
      expect(error(pigdm({ iterations }), correlated, schedule)).toBeGreaterThan(1e-4)
    })
  },
)
