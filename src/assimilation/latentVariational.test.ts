import { afterAll, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { decode, encode, latentShape } from '../latent/autoencoder.ts'
import { Codec } from '../latent/codec.ts'
import { Parameters } from '../nn/index.ts'
import { ErrorCovariance } from '../observation/error-covariance.ts'
import { ObservationOperator } from '../observation/operator.ts'
import { stream } from '../random/stream.ts'
import { input, Runtime } from '../tensor/index.ts'
import { isotropic } from './guidance/covariance.ts'
import { LatentVariational } from './latentVariational.ts'

const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

const channels = ChannelSet.of('t2m, t850, z500')
const names = channels.names
const normaliser = new Normaliser({ names, mean: [280, 270, 5e4], std: [10, 10, 2000] })
const world = { channels, grid: Grid.equiangular(4, 8), normaliser }
const n = 3 * 32
/** An autoencoder that loses most of a state: six numbers for twelve, by weights nobody trained. */
const size = { patch: [2, 2] as [number, number], channels: 6, width: 8, blocks: 0, heads: 1, window: [2, 2] as [number, number] } // biome-ignore format: one line
const model = { channels: 3, lat: 4, lon: 8 }
const shape = latentShape(model, size)
const p = new Parameters({ prefix: 'autoencoder.' })
decode(p, encode(p, input('x', [1, 3, 4, 8]), size).mean, model, size)
const codec = await Codec.create(runtime, { world, size, weights: p.initialise(1), provenance: {} })
const statistics = {
  mean: new Float32Array(shape[0]),
  std: new Float32Array(shape[0]).fill(1),
  increment: new Float32Array(shape[0]).fill(0.5),
}
const method = new LatentVariational(runtime, { codec, statistics, B: isotropic() })
afterAll(() => method.close())

const nothing = {
  operator: new ObservationOperator([], n),
  y: new Float64Array(0),
  R: new ErrorCovariance([]),
}
const analyse = (states: Float32Array, members: number) =>
  method.assimilate({ index: 0, background: { world, states }, observations: nothing }, { members, seed: 1 })

const one = stream(1, 'background').normal(new Float32Array(n))
const two = stream(2, 'backgrounds').normal(new Float32Array(2 * n))

it('without observations keeps the background to the bit, whatever the autoencoder loses of it', async () => {
  const passed = await codec.decodeLatents(await codec.encodeStates(one))
  expect(Math.hypot(...passed.map((v, i) => v - one[i]))).toBeGreaterThan(1)
  const { mean, diagnostics } = await analyse(one, 1)
  expect(mean).toEqual(one)
  expect(diagnostics).toMatchObject({ increment: 0, spread: 0 })
  expect(diagnostics.message).toBe('no usable observation: the analysis is the background')
  // One member of a background ensemble is its mean; several are its members in turn.
  expect((await analyse(two, 1)).states).toEqual(Float32Array.from(one, (_, i) => (two[i] + two[n + i]) / 2))
  expect((await analyse(two, 3)).states).toEqual(Float32Array.from([...two, ...two.subarray(0, n)]))
})

it('without observations several members about one background are draws of its errors, and it says so', async () => {
  const { spread, diagnostics } = await analyse(one, 4)
  expect(Math.min(...spread)).toBeGreaterThan(0)
  expect(diagnostics.message).toBe('no usable observation: the members are draws of background errors')
})
