import { z } from 'zod'
import { ShapeError } from '../base/errors.ts'
import { type World, worldFromJson, worldSchema, worldToJson } from '../forecast/world.ts'
import { loadModel, Parameters, saveModel, type Weights } from '../nn/index.ts'
import { compile, type Executable, input, type Runtime, type Store, type Tensor } from '../tensor/index.ts'
import { decode, encode, latentShape, type StateShape } from './autoencoder.ts'
import { type LatentSize, latentSchema } from './config.ts'

const kind = 'align-da autoencoder 1'
const sizeSchema = latentSchema.pick({
  patch: true,
  channels: true,
  width: true,
  blocks: true,
  heads: true,
  window: true,
})
const schema = z.strictObject({
  world: worldSchema,
  size: sizeSchema,
  provenance: z.record(z.string(), z.unknown()),
})

/** A trained autoencoder as it is stored. */
export interface LatentModel {
  readonly world: World
  readonly size: LatentSize
  readonly weights: Weights
  readonly provenance: Readonly<Record<string, unknown>>
}

export async function saveLatentModel(path: string, model: LatentModel, options?: { half?: boolean }) {
  const { world, weights, provenance } = model
  const size = sizeSchema.parse(
    Object.fromEntries(Object.keys(sizeSchema.shape).map((k) => [k, model.size[k as keyof LatentSize]])),
  )
  const description = { world: worldToJson(world), size, provenance }
  await saveModel(path, kind, { weights, context: new Map(), description }, options)
}

/** @throws FormatError when the file is damaged or no autoencoder */
export async function loadLatentModel(path: string): Promise<LatentModel> {
  const { weights, description } = await loadModel(path, kind, schema)
  return { ...description, world: worldFromJson(description.world), weights }
}

/** A trained autoencoder on a device: normalised states to latents and back, encoding to the mode. */
export class Codec {
  readonly shape: readonly [channels: number, rows: number, columns: number]
  readonly world: World
  readonly parameters: Parameters
  private readonly model: LatentModel
  private readonly runtime: Runtime
  private readonly store: Store
  private readonly state: StateShape
  private readonly programs = new Map<string, Executable>()
  private readonly batch: number

  private constructor(runtime: Runtime, model: LatentModel, store: Store, batch: number) {
    this.runtime = runtime
    this.model = model
    this.store = store
    this.batch = batch
    this.world = model.world
    const { channels, grid } = model.world
    this.state = { channels: channels.length, lat: grid.latitude.length, lon: grid.longitude.length }
    this.shape = latentShape(this.state, model.size)
    this.parameters = new Parameters({ prefix: 'autoencoder.' })
  }

  /** Loads the weights onto a device. @throws FormatError for weights that do not fit */
  static async create(runtime: Runtime, model: LatentModel, { batch = 16 } = {}): Promise<Codec> {
    const codec = new Codec(runtime, model, await runtime.createStore(), batch)
    const { channels, lat, lon } = codec.state
    // Both directions are built once so that every parameter is declared and the weights can be checked.
    codec.decode(codec.encode(input('x', [1, channels, lat, lon])))
    await codec.store.put(codec.feeds)
    return codec
  }

  /** The weights under the names of the program inputs that `encode` and `decode` make. */
  get feeds() {
    return this.parameters.feeds(this.model.weights, 'the autoencoder')
  }

  /** As part of a program: normalised states [batch, channel, lat, lon] -> latents [batch, d, rows, columns]. */
  encode(x: Tensor): Tensor {
    return encode(this.parameters, x, this.model.size).mean
  }

  /** As part of a program: latents -> normalised states. */
  decode(z: Tensor): Tensor {
    return decode(this.parameters, z, this.state, this.model.size)
  }

  /** Latents of any number of normalised states. */
  async encodeStates(states: Float32Array): Promise<Float32Array> {
    const { channels, lat, lon } = this.state
    return this.each('encode', states, [channels, lat, lon], this.shape, (x) => this.encode(x))
  }

  /** Normalised states of any number of latents. */
  async decodeLatents(latents: Float32Array): Promise<Float32Array> {
    const { channels, lat, lon } = this.state
    return this.each('decode', latents, this.shape, [channels, lat, lon], (z) => this.decode(z))
  }

  /**
   * What the latents cannot express of any number of normalised states: the mean squared difference of each channel
   * from what is decoded, [channels]. Assimilation takes it as the `decoderVariance`.
   */
  async unexpressedVariance(states: Float32Array): Promise<Float64Array> {
    const back = await this.decodeLatents(await this.encodeStates(states))
    const { channels, grid } = this.world
    const out = new Float64Array(channels.length)
    const count = states.length / channels.length
    for (let i = 0; i < states.length; i++)
      out[Math.floor(i / grid.size) % channels.length] += (states[i] - back[i]) ** 2 / count
    return out
  }

  private async each(
    name: string,
    values: Float32Array,
    from: readonly number[],
    to: readonly number[],
    f: (x: Tensor) => Tensor,
  ): Promise<Float32Array> {
    const [a, b] = [from, to].map((shape) => shape.reduce((x, y) => x * y, 1))
    const count = values.length / a
    if (!Number.isInteger(count))
      throw new ShapeError(`${name}: ${values.length} values are no whole number of ${a}`)
    const out = new Float32Array(count * b)
    for (let start = 0; start < count; start += this.batch) {
      const n = Math.min(this.batch, count - start)
      const key = `${name} ${n}`
      let program = this.programs.get(key)
      if (!program) {
        const y = f(input('x', [n, ...from]))
        program = await this.runtime.load(compile({ y }, { name }), { store: this.store })
        this.programs.set(key, program)
      }
      const { y } = await program.run({ x: values.subarray(start * a, (start + n) * a) })
      out.set(y.data as Float32Array, start * b)
    }
    return out
  }

  async close(): Promise<void> {
    for (const program of this.programs.values()) await program.release()
    await this.store.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
