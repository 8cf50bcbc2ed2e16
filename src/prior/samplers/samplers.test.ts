import { afterAll, describe, expect, it } from 'vitest'
import { stream } from '../../random/stream.ts'
import { evaluate } from '../../tensor/evaluate.ts'
import { compile, constant, gather, grad, input, Runtime, type Tensor } from '../../tensor/index.ts'
import { gaussianDenoiser } from '../analytic.ts'
import { samplerSchema } from '../config.ts'
import { type Denoiser, guided } from '../denoiser.ts'
import { cosine, edm, linear, type NoiseSchedule } from '../schedule.ts'
import { covariance, mean } from '../testing.ts'
import { type Spacing, startScale, timeGrid } from '../timeGrid.ts'
import { chooseSampler } from './choose.ts'
import { ddim } from './ddim.ts'
import { dpmSolver } from './dpmSolver.ts'
import { edmHeun } from './edmHeun.ts'
import { predictorCorrector } from './predictorCorrector.ts'
import type { Sampler } from './sampler.ts'

const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

const n = 4
const shape = [n, 1, 1]
const prior = (schedule: NoiseSchedule, dims = n) => gaussianDenoiser(schedule, mean(dims), covariance(dims))

/** Mean and covariance of `batch` samples computed on the device. */
async function moments(sampler: Sampler, denoiser: Denoiser, batch = 4096, dims = n) {
  const whole = [batch, dims, 1, 1]
  const start = input('start', whole)
  const noise = input('noise', [Math.max(1, sampler.noises), ...whole])
  const program = compile({ z: sampler.build(denoiser, start, noise) })
  const draw = (name: string, t: Tensor) => stream(1, name).normal(new Float32Array(t.size))
  const feeds = { start: draw('start', start), ...(sampler.noises && { noise: draw('noise', noise) }) }
  const z = (await runtime.evaluate(program, feeds)).z.data as Float32Array
  const m = Array.from({ length: dims }, (_, i) => {
    let sum = 0
    for (let k = 0; k < batch; k++) sum += z[k * dims + i]
    return sum / batch
  })
  const c = Array.from({ length: dims * dims }, (_, at) => {
    const [i, j] = [Math.floor(at / dims), at % dims]
    let sum = 0
    for (let k = 0; k < batch; k++) sum += (z[k * dims + i] - m[i]) * (z[k * dims + j] - m[j])
    return sum / (batch - 1)
  })
  return { m, c }
}

/** Largest difference in units of the Monte-Carlo standard error. */
function deviations({ m, c }: { m: number[]; c: number[] }, batch: number): number {
  const n = m.length
  const [exactMean, exact] = [mean(n), covariance(n)]
  const variance = (i: number) => exact[i * n + i]
  const ofMean = m.map((v, i) => Math.abs(v - exactMean[i]) / Math.sqrt(variance(i) / batch))
  const ofCovariance = c.map((v, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    return Math.abs(v - exact[at]) / Math.sqrt((variance(i) * variance(j) + exact[at] ** 2) / batch)
  })
  return Math.max(...ofMean, ...ofCovariance)
}

/**
 * The largest error of deterministic samples of a Gaussian. The probability flow keeps the quantile of every
 * component along the eigenvectors; for one dimension of mean m and variance c it maps z_1 to
 * mu_0 m + (z_1 - mu_1 m) sqrt((mu_0^2 c + sigma_0^2) / (mu_1^2 c + sigma_1^2)), 1 and 0 the ends of the grid.
 */
function flowError(sampler: Sampler, schedule: NoiseSchedule, spacing: Spacing): number {
  const [m, c] = [0.8, 0.3]
  const denoiser = gaussianDenoiser(schedule, Float64Array.of(m), Float64Array.of(c))
  const points = [-1.5, 0.2, 1]
  const start = constant(points, { shape: [3, 1, 1, 1], dtype: 'float64' })
  const { data } = evaluate([sampler.build(denoiser, start)], new Map())[0]
  const spread = (t: number) => Math.sqrt(schedule.mu(t) ** 2 * c + schedule.sigma(t) ** 2)
  const grid = timeGrid(schedule, 1, spacing)
  const exact = points.map((v) => {
    const departure = v * startScale(schedule, grid[0]) - schedule.mu(grid[0]) * m
    return schedule.mu(grid[1]) * m + (departure * spread(grid[1])) / spread(grid[0])
  })
  return Math.max(...exact.map((v, i) => Math.abs(v - data[i])))
}

describe('deterministic samplers', () => {
  const orders: [string, number, number, Spacing, (steps: number) => Sampler][] = [
    ['ddim', 1, 100, 'logSnr', (steps) => ddim({ steps })],
    ['predictor without corrector', 1, 200, 'time', (steps) => predictorCorrector({ steps, corrections: 0 })],
    ['dpm-solver++', 2, 60, 'logSnr', (steps) => dpmSolver({ steps })],
    ['edm-heun', 2, 30, 'karras', (steps) => edmHeun({ steps })],
  ]
  for (const schedule of [cosine(), linear(), edm()])
    it.each(orders)(
      `%s is of order %i under the ${schedule.name} schedule`,
      (_, order, steps, spacing, sampler) => {
        const error = (k: number) => flowError(sampler(k), schedule, spacing)
        const [coarse, fine] = [error(steps), error(2 * steps)]
        expect(Math.log2(coarse / fine)).toBeGreaterThan(order - 0.35)
        expect(Math.log2(coarse / fine)).toBeLessThan(order + 0.6)
      },
    )
})

describe('samples of a Gaussian have its mean and covariance', () => {
  it.each<[string, Sampler]>([
    ['ddim', ddim({ steps: 200 })],
    ['ddim, ancestral', ddim({ steps: 200, eta: 1 })],
    ['dpm-solver++', dpmSolver({ steps: 40 })],
    ['edm-heun', edmHeun({ steps: 40 })],
    ['edm-heun with churn', edmHeun({ steps: 40, churn: 10, noiseScale: 1 })],
  ])('%s', async (_, sampler) => {
    expect(deviations(await moments(sampler, prior(cosine())), 4096)).toBeLessThan(5)
  })

  it('predictor-corrector', async () => {
    // A correction's stationary variance is 2 / (2 - d) of the right one, d = tau / mean(eps^2): tau is small here, and
    // there are enough dimensions for mean(eps^2) to be about 1, as in a latent.
    const sampler = predictorCorrector({ steps: 128, corrections: 2, tau: 0.05 })
    expect(deviations(await moments(sampler, prior(cosine(), 32), 512, 32), 512)).toBeLessThan(5)
  })

  it('under guidance that differentiates inside the loop, those of the posterior', async () => {
    const schedule = cosine()
    const [m, c, r, y] = [0.4, 0.7, 0.3, 1.2]
    const denoiser = gaussianDenoiser(schedule, Float64Array.of(m), Float64Array.of(c))
    const posterior = guided(denoiser, (z_t, _, { epsilon, z0 }, { mu, sigma }) => {
      const spread = sigma.square().mul(c).div(mu.square().mul(c).add(sigma.square()))
      const misfit = z0.sub(y).square().div(spread.add(r).stopGradient()).mul(0.5).sum()
      return { epsilon: epsilon.add(grad(misfit, [z_t])[0].mul(sigma)) }
    })
    const found = await moments(dpmSolver({ steps: 25 }), posterior, 4096, 1)
    const variance = (c * r) / (c + r)
    expect(Math.abs(found.m[0] - (m * r + y * c) / (c + r))).toBeLessThan(5 * Math.sqrt(variance / 4096))
    expect(Math.abs(found.c[0] / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 4096))
  })
})

describe('every sampler', () => {
  const small = samplerSchema.options.map((o) => o.shape.name.value)
  it.each(small)('%s: the program is as large for many steps as for few, one denoiser in it', (name) => {
    const size = (steps: number) => {
      let built = 0
      const gaussian = prior(cosine())
      const counting: Denoiser = {
        schedule: gaussian.schedule,
        predict(z_t, t) {
          built++
          return gaussian.predict(z_t, t)
        },
      }
      const sampler = chooseSampler(samplerSchema.parse({ name, steps }))
      const [start, noise] = [
        input('start', [2, ...shape]),
        input('noise', [Math.max(1, sampler.noises), 2, ...shape]),
      ]
      const program = compile({ z: sampler.build(counting, start, noise) })
      expect(built).toBe(1)
      return program.size
    }
    expect(size(40)).toBe(size(4))
  })

  it('counts its network calls', () => {
    const calls = (name: string) => chooseSampler(samplerSchema.parse({ name })).calls
    expect(small.map(calls)).toEqual([384, 50, 20, 20])
  })

  it('calls the denoiser with what a constraint made of z', () => {
    const rows = constant([5, 7], { shape: [2, 1], dtype: 'float64' })
    const start = constant([1, 2], { shape: [2, 1, 1, 1], dtype: 'float64' })
    const unit = gaussianDenoiser(cosine(), Float64Array.of(0), Float64Array.of(1))
    const constrain = (z: Tensor, _: Tensor, turn: Tensor) => z.mul(0).add(gather(rows, turn))
    const z = dpmSolver({ steps: 2 }).build(unit, start, undefined, { constrain })
    const direct = dpmSolver({ steps: 2 })
    const free = direct.build(unit, start.mul(0).add(7))
    const [held, other] = evaluate([z, free], new Map())
    expect(held.data[0]).toBe(held.data[1])
    expect(held.data[0]).not.toBe(other.data[0])
  })

  it('refuses what cannot be meant', () => {
    expect(() => predictorCorrector({ corrections: -1 })).toThrow('-1 Langevin corrections')
    expect(() => ddim({ eta: 2 })).toThrow('eta 2')
    expect(() => samplerSchema.parse({ name: 'ddim', stepz: 3 })).toThrow('stepz')
  })
})
