import type { Codec } from '../latent/codec.ts'
import { type Prior, PriorSampler, type SampleCase, type Sampler, type Steering } from '../prior/index.ts'
import { stream } from '../random/stream.ts'
import type { Runtime, Tensor } from '../tensor/index.ts'
import {
  type Analysis,
  type AssimilationCase,
  type AssimilationOptions,
  type Assimilator,
  checkBackground,
  checkMembers,
  checkObserved,
} from './assimilator.ts'
import { analysisOf } from './diagnostics.ts'
import type { Guidance, Plan, RandomInput } from './guidance/guidance.ts'
import { observed, observedAbout } from './guidance/observed.ts'
import { constantsOf, type MemoryNeed, programNeed, refuseBeyondMemory } from './memory.ts'
import { type Network, networkOf } from './network.ts'

/** The prior, the autoencoder around it, the guidance and the sampler of a generative analysis. */
export interface GenerativeOptions {
  readonly prior: Prior
  readonly codec: Codec
  readonly guidance: Guidance
  readonly sampler: Sampler
  /** Members computed together, 16 by default. */
  readonly batch?: number
  /**
   * Members in pairs of the same noise with opposite signs: where sampling is almost linear the mean of few members is
   * that of many, and a learned scatter is then that about the mean of a pair. Its scores need `antithetic` too, since
   * the members of a pair are not independent. Members that interact have no partners: `settings.antithetic` tells.
   */
  readonly antithetic?: boolean
  /** `tangent`: decoder and H linearised about the background once; `exact` (default): about z_0 at every step. */
  readonly decoder?: 'exact' | 'tangent'
  /** Variance of what the decoder cannot express, [channels], normalised: added to the observation errors. */
  readonly decoderVariance?: Float64Array
  /** Bytes that may be used; by default what the system says is available. */
  readonly memory?: number
  readonly settings?: Readonly<Record<string, unknown>>
}

interface Loaded {
  readonly key: unknown
  readonly batch: number
  readonly mirrored: boolean
  readonly plan: Plan
  readonly sampler: PriorSampler
}

/**
 * Analyses drawn from a learned prior under the guidance of observations, all of it one program from noise to latents.
 * Without a usable observation the analysis is the prior's own sample, to the bit, and says so. A background ensemble
 * shares the members out among its own.
 */
export class GenerativeAssimilator implements Assimilator {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  private readonly runtime: Runtime
  private readonly options: GenerativeOptions
  private readonly antithetic: boolean
  private loaded: Loaded | undefined

  constructor(runtime: Runtime, options: GenerativeOptions) {
    const { guidance, sampler, decoder = 'exact', antithetic = false, settings } = options
    this.runtime = runtime
    this.options = options
    this.antithetic = antithetic && !guidance.together
    this.name = guidance.name
    this.settings = {
      guidance: guidance.name,
      sampler: sampler.name,
      calls: sampler.calls,
      ...{ decoder, antithetic: this.antithetic },
      ...settings,
    }
  }

  async assimilate(
    given: AssimilationCase,
    { members, seed, onProgress }: AssimilationOptions,
  ): Promise<Analysis> {
    const { codec, guidance, decoderVariance, memory } = this.options
    const { observations, background, season, index } = given
    checkMembers(members)
    const backgrounds = checkBackground(given, codec.world)
    checkObserved(observations, codec.world, background.states)
    const size = background.states.length / backgrounds
    const silent = observations.operator.outputs === 0 || guidance.unconditional === true
    const network = silent ? undefined : networkOf(observations, size, decoderVariance)
    refuseBeyondMemory(members, { ...this.needs(size, network), available: memory })
    const share = Math.ceil(members / backgrounds)
    const { sampler, plan, batch } = await this.load(network, members, share)
    const latents = await codec.encodeStates(background.states)
    const length = latents.length / backgrounds
    const z = new Float32Array(members * length)
    for (let k = 0, from = 0; from < members; k++, from += share) {
      const count = Math.min(share, members - from)
      const one: SampleCase = { index, background: latents.subarray(k * length, (k + 1) * length), season }
      const random = (numbers: readonly number[]) =>
        Object.fromEntries(
          (plan.randoms ?? []).map((r) => [r.name, this.draw(r, seed, index, numbers, batch)]),
        )
      const samples = await sampler.sample([one], {
        ...{ members: count, seed, firstMember: from, antithetic: this.antithetic },
        feeds: (_, numbers) => ({ ...network?.feeds, ...random(numbers) }),
        onProgress: (done) => onProgress?.(from + done, members),
      })
      z.set(samples.z, from * length)
    }
    const message =
      observations.operator.outputs === 0
        ? 'no usable observation: the analysis is a sample of the prior'
        : undefined
    return analysisOf(given, await codec.decodeLatents(z), members, {
      ...{ antithetic: this.antithetic && backgrounds === 1, ...(message && { message }) },
    })
  }

  async close(): Promise<void> {
    await this.loaded?.sampler.release()
    this.loaded = undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The program for a network; the last one is kept. */
  private async load(network: Network | undefined, members: number, share: number): Promise<Loaded> {
    const { prior, codec, guidance, batch: most = 16 } = this.options
    const batch = guidance.together ? share : Math.min(most, members)
    // Without guidance the prior is what it was trained to be.
    const pairs = network !== undefined && this.antithetic
    const mirrored = pairs && [batch, share, members].every((n) => n % 2 === 0)
    const key = network?.key ?? 'prior'
    const { loaded } = this
    if (loaded?.key === key && loaded.batch === batch && loaded.mirrored === mirrored) return loaded
    await this.close()
    const plan = this.plan(network, batch)
    const { sampler, steer } = plan
    const resident = network ? codec.feeds : undefined
    const options = { sampler, batch, steer, mirrored, resident }
    this.loaded = {
      ...{ key, batch, mirrored, plan },
      sampler: await PriorSampler.load(this.runtime, prior, options),
    }
    return this.loaded
  }

  private plan(network: Network | undefined, batch: number): Plan {
    const { prior, guidance, sampler, decoder = 'exact' } = this.options
    if (!network) return { sampler }
    const { size } = network
    return guidance.plan(sampler, { batch, shape: prior.shape, size, ...this.setting(network, decoder) })
  }

  private setting(network: Network, decoder: 'exact' | 'tangent') {
    const { codec } = this.options
    const decode =
      ({ target, background }: Steering) =>
      (u: Tensor) =>
        codec.decode(target.decode(u, background))
    return {
      observe: (given: Steering) => {
        const { likelihood } = network.build()
        const about = given.target.encode(given.background, given.background)
        return decoder === 'exact'
          ? observed(likelihood, decode(given))
          : observedAbout(likelihood, decode(given), about)
      },
      ...(network.gridded && {
        gridded: (given: Steering) => {
          const { values, precision } = network.build()
          const flat = (x: Tensor) => x.reshape(x.shape[0], network.size)
          const { channels, grid } = codec.world
          const state = [channels.length, grid.rows, grid.columns]
          return {
            values,
            mask: precision.greater(0).cast('float32'),
            decode: (u: Tensor) => flat(decode(given)(u)),
            encode: (x: Tensor) =>
              given.target.encode(codec.encode(x.reshape(x.shape[0], ...state)), given.background),
          }
        },
      }),
    }
  }

  /** Random inputs are addressed by case, member and row like the sampler's own, and mirrored like them. */
  private draw(
    { name, kind, rows, shape, shared }: RandomInput,
    seed: AssimilationOptions['seed'],
    index: number,
    members: readonly number[],
    batch: number,
  ): Float32Array {
    const size = shape.reduce((a, b) => a * b, 1)
    if (shared) return stream(seed, 'guidance', name, index, members[0])[kind](new Float32Array(rows * size))
    const out = new Float32Array(rows * batch * size)
    members.forEach((member, i) => {
      const mirrored = this.antithetic && kind === 'normal' && member % 2 === 1
      const own = stream(seed, 'guidance', name, index, member - (mirrored ? 1 : 0))
      for (let row = 0; row < rows; row++) {
        const at = (row * batch + i) * size
        const drawn = own.child(row)[kind](out.subarray(at, at + size))
        if (mirrored) for (let k = 0; k < size; k++) drawn[k] = -drawn[k]
      }
    })
    return out
  }

  /** An estimate of the bytes of an analysis. */
  private needs(state: number, network: Network | undefined): MemoryNeed {
    const { prior, guidance, batch = 16 } = this.options
    const latent = prior.shape.reduce((a, b) => a * b, 1)
    const { sampler, randoms = [] } = this.plan(network, 1)
    const numbers = (shared: boolean) =>
      randoms
        .filter((r) => (r.shared ?? false) === shared)
        .reduce((sum, { rows, shape }) => sum + rows * shape.reduce((a, b) => a * b, 1), 0)
    const inputs = (2 + sampler.noises) * latent + numbers(false)
    const size = { state, latent, inputs, shared: numbers(true), guided: network !== undefined }
    return {
      ...programNeed({ ...size, constants: constantsOf(prior.statistics) }),
      ...(!guidance.together && { batch }),
    }
  }
}
