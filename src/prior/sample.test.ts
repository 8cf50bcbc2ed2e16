import { afterAll, describe, expect, it } from 'vitest'
import { Parameters } from '../nn/index.ts'
import { stream } from '../random/stream.ts'
import { Runtime } from '../tensor/index.ts'
import { priorSchema } from './config.ts'
import type { Guide } from './denoiser.ts'
import { type Prior, PriorSampler, samplingProgram } from './sample.ts'
import { ddim } from './samplers/ddim.ts'
import { dpmSolver } from './samplers/dpmSolver.ts'

const runtime = new Runtime({ device: 'cpu', threads: 2 })
afterAll(() => runtime.close())

const shape = [8, 4, 8] as const
const config = priorSchema.parse({ width: 32, blocks: 2, heads: 2, conditioning: 'both' })
const statistics = {
  mean: new Float32Array(8).fill(0.3),
  std: new Float32Array(8).fill(1.5),
  increment: new Float32Array(8).fill(0.2),
}
const { parameters } = samplingProgram({ config, statistics, shape }, { sampler: dpmSolver(), batch: 1 })
/** Every parameter random: with the initial zeros the network says nothing. */
const weights = new Map(
  parameters.specs.map(({ name, shape: size }) => {
    const data = stream(2, name).normal(new Float32Array(size.reduce((a, b) => a * b, 1)))
    return [name, { dtype: 'float32' as const, shape: size, data: data.map((v) => 0.1 * v) }]
  }),
)
const prior: Prior = { config, statistics, shape, weights }
const cases = [4, 9].map((index) => ({
  index,
  background: stream(3, index).normal(new Float32Array(256)),
  season: Float32Array.of(0.6, 0.8),
}))

describe('sampling a prior', () => {
  it('gives a member the same bits in whatever batch of two or more it is computed', async () => {
    const sampler = ddim({ steps: 4, eta: 1 })
    const draw = async (batch: number, own = cases, members = 5, firstMember = 0) => {
      const drawn = await PriorSampler.load(runtime, prior, { sampler, batch })
      const { z, calls } = await drawn.sample(own, { members, seed: 1, firstMember })
      await drawn.release()
      expect(calls).toBe(4)
      return z
    }
    const whole = await draw(4)
    expect(whole.length).toBe(2 * 5 * 256)
    expect(whole.every(Number.isFinite)).toBe(true)
    expect(await draw(3)).toEqual(whole)
    const alone = await draw(1)
    expect(Math.max(...alone.map((v, i) => Math.abs(v - whole[i])))).toBeLessThan(1e-5)
    expect(await draw(2, cases.slice(1), 2, 3)).toEqual(whole.subarray(8 * 256))
    // Members differ from one another and from case to case.
    expect(whole.subarray(0, 256)).not.toEqual(whole.subarray(256, 512))
  })

  it('of a silent network gives the climate of background errors', async () => {
    const silent = new Map([...parameters.initialise(1)])
    const drawn = await PriorSampler.load(
      runtime,
      { ...prior, weights: silent },
      { sampler: dpmSolver({ steps: 40 }), batch: 16 },
    )
    const { z } = await drawn.sample(cases, { members: 16, seed: 1 })
    await drawn.release()
    let square = 0
    for (let k = 0; k < z.length; k++) {
      const background = cases[Math.floor(k / (16 * 256))].background[k % 256]
      square += (z[k] - background) ** 2 / z.length
    }
    // 8192 normal numbers of deviation 0.2: the standard error of their variance is 1.6 %.
    expect(square / 0.04).toBeGreaterThan(0.94)
    expect(square / 0.04).toBeLessThan(1.06)
  })

  it('refuses other weights, backgrounds and cases without a season', async () => {
    const other = new Parameters()
    other.get('x', [2], () => new Float32Array(2))
    const options = { sampler: dpmSolver({ steps: 2 }), batch: 1 }
    await expect(
      PriorSampler.load(runtime, { ...prior, weights: other.initialise(1) }, options),
    ).rejects.toThrow("the prior's weights do not fit this network")
    const drawn = await PriorSampler.load(runtime, prior, options)
    const run = (given: object) => drawn.sample([{ ...cases[0], ...given }], { members: 1, seed: 1 })
    await expect(run({ background: new Float32Array(7) })).rejects.toThrow('case 4: a background latent of 7')
    await expect(run({ season: undefined })).rejects.toThrow('case 4: the prior needs the season')
    await drawn.release()
  })

  it('scatters by the learned scales', async () => {
    const scaled = { ...config, scatter: true, season: false }
    const program = samplingProgram({ config: scaled, statistics, shape }, { sampler: dpmSolver(), batch: 1 })
    const g = Float32Array.from({ length: 32 }, (_, k) => -0.5 + k / 62)
    const silent = new Map([...program.parameters.initialise(1)])
    silent.set('scatter', { dtype: 'float32', shape: [1, 8, 4, 1], data: g })
    const sampler = dpmSolver({ steps: 40 })
    const drawn = await PriorSampler.load(
      runtime,
      { config: scaled, statistics, shape, weights: silent },
      { sampler, batch: 64 },
    )
    const background = new Float32Array(256)
    const { z } = await drawn.sample([{ index: 0, background }], { members: 256, seed: 1 })
    await drawn.release()
    expect(() =>
      samplingProgram(
        { config: { ...scaled, prediction: 'epsilon' }, statistics, shape },
        { sampler, batch: 1 },
      ),
    ).toThrow('this one predicts epsilon')
    for (let k = 0; k < 32; k++) {
      let square = 0
      for (let m = 0; m < 256; m++)
        for (let i = 0; i < 8; i++) square += (z[m * 256 + k * 8 + i] / 0.2) ** 2 / 2048
      // Five standard errors of a variance from 2048 numbers.
      expect(Math.abs(square / Math.exp(2 * g[k]) - 1)).toBeLessThan(5 * Math.sqrt(2 / 2048))
    }
  })

  it('keeps the scatter of mirrored pairs out of what guidance says of their mean', async () => {
    const g = Float32Array.from({ length: 32 }, (_, k) => -0.5 + k / 62)
    // Linear all through: the network is silent and the guide draws z_0 towards 1.
    const guide: Guide = (_, __, { z0 }) => ({ z0: z0.mul(0.7).add(0.3) })
    const steer = () => ({ guide })
    const draw = async (scatter: boolean, mirrored: boolean) => {
      const own = { ...config, scatter, season: false }
      const options = { sampler: dpmSolver({ steps: 10 }), batch: 4, steer, mirrored }
      const { parameters } = samplingProgram({ config: own, statistics, shape }, options)
      const weights = new Map(parameters.initialise(1))
      if (scatter) weights.set('scatter', { dtype: 'float32', shape: [1, 8, 4, 1], data: g })
      const drawn = await PriorSampler.load(runtime, { config: own, statistics, shape, weights }, options)
      const background = new Float32Array(256)
      const { z } = await drawn.sample([{ index: 0, background }], { members: 6, seed: 1, antithetic: true })
      if (mirrored)
        await expect(
          drawn.sample([{ index: 0, background }], { members: 5, seed: 1, antithetic: true }),
        ).rejects.toThrow('two by two')
      await drawn.release()
      const pair = (sign: number) =>
        Float32Array.from({ length: 3 * 256 }, (_, i) => {
          const at = 2 * Math.floor(i / 256) * 256 + (i % 256)
          return (z[at] + sign * z[at + 256]) / 2
        })
      return { mean: pair(1), half: pair(-1) }
    }
    const [reference, narrow, pairs] = [
      await draw(false, false),
      await draw(true, false),
      await draw(true, true),
    ]
    const apart = (a: Float32Array, b: Float32Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])))
    expect(apart(pairs.mean, reference.mean)).toBeLessThan(1e-5)
    expect(apart(pairs.half, narrow.half)).toBeLessThan(1e-5)
    expect(apart(narrow.mean, reference.mean)).toBeGreaterThan(0.001)
    expect(apart(narrow.half, reference.half)).toBeGreaterThan(0.01)
  })
})
