import { afterAll, describe, expect, it } from 'vitest'
import { dpmSolver, edm } from '../../prior/index.ts'
import { Runtime } from '../../tensor/index.ts'
import { daps } from './daps.ts'
import { dps } from './dps.ts'
import { latentMap } from './latentMap.ts'
import { bias, linearGaussianWorld, priorCovariance, sampleWorld } from './linearGaussian.ts'
import { mmps } from './mmps.ts'
import { none } from './none.ts'
import { particles } from './particles.ts'
import { pigdm } from './pigdm.ts'
import { repaint } from './repaint.ts'

const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

const members = 500
/** Four standard errors of the mean of independent draws, and of a covariance of two elements. */
const monteCarlo = 4 / Math.sqrt(members)
const sampler = dpmSolver({ steps: 30 })

const worlds = [
  { n: 16, density: 0.25, error: 0.2, length: 2 },
  { n: 16, density: 1, error: 1, length: 2 },
  { n: 40, density: 0.1, error: 0.1, length: 4 },
]

describe.each(worlds)(
  'samples of a linear-Gaussian world, n $n, density $density, error $error',
  (options) => {
    const world = linearGaussianWorld(options)
    const covariance = priorCovariance(world)
    const iterations = Math.min(world.m + 1, 8)

    it.each([
      pigdm({ covariance, iterations }),
      latentMap({ covariance, iterations }),
      mmps({ iterations }),
      daps({ covariance, iterations, steps: 40 }),
    ])('$name has the mean and covariance of the posterior', async (guidance) => {
      const found = bias(await sampleWorld(runtime, world, guidance, { members, sampler }), world)
      expect(found.mean).toBeLessThan(monteCarlo)
      expect(found.covariance).toBeLessThan(1.5 * monteCarlo)
      expect(found.variance).toBeGreaterThan(1 - monteCarlo)
      expect(found.variance).toBeLessThan(1 + monteCarlo)
    })

    it('those that do not claim it do not have it', async () => {
      for (const guidance of [
        dps({ scale: 'raw', zeta: 0.5 }),
        dps(),
        repaint({ schedule: edm() }),
        none(),
      ]) {
        const found = bias(await sampleWorld(runtime, world, guidance, { members, sampler }), world)
        expect(Math.max(found.mean, Math.abs(Math.log(found.variance))), guidance.name).toBeGreaterThan(
          monteCarlo,
        )
      }
    })
  },
)

describe('particles', () => {
  it.each([true, false])('reach the posterior as their number grows (twisted %s)', async (twisted) => {
    const world = linearGaussianWorld({ n: 3, density: 0.34, error: 0.5, length: 1 })
    const guidance = particles({ twisted, steps: 30, iterations: 2, covariance: priorCovariance(world) })
    const found = bias(await sampleWorld(runtime, world, guidance, { members }), world)
    expect(found.mean).toBeLessThan(2.5 * monteCarlo)
    expect(found.covariance).toBeLessThan(2.5 * monteCarlo)
  })
})
