import type { Codec } from '../latent/codec.ts'
import { type LatentStatistics, latentTarget } from '../prior/index.ts'
import { stream } from '../random/stream.ts'
import { compile, type Executable, input, type Runtime, type Store } from '../tensor/index.ts'
import {
  type Analysis,
  type AssimilationCase,
  type AssimilationOptions,
  type Assimilator,
  checkBackground,
  checkMembers,
  checkObserved,
} from './assimilator.ts'
import { analysisOf, meanOf } from './diagnostics.ts'
import type { Covariance } from './guidance/covariance.ts'
import { gaussNewton } from './guidance/latentMap.ts'
import { observed } from './guidance/observed.ts'
import { constantsOf, programNeed, refuseBeyondMemory } from './memory.ts'
import { type Network, networkOf } from './network.ts'

/** The autoencoder, the background covariance and the minimisation of latent 3D-Var. */
export interface LatentVariationalOptions {
  readonly codec: Codec
  readonly statistics: LatentStatistics
  /** Of u = (z - z_b) / s, the background error in latent space; see `latentCovariance`. */
  readonly B: Covariance
  /** Gauss-Newton steps and conjugate-gradient iterations of each. */
  readonly outerLoops?: number
  readonly iterations?: number
  readonly batch?: number
  readonly decoderVariance?: Float64Array
  readonly memory?: number
}

/**
 * Latent 3D-Var (L3DVar; Melinc & Zaplotnik 2024, doi:10.1002/qj.4708, and Fan et al. 2025): the minimum over
 * latents of (z - z_b)ᵀ B⁻¹ (z - z_b) + |L⁻¹ (y - H(D(z)))|², as one program. One member is that minimum about the mean
 * background; more are draws by perturbing background and observations (Bardsley et al. 2014), which for linear decoder
 * and H are draws from the posterior. Without a usable observation the analysis is the background as given, not as the
 * decoder has it; of several members about one background it is draws of its errors. It says which.
 */
export class LatentVariational implements Assimilator {
  readonly name = 'l3dvar'
  readonly settings: Readonly<Record<string, unknown>>
  private readonly runtime: Runtime
  private readonly options: LatentVariationalOptions
  private loaded: { key: unknown; batch: number; program: Executable; store: Store } | undefined

  constructor(runtime: Runtime, options: LatentVariationalOptions) {
    const { B, outerLoops = 3, iterations = 20 } = options
    this.runtime = runtime
    this.options = options
    this.settings = { B: B.name, outerLoops, iterations }
  }

  async assimilate(
    given: AssimilationCase,
    { members, seed, onProgress }: AssimilationOptions,
  ): Promise<Analysis> {
    const { codec, statistics, decoderVariance, memory, batch: most = 16 } = this.options
    checkMembers(members)
    const n = given.background.states.length / checkBackground(given, codec.world)
    checkObserved(given.observations, codec.world, given.background.states)
    const x_b = members === 1 ? meanOf(given.background.states, n) : given.background.states
    const backgrounds = x_b.length / n
    const length = codec.shape.reduce((a, b) => a * b, 1)
    const none = given.observations.operator.outputs === 0
    if (none && (members === 1 || backgrounds > 1)) {
      const kept = Float32Array.from({ length: members * n }, (_, i) => x_b[i % x_b.length])
      const message = 'no usable observation: the analysis is the background'
      return analysisOf(given, kept, members, { message })
    }
    const network = none ? undefined : networkOf(given.observations, n, decoderVariance)
    const inputs = 2 * length + (network?.size ?? 0)
    const size = { state: n, latent: length, inputs, guided: !none, constants: constantsOf(statistics) }
    refuseBeyondMemory(members, { ...programNeed(size), batch: most, available: memory })
    const batch = Math.min(most, members)
    const program = await this.load(network, batch)
    const latents = await codec.encodeStates(x_b)
    const z = new Float32Array(members * length)
    const random = stream(seed, 'l3dvar', given.index)
    for (let from = 0; from < members; from += batch) {
      const background = new Float32Array(batch * length)
      const draw = new Float32Array(batch * length)
      const noise = new Float32Array(network ? batch * network.size : 0)
      for (let i = 0; i < batch; i++) {
        const member = from + i
        const k = member % backgrounds
        background.set(latents.subarray(k * length, (k + 1) * length), i * length)
        if (members === 1) continue
        // A background ensemble brings its own spread.
        const part = draw.subarray(i * length, (i + 1) * length)
        if (backgrounds === 1) random.child('background', member).normal(part)
        if (network)
          random
            .child('observations', member)
            .normal(noise.subarray(i * network.size, (i + 1) * network.size))
      }
      const result = await program.run({ background, draw, ...network?.feeds, ...(network && { noise }) })
      const count = Math.min(batch, members - from)
      z.set((result.z.data as Float32Array).subarray(0, count * length), from * length)
      onProgress?.(from + count, members)
    }
    const message = none ? 'no usable observation: the members are draws of background errors' : undefined
    return analysisOf(given, await codec.decodeLatents(z), members, message ? { message } : {})
  }

  async close(): Promise<void> {
    await this.loaded?.program.release()
    await this.loaded?.store.release()
    this.loaded = undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private async load(network: Network | undefined, batch: number): Promise<Executable> {
    const key = network?.key ?? 'none'
    if (this.loaded?.key === key && this.loaded.batch === batch) return this.loaded.program
    await this.close()
    const { codec, statistics, B, outerLoops = 3, iterations = 20 } = this.options
    const target = latentTarget('increment', statistics, codec.shape)
    const z_b = input('background', [batch, ...codec.shape])
    const u_b = B.apply(input('draw', [batch, ...codec.shape]), (c) => c.sqrt())
    let u = u_b
    if (network) {
      const { likelihood } = network.build()
      const seen = observed(likelihood, (v) => codec.decode(target.decode(v, z_b)))
      // Where nothing is observed the departure is zero whatever the perturbation: it must not enter either.
      const perturbation = input('noise', [batch, network.size]).mul(
        likelihood.precision.greater(0).cast('float32'),
      )
      u = gaussNewton(seen, u_b, (x) => B.apply(x, (c) => c), {
        ...{ iterations, outerLoops, perturbation },
        // Between grid points many observations see the same elements, and plain conjugate gradients go astray.
        monotone: !network.gridded,
      })
    }
    const store = await this.runtime.createStore()
    await store.put(codec.feeds)
    const program = await this.runtime.load(compile({ z: target.decode(u, z_b) }, { name: 'l3dvar' }), {
      store,
    })
    this.loaded = { key, batch, program, store }
    return program
  }
}
