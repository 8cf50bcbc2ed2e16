import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { Parameters } from '../nn/index.ts'
import { stream } from '../random/stream.ts'
import { inputsOf } from '../tensor/compile.ts'
import { evaluate } from '../tensor/evaluate.ts'
import type { Values } from '../tensor/graph.ts'
import { constant, grad, type HostTensor, input, type Tensor } from '../tensor/index.ts'
import { gaussianDenoiser } from './analytic.ts'
import { priorSchema } from './config.ts'
import { fromEpsilon, fromVelocity, fromZ0, guided, levelFor } from './denoiser.ts'
import { denoisingError, trainingTimes } from './loss.ts'
import { networkDenoiser } from './network.ts'
import { cosine, edm, linear } from './schedule.ts'
import { latentTarget } from './target.ts'
import { covariance, mean } from './testing.ts'
import { priorLoss } from './training.ts'

const schedules = [cosine(), linear(), edm()]
const shape = [3, 2, 2, 1]
const normal = (name: string, sizes: readonly number[]) =>
  constant(stream(3, name).normal(new Float64Array(sizes.reduce((a, b) => a * b, 1))), {
    shape: sizes,
    dtype: 'float64',
  })
const t = constant([0.05, 0.4, 0.9], { dtype: 'float64' })
const value = (x: Tensor, known: ReadonlyMap<Tensor, Values> = new Map()) =>
  Array.from(evaluate([x], known)[0].data)
const close = (a: ArrayLike<number>, b: ArrayLike<number>, digits = 10) => {
  const scale = 1 + Math.max(...Array.from(b, Math.abs))
  for (let i = 0; i < b.length; i++) expect((a[i] - b[i]) / scale).toBeCloseTo(0, digits)
}
const same = (a: Tensor, b: Tensor, digits?: number) => close(value(a), value(b), digits)

describe('predictions', () => {
  it.each(schedules)('$name: noise, velocity and clean latent say the same', (schedule) => {
    const [z0, epsilon] = [normal('z', shape), normal('e', shape)]
    const level = levelFor(schedule, t, z0)
    const z_t = z0.mul(level.mu).add(epsilon.mul(level.sigma))
    const v = epsilon.mul(level.mu).sub(z0.mul(level.sigma))
    for (const said of [
      fromEpsilon(z_t, epsilon, level),
      fromZ0(z_t, z0, level),
      fromVelocity(z_t, v, level),
    ]) {
      same(said.epsilon, epsilon)
      same(said.z0, z0)
    }
  })

  it.each(schedules)(
    '$name: the Gaussian denoiser is the posterior mean, and its noise the score',
    (schedule) => {
      const n = 4
      const denoiser = gaussianDenoiser(schedule, mean(n), covariance(n))
      const z_t = input('z', [1, 2, 2, 1], 'float64')
      const data = stream(3, 'point').normal(new Float64Array(n))
      const known = new Map([[z_t, { shape: z_t.shape, data }]])
      const { epsilon, z0 } = denoiser.predict(z_t, constant([0.3], { dtype: 'float64' }))
      const [mu, sigma] = [schedule.mu(0.3), schedule.sigma(0.3)]
      const c = new Matrix(
        Array.from({ length: n }, (_, i) => Array.from(covariance(n).slice(i * n, (i + 1) * n))),
      )
      const total = Matrix.add(Matrix.mul(c, mu * mu), Matrix.mul(Matrix.eye(n), sigma * sigma))
      const innovation = Matrix.columnVector(Array.from(data, (v, i) => v - mu * mean(n)[i]))
      // Bayes' rule for z_t = mu z_0 + sigma eps by a linear solve instead of eigenvectors.
      const whitened = solve(total, innovation)
      const gain = Matrix.mul(c.mmul(whitened), mu).to1DArray()
      close(
        value(z0, known),
        gain.map((v, i) => v + mean(n)[i]),
      )
      // log p(z_t) = -1/2 innovation^T total^-1 innovation: its gradient is -eps / sigma.
      close(
        value(epsilon, known).map((v) => v / sigma),
        whitened.to1DArray(),
      )
      const tweedie = fromEpsilon(
        z_t,
        epsilon,
        levelFor(schedule, constant([0.3], { dtype: 'float64' }), z_t),
      ).z0
      close(value(tweedie, known), value(z0, known))
    },
  )

  it('a guide may differentiate through the prediction', () => {
    // Posterior of p(z) = N(m, c), y = z + N(0, r): PiGDM's guidance is exact for a Gaussian.
    const schedule = cosine()
    const [c, r, y, m] = [0.7, 0.3, 1.2, 0.4]
    const prior = gaussianDenoiser(schedule, Float64Array.of(m), Float64Array.of(c))
    const exact = gaussianDenoiser(
      schedule,
      Float64Array.of((m * r + y * c) / (c + r)),
      Float64Array.of((c * r) / (c + r)),
    )
    const posterior = guided(prior, (z_t, _, { epsilon, z0 }, { mu, sigma }) => {
      const spread = sigma.square().mul(c).div(mu.square().mul(c).add(sigma.square()))
      const misfit = z0.sub(y).square().div(spread.add(r).stopGradient()).mul(0.5).sum()
      return { epsilon: epsilon.add(grad(misfit, [z_t])[0].mul(sigma)) }
    })
    const z = normal('z', [3, 1, 1, 1])
    same(posterior.predict(z, t).z0, exact.predict(z, t).z0, 9)
    same(posterior.predict(z, t).epsilon, exact.predict(z, t).epsilon, 9)
  })
})

describe('the learned denoiser', () => {
  const config = priorSchema.parse({ width: 8, blocks: 1, heads: 2, season: true })
  const z = normal('z', [3, 4, 2, 4])
  const condition = { background: normal('b', [3, 4, 2, 4]), season: normal('s', [3, 2]) }
  const weightsOf = (p: Parameters): Map<Tensor, Values> =>
    new Map(
      // Every parameter random: with the initial zeros the network says nothing.
      p.specs.map(({ name, shape: sizes }) => [
        p.tensors.get(name) as Tensor,
        {
          shape: sizes,
          data: stream(5, name)
            .normal(new Float64Array(sizes.reduce((a, b) => a * b, 1)))
            .map((v) => 0.3 * v),
        },
      ]),
    )

  it('begins as the climate: N(0, I) of what it models', () => {
    const p = new Parameters({ dtype: 'float64' })
    const said = networkDenoiser(p, config, condition).predict(z, t)
    const initial = new Map(
      [...p.initialise(1)].map(([name, w]: [string, HostTensor]) => [
        p.tensors.get(name) as Tensor,
        { shape: w.shape, data: Float64Array.from(w.data as Float64Array) },
      ]),
    )
    const climate = gaussianDenoiser(
      cosine(),
      new Float64Array(32),
      Float64Array.from({ length: 1024 }, (_, i) => (i % 33 === 0 ? 1 : 0)),
    )
    const expected = value(climate.predict(z, t).z0)
    close(value(said.z0, initial), expected)
  })

  it.each(['cross', 'concat', 'both'] as const)(
    'sees the background and the season by %s',
    (conditioning) => {
      const p = new Parameters({ dtype: 'float64' })
      const own = { ...config, conditioning, patch: [2, 2] as [number, number] }
      const said = (c: typeof condition) => networkDenoiser(p, own, c).predict(z, t).z0
      const [first, other, summer] = [
        said(condition),
        said({ ...condition, background: condition.background.mul(-1) }),
        said({ ...condition, season: condition.season.mul(-1) }),
      ]
      const known = weightsOf(p)
      expect(first.shape).toEqual(z.shape)
      expect(value(first, known)).not.toEqual(value(other, known))
      expect(value(first, known)).not.toEqual(value(summer, known))
    },
  )

  it('refuses unknown settings', () => {
    expect(() => priorSchema.parse({ widht: 3 })).toThrow('widht')
  })
})

describe('the denoising loss', () => {
  it('of the exact denoiser is the posterior variance, in both spaces', () => {
    // For N(0, c): E|eps - eps_hat|^2 = mu^2 c / (mu^2 c + sigma^2), and v's error is s / mu times that of eps.
    const [c, batch] = [0.5, 1000]
    const s = cosine()
    const denoiser = gaussianDenoiser(
      s,
      new Float64Array(4),
      Float64Array.from({ length: 16 }, (_, i) => (i % 5 ? 0 : c)),
    )
    const clean = normal('clean', [batch, 2, 2, 1]).mul(Math.sqrt(c))
    const at = constant(new Float64Array(batch).fill(0.4), { dtype: 'float64' })
    const noise = normal('noise', [batch, 2, 2, 1])
    const [mu, sigma] = [s.mu(0.4), s.sigma(0.4)]
    const expected = (mu * mu * c) / (mu * mu * c + sigma * sigma)
    const epsilon = denoisingError(denoiser, clean, at, noise)
    expect(epsilon.shape).toEqual([batch])
    expect(value(epsilon.mean())[0] / expected).toBeCloseTo(1, 1)
    const v = value(denoisingError(denoiser, clean, at, noise, { space: 'v' }).mean())[0]
    expect(v / value(epsilon.mean())[0]).toBeCloseTo((mu * mu + sigma * sigma) / mu ** 2, 9)
    const weights = Float32Array.of(2, 0)
    const first = value(denoisingError(denoiser, clean, at, noise, { weights }).mean())[0]
    const half = denoiser
      .predict(clean.mul(mu).add(noise.mul(sigma)), at)
      .epsilon.sub(noise)
      .slice(null, [0, 1])
    expect(first).toBeCloseTo(value(half.square().mean())[0], 10)
    expect(() => denoisingError(denoiser, clean, at, noise, { weights: new Float32Array(3) })).toThrow(
      '3 weights',
    )
  })

  it('spreads its times evenly', () => {
    const times = Array.from(trainingTimes(linear(), 1, 7, 64)).sort((a, b) => a - b)
    for (const [i, v] of times.entries()) {
      const share = (v - 1e-3) / (1 - 1e-3)
      expect(Math.floor(share * 64 + 1e-4)).toBeGreaterThanOrEqual(i)
      expect(share * 64).toBeLessThan(i + 1.001)
    }
    expect(trainingTimes(linear(), 1, 7, 64)).toEqual(trainingTimes(linear(), 1, 7, 64))
    expect(trainingTimes(linear(), 1, 8, 64)).not.toEqual(trainingTimes(linear(), 1, 7, 64))
  })

  it('as trained: of a silent network it is the variance of the velocity', () => {
    const size = [4, 2, 4] as const
    const config = priorSchema.parse({ width: 8, blocks: 1, heads: 2, dropout: 0.1, backgroundNoise: 0.1 })
    const statistics = {
      mean: new Float32Array(4).fill(0.5),
      std: new Float32Array(4).fill(2),
      increment: new Float32Array(8).fill(0.25),
    }
    const p = new Parameters({ dtype: 'float64' })
    const built = priorLoss(p, { config, statistics, shape: size, batch: 64, training: true })
    const draws = built.draws(1, 0)
    const zb = stream(1, 'b').normal(new Float64Array(64 * 32))
    const increments = stream(1, 'r').normal(new Float64Array(64 * 32))
    const feeds: Record<string, ArrayLike<number>> = {
      ...(draws as Record<string, Float32Array>),
      background: zb,
      z: zb.map((v, i) => v + 0.25 * increments[i]),
      season: new Float64Array(128),
      ...Object.fromEntries([...p.initialise(1)].map(([name, w]) => [name, w.data as Float64Array])),
    }
    const known = new Map(
      inputsOf([built.loss]).map((x) => [
        x,
        { shape: x.shape, data: Float64Array.from(feeds[x.node.attrs.name as string]) },
      ]),
    )
    expect(value(built.loss, known)[0]).toBeCloseTo(1, 1)
  })
})

describe('latent targets', () => {
  const statistics = {
    mean: Float32Array.of(1, -2),
    std: Float32Array.of(0.5, 4),
    increment: Float32Array.of(0.25, 0.5, 1, 2),
  }
  it.each(['state', 'increment'] as const)('%s: decoding inverts encoding', (kind) => {
    const target = latentTarget(kind, statistics, [2, 2, 3])
    const [z, z_b] = [normal('z', [2, 2, 2, 3]), normal('b', [2, 2, 2, 3])]
    same(target.decode(target.encode(z, z_b), z_b), z)
    if (kind === 'increment')
      same(
        target.encode(z_b.add(1), z_b).slice(0, 1, 1),
        constant([1 / 2, 1 / 2, 1 / 2], { dtype: 'float64' }),
      )
  })
  it('refuses statistics of other latents', () => {
    expect(() => latentTarget('state', statistics, [3, 2, 3])).toThrow(
      'mean has 2 values; latents of 3 channels',
    )
    const flat = { ...statistics, std: Float32Array.of(1, 0) }
    expect(() => latentTarget('state', flat, [2, 2, 3])).toThrow('std[1] is 0')
  })
})
