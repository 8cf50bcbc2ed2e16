import { afterAll, describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import type { World } from '../forecast/world.ts'
import { decode, encode, latentShape } from '../latent/autoencoder.ts'
import { Codec } from '../latent/codec.ts'
import { Parameters } from '../nn/index.ts'
import { buildOperator } from '../observation/build.ts'
import { ErrorCovariance } from '../observation/error-covariance.ts'
import { columnNetwork, placeNetwork, randomColumns } from '../observation/networks.ts'
import { simulate } from '../observation/simulate.ts'
import { cosine, ddim, dpmSolver, type Prior, PriorSampler, priorSchema } from '../prior/index.ts'
import { samplingProgram } from '../prior/sample.ts'
import { stream } from '../random/stream.ts'
import { input, Runtime } from '../tensor/index.ts'
import type { AssimilationCase, Assimilator } from './assimilator.ts'
import { independentBackground } from './classical/backgroundErrors.ts'
import { drawnCovariance } from './drawBackgroundErrors.ts'
import { EnsembleFilter, membersFromErrors, membersOf, recentred } from './ensembleFilter.ts'
import { GenerativeAssimilator } from './generative.ts'
import { chooseGuidance, type GuidanceConfig } from './guidance/choose.ts'
import { isotropic } from './guidance/covariance.ts'
import { LatentVariational } from './latentVariational.ts'
import { programNeed, refuseBeyondMemory } from './memory.ts'
import { ModelVariational } from './modelVariational.ts'

const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

const channels = ChannelSet.of('t2m, t850, z500')
const world: World = {
  channels,
  grid: Grid.equiangular(4, 8),
  normaliser: new Normaliser({ names: channels.names, mean: [280, 270, 5e4], std: [10, 10, 2000] }),
}
const size = { patch: [2, 2] as [number, number], channels: 12, width: 8, blocks: 0, heads: 1, window: [2, 2] as [number, number] } // biome-ignore format: one line
const shape = latentShape({ channels: 3, lat: 4, lon: 8 }, size)
const n = 3 * 32

/** An autoencoder that only rearranges, and a prior with weights that nobody trained: N(z_b, s^2 I). */
async function models() {
  const p = new Parameters({ prefix: 'autoencoder.' })
  decode(p, encode(p, input('x', [1, 3, 4, 8]), size).mean, { channels: 3, lat: 4, lon: 8 }, size)
  const weights = p.initialise(1)
  for (const { shape: sizes, data } of weights.values())
    if (sizes.length === 3 && sizes[1] === 12 && sizes[2] === 12)
      (data as Float32Array).forEach((_, i, all) => {
        all[i] = Number(Math.floor((i % 144) / 12) === i % 12)
      })
  const codec = await Codec.create(runtime, { world, size, weights, provenance: {} })
  const config = priorSchema.parse({ width: 8, blocks: 1, heads: 2, patch: [1, 1], season: false })
  const statistics = {
    mean: new Float32Array(12),
    std: new Float32Array(12).fill(1),
    increment: new Float32Array(12).fill(0.5),
  }
  const { parameters } = samplingProgram(
    { config, statistics, shape },
    { sampler: dpmSolver({ steps: 2 }), batch: 1 },
  )
  const prior: Prior = { config, statistics, shape, weights: parameters.initialise(2) }
  return { codec, prior, statistics }
}

const { codec, prior, statistics } = await models()
const latent = stream(3, 'z').normal(new Float32Array(shape.reduce((a, b) => a * b, 1)))
const states = await codec.decodeLatents(latent)
const truth = await codec.decodeLatents(latent.map((v, i) => v + 0.5 * Math.cos(i)))
const time = Date.UTC(1984, 3, 1)

function caseOf(density: number, error = 0.05): AssimilationCase {
  const columns = randomColumns(world.grid, density || 1, stream(1, 'network'))
  const network = columnNetwork(world.grid, channels, columns, time)
  const built = buildOperator(network, world.grid, channels, world.normaliser, {
    units: 'normalised',
    // Without density all of them are outside the window.
    window: density > 0 ? { start: time, end: time } : { start: time + 1, end: time + 1 },
  })
  const random = stream(1, 'errors')
  const { y, table } = simulate(built.table, built.operator, truth, { error, random })
  const R = new ErrorCovariance(new Float64Array(y.length).fill(error))
  return { index: 0, background: { world, states }, observations: { operator: built.operator, y, R, table } }
}

const sampler = dpmSolver({ steps: 6 })
const generative = (config: GuidanceConfig, more: object = {}) =>
  new GenerativeAssimilator(runtime, {
    ...{ prior, codec, sampler, batch: 4, ...more },
    guidance: chooseGuidance(config, { schedule: cosine() }),
  })
const distance = (x: Float32Array) => Math.hypot(...x.map((v, i) => v - truth[i]))
const errors = stream(4, 'errors').normal(new Float32Array(12 * n))

/** Soundings between grid points: observations that are no elements of the state. */
function stationCase(): AssimilationCase {
  const places = [10, 95, 170, 260, 330].map((longitude, i) => ({
    ...{ id: String(i), latitude: 50 - 20 * i, longitude, elevation: Number.NaN },
  }))
  const network = placeNetwork(places, channels, time)
  const built = buildOperator(network, world.grid, channels, world.normaliser, { units: 'normalised' })
  const random = stream(1, 'errors')
  const { y, table } = simulate(built.table, built.operator, truth, { error: 0.05, random })
  const R = new ErrorCovariance(new Float64Array(y.length).fill(0.05))
  return { index: 0, background: { world, states }, observations: { operator: built.operator, y, R, table } }
}

describe('assimilators', () => {
  it.each(['latent-map', 'sda', 'dps', 'l3dvar'] as const)(
    '%s: stations between grid points',
    async (name) => {
      const assimilator =
        name === 'l3dvar'
          ? new LatentVariational(runtime, { codec, statistics, B: isotropic() })
          : generative({
              name,
              ...(name === 'sda' && { gamma: 1 }),
              ...(name === 'dps' && { zeta: 1 }),
            } as GuidanceConfig)
      const given = stationCase()
      const { states: members, diagnostics } = await assimilator.assimilate(given, { members: 4, seed: 1 })
      expect(members.every(Number.isFinite)).toBe(true)
      expect(diagnostics.observations).toBe(given.observations.y.length)
      expect(diagnostics.fit?.analysis).toBeLessThan(diagnostics.fit?.background as number)
      await assimilator.close()
    },
  )

  it('leave the mean to the reference where a prior of learned scatter has mirrored members', async () => {
    const weights = new Map(prior.weights)
    weights.set('scatter', { dtype: 'float32', shape: [1, 12, 2, 1], data: new Float32Array(24).fill(-0.4) })
    const narrow = { ...prior, config: { ...prior.config, scatter: true }, weights }
    const given = caseOf(0.2)
    const analyse = async (own: Prior, members: number) => {
      const assimilator = generative({ name: 'latent-map' }, { prior: own, antithetic: true })
      const { mean, spread } = await assimilator.assimilate(given, { members, seed: 1 })
      await assimilator.close()
      return { mean, spread: Math.hypot(...spread) }
    }
    const apart = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((v, i) => v - b[i]))
    const [reference, aligned] = [await analyse(prior, 4), await analyse(narrow, 4)]
    expect(apart(aligned.mean, reference.mean)).toBeLessThan(1e-4)
    expect(aligned.spread).toBeLessThan(0.8 * reference.spread)
    // Three members are no pairs.
    const [three, narrowThree] = [await analyse(prior, 3), await analyse(narrow, 3)]
    expect(apart(narrowThree.mean, three.mean)).toBeGreaterThan(0.1)
  })

  it.each([
    ['daps', { name: 'daps' }, dpmSolver({ steps: 10 })],
    ['samples of ddim with noise in every step', { name: 'none' }, ddim({ steps: 10, eta: 1 })],
  ] as const)('%s: mirrored members have all their noise mirrored', async (_, guidance, sampler) => {
    const assimilator = generative(guidance as GuidanceConfig, { antithetic: true, sampler })
    const { states, spread } = await assimilator.assimilate(caseOf(0.2), { members: 4, seed: 1 })
    await assimilator.close()
    // The world is linear: what two members of a pair have in common is the mean of the posterior.
    const pairs = [0, 2].map((k) =>
      Float64Array.from({ length: n }, (_, i) => (states[k * n + i] + states[(k + 1) * n + i]) / 2),
    )
    const apart = Math.hypot(...pairs[0].map((v, i) => v - pairs[1][i]))
    expect(apart).toBeLessThan(1e-3 * Math.hypot(...spread))
  })

  it('take the anomalies of independent members about the mean of mirrored ones', async () => {
    const [independent, mirrored] = [false, true].map((antithetic) =>
      membersOf(generative({ name: 'none' }, { antithetic })),
    )
    const options = { members: 4, seed: 1 }
    const moved = await recentred(independent, mirrored)(caseOf(0.2), options)
    const [a, b] = [await independent(caseOf(0.2), options), await mirrored(caseOf(0.2), options)]
    const mean = (x: Float32Array, i: number) => [0, 1, 2, 3].reduce((sum, k) => sum + x[k * n + i] / 4, 0)
    for (let i = 0; i < n; i++) {
      expect(mean(moved, i)).toBeCloseTo(mean(b, i), 5)
      for (let k = 0; k < 4; k++)
        expect(moved[k * n + i] - mean(moved, i)).toBeCloseTo(a[k * n + i] - mean(a, i), 5)
    }
    expect(Math.abs(mean(a, 0) - mean(b, 0))).toBeGreaterThan(1e-3)
  })

  it('have no mirrored members where members interact', async () => {
    const assimilator = generative({ name: 'particles' }, { antithetic: true })
    expect(assimilator.settings.antithetic).toBe(false)
    const independent = generative({ name: 'particles' })
    const [a, b] = [
      await assimilator.assimilate(caseOf(0.2), { members: 4, seed: 1 }),
      await independent.assimilate(caseOf(0.2), { members: 4, seed: 1 }),
    ]
    expect(a.states).toEqual(b.states)
    await assimilator.close()
    await independent.close()
  })

  const methods: [string, () => Assimilator][] = [
    ...(['pigdm', 'mmps', 'daps', 'latent-map', 'particles', 'repaint'] as const).map(
      (name): [string, () => Assimilator] => [name, () => generative({ name })],
    ),
    ['tangent', () => generative({ name: 'latent-map' }, { decoder: 'tangent' })],
    ['sda', () => generative({ name: 'sda', gamma: 1 })],
    ['dps', () => generative({ name: 'dps', zeta: 0.1 })],
    ['l3dvar', () => new LatentVariational(runtime, { codec, statistics, B: isotropic() })],
    [
      '3dvar',
      () => new ModelVariational({ world, B: independentBackground(new Float64Array(n).fill(0.25)) }),
    ],
    [
      'letkf of the prior',
      () =>
        new EnsembleFilter({ world, localisation: 5000, members: membersOf(generative({ name: 'none' })) }),
    ],
    [
      'enkf',
      () =>
        new EnsembleFilter({
          ...{ world, method: 'enkf', localisation: 5000 },
          members: membersFromErrors(errors, { scale: 0.3 }),
        }),
    ],
    [
      'letkf',
      () =>
        new EnsembleFilter({ world, localisation: 5000, members: membersFromErrors(errors, { scale: 0.3 }) }),
    ],
  ]
  it.each(methods)('%s: draws towards the observations, the same for the same seed', async (name, make) => {
    const method = make()
    const members = ['letkf', 'enkf'].includes(name) ? 8 : 24
    const given = caseOf(0.5)
    const analysis = await method.assimilate(given, { members, seed: 1 })
    expect(analysis.states.length).toBe(members * n)
    expect(analysis.states.every(Number.isFinite)).toBe(true)
    const { fit, observations, spread } = analysis.diagnostics
    expect(observations).toBe(48)
    expect(fit?.analysis).toBeLessThan((fit?.background ?? 0) * (name === 'dps' ? 2 : 1))
    if (!['repaint', 'dps', 'letkf', 'enkf', 'letkf of the prior', 'particles'].includes(name))
      expect(distance(analysis.mean)).toBeLessThan(distance(states))
    if (!name.startsWith('particles')) expect(spread).toBeGreaterThan(0)
    const again = await method.assimilate(given, { members, seed: 1 })
    expect(again.states).toEqual(analysis.states)
    await method.close()
  })

  it.each([
    [1, 0.25],
    [0.6, 0.09],
  ])("fit 3dvar's covariance to draws of the latents' errors, times %s: %s", async (scale, variance) => {
    // The decoder only rearranges: at every point the errors are those of the latents, independent, 0.5 in size.
    const B = await drawnCovariance(runtime, states, { codec, statistics, seed: 1, samples: 200, scale })
    const { size: points } = world.grid
    const found = channels.names.map((_, c) => {
      let sum = 0
      for (let p = 0; p < points; p++) {
        const v = B.adjoint(Float64Array.from({ length: n }, (_, i) => Number(i === c * points + p)))
        for (const u of v as Float64Array) sum += u * u
      }
      return sum / points
    })
    for (const value of found) expect(value / variance).toBeCloseTo(1, 1)
    await expect(
      drawnCovariance(runtime, states, { codec, statistics, seed: 1, samples: 1 }),
    ).rejects.toThrow('two or more')
  })

  it('3dvar of one member knows how well background and observations agree', async () => {
    const B = independentBackground(new Float64Array(n).fill(0.25))
    const given = caseOf(0.5)
    const { operator, y } = given.observations
    const { diagnostics } = await new ModelVariational({ world, B }).assimilate(given, {
      members: 1,
      seed: 1,
    })
    // d^T (H B H^T + R)^-1 d / m for independent errors.
    const d = operator.innovation(y, operator.apply(states))
    const expected = d.reduce((sum, v) => sum + v ** 2 / (0.25 + 0.05 ** 2), 0) / y.length
    expect(diagnostics.chiSquare).toBeCloseTo(expected, 3)
  })

  it('without observations the analysis is the sample of the prior, to the bit, and says so', async () => {
    const method = generative({ name: 'mmps' })
    const given = caseOf(0)
    expect(given.observations.y.length).toBe(0)
    const analysis = await method.assimilate(given, { members: 3, seed: 7 })
    expect(analysis.diagnostics.message).toContain('sample of the prior')
    const alone = await PriorSampler.load(runtime, prior, { sampler, batch: 3 })
    const background = await codec.encodeStates(states)
    const { z } = await alone.sample([{ index: 0, background }], { members: 3, seed: 7 })
    expect(analysis.states).toEqual(await codec.decodeLatents(z))
    await alone.release()
    await method.close()
    const variational = new LatentVariational(runtime, { codec, statistics, B: isotropic() })
    const kept = await variational.assimilate(given, { members: 1, seed: 7 })
    expect(kept.diagnostics.message).toContain('the analysis is the background')
    await variational.close()
  })

  it('a guidance of any name brings its observations in; a method is released at the end of its scope', async () => {
    const guidance = { ...chooseGuidance({ name: 'latent-map' }, { schedule: cosine() }), name: 'none' }
    const options = { prior, codec, sampler, guidance }
    let closed = 0
    class Counted extends GenerativeAssimilator {
      override async close() {
        closed++
        await super.close()
      }
    }
    {
      await using method = new Counted(runtime, options)
      await using named = generative({ name: 'latent-map' })
      const { states: a } = await method.assimilate(caseOf(0.5), { members: 1, seed: 7 })
      const { states: b } = await named.assimilate(caseOf(0.5), { members: 1, seed: 7 })
      expect(a).toEqual(b)
      closed = 0
    }
    expect(closed).toBe(1)
  })

  it('refuse another world, broken states, no members and more than memory holds', async () => {
    const given = caseOf(0.5)
    const method = generative({ name: 'latent-map' }, { memory: 1e5 })
    const run = (one: AssimilationCase, members = 2) => method.assimilate(one, { members, seed: 1 })
    const other = { ...world, grid: Grid.equiangular(8, 16) }
    await expect(run({ ...given, background: { world: other, states } })).rejects.toThrow('grid of 8 x 16')
    const fewer = { ...world, channels: ChannelSet.of('t2m, t850') }
    await expect(run({ ...given, background: { world: fewer, states } })).rejects.toThrow('missing z500')
    const broken = states.slice()
    broken[40] = Number.NaN
    await expect(run({ ...given, background: { world, states: broken } })).rejects.toThrow(
      'NaN at value 40 (z500)',
    )
    const y = given.observations.y.slice()
    y[3] = Number.NaN
    await expect(run({ ...given, observations: { ...given.observations, y } })).rejects.toThrow(
      'observation 3 is NaN',
    )
    await expect(run(given, 0)).rejects.toThrow('0 members')
    await expect(run(given, 1e6)).rejects.toThrow(/1000000 members need about .* are available/)
    const daps = generative({ name: 'daps' }, { memory: 1, batch: 1e6 })
    // In each of 20 steps two latents of noise and a perturbation of every observable element.
    const inputs = (2 + 2 * 20) * latent.length + 20 * n
    const size = { state: n, latent: latent.length, inputs, constants: 12, guided: true }
    const { fixed = 0, working = 0, perMember } = programNeed(size)
    const needed = ((fixed + 1e6 * (perMember + working)) / 1e9).toFixed(1)
    await expect(daps.assimilate(given, { members: 1e6, seed: 1 })).rejects.toThrow(`about ${needed} GB`)
    expect(() => new ErrorCovariance(new Float64Array(4))).toThrow('must be above zero')
    expect(() => refuseBeyondMemory(100, { perMember: 1e8, fixed: 1e8, available: 1e9 })).toThrow('at most 9')
  })
})
