import { ShapeError } from '../base/errors.ts'
import { Parameters, type Weights } from '../nn/index.ts'
import type { Seed } from '../random/address.ts'
import { stream } from '../random/stream.ts'
import {
  compile,
  type Executable,
  type HostTensor,
  input,
  type Program,
  type Runtime,
  type Store,
  type Tensor,
} from '../tensor/index.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { PriorConfig } from './config.ts'
import { type Denoiser, type Guide, guided } from './denoiser.ts'
import { networkDenoiser } from './network.ts'
import type { Sampler, SamplerHooks } from './samplers/sampler.ts'
import { type LatentStatistics, latentTarget, type Target } from './target.ts'

/** A trained prior: what it is, what it works in units of, and its weights. */
export interface Prior {
  readonly config: PriorConfig
  readonly statistics: LatentStatistics
  /** Size of a latent, [d, h, w]. */
  readonly shape: readonly [number, number, number]
  readonly weights: Weights
}

/** What a guide or constraint may use to go from the diffused u to a state: the change of variables and z_b. */
export interface Steering {
  readonly target: Target
  /** Raw background latents, [batch, d, h, w]. */
  readonly background: Tensor
}

/** Sampler and guidance of a program that draws from a prior. */
export interface SamplingOptions {
  sampler: Sampler
  /**
   * Members computed together. At least 2 where members have to have the same bits in batches of any size: products
   * with a single row take another path through the processor's kernels and differ in the last bit.
   */
  batch: number
  /** Guidance and constraints on u, given the background; their own inputs are fed by `SampleOptions.feeds`. */
  steer?: (given: Steering) => { guide?: Guide } & SamplerHooks
  /**
   * Members come in mirrored pairs (`antithetic`), and a learned scatter is that about the mean of a pair: under
   * guidance this mean holds what observations say, which a narrower prior would doubt. An even batch.
   */
  mirrored?: boolean
  /** Inputs of the steering that stay on the device: the weights of a decoder. */
  resident?: Readonly<Record<string, HostTensor>>
}

/**
 * The whole sampling of a batch as one program. Inputs: background [batch, d, h, w], season [batch, 2] if
 * configured, start [batch, d, h, w] and noise [noises, batch, d, h, w] standard normal, the parameters. Output:
 * z [batch, d, h, w], raw latents.
 */
export function samplingProgram(
  prior: Pick<Prior, 'config' | 'statistics' | 'shape'>,
  { sampler, batch, steer, mirrored = false }: SamplingOptions,
): { program: Program; parameters: Parameters } {
  const { config, statistics, shape } = prior
  const parameters = new Parameters()
  const target = latentTarget(config.target, statistics, shape)
  const z_b = input('background', [batch, ...shape])
  const season = config.season ? input('season', [batch, 2]) : undefined
  const condition = { background: target.condition(z_b), season }
  const learned = networkDenoiser(parameters, config, condition, { mirrored })
  const { guide, ...hooks } = steer?.({ target, background: z_b }) ?? {}
  const denoiser: Denoiser = guide ? guided(learned, guide) : learned
  const start = input('start', [batch, ...shape])
  const noise = sampler.noises ? input('noise', [sampler.noises, batch, ...shape]) : undefined
  const z = target.decode(sampler.build(denoiser, start, noise, hooks), z_b)
  return { program: compile({ z }, { name: `sample ${sampler.name}` }), parameters }
}

/** One case to sample: a background and how many members are wanted. */
export interface SampleCase {
  /** Number of the case in its experiment: the address of its noise. */
  readonly index: number
  /** Raw background latent, [d, h, w]. */
  readonly background: Float32Array
  /** Sine and cosine of the time of year; where the configuration asks for it. */
  readonly season?: Float32Array
}

/** How many members are drawn, and from which seed. */
export interface SampleOptions {
  members: number
  seed: Seed
  /** Number of the first member: members 16 .. 31 of a case are found with firstMember 16. */
  firstMember?: number
  /**
   * Odd members take the noise of the member before with its sign turned, at the start and in every step. What is odd
   * in the noise then cancels in the mean of a pair, so that a small ensemble has a better mean; its members are no
   * longer independent.
   */
  antithetic?: boolean
  /** Feeds of the steering's own inputs for a batch: the place in `cases` and the number of each of its members. */
  feeds?: (cases: readonly number[], members: readonly number[]) => Record<string, Float32Array>
  /** Called after each batch with the members done so far and all of them. */
  onProgress?: (done: number, all: number) => void
}

/** Latents drawn from a prior, and how often its network was called. */
export interface Samples {
  /** Latents, [cases, members, d, h, w]. */
  readonly z: Float32Array
  /** Network calls a member took. */
  readonly calls: number
}

/**
 * A prior on a device. Noise is drawn at the address (case, member, row), row 0 being the start, and batches are
 * always full (the last one is filled up), so that a member is the same however members are spread over batches of
 * two or more.
 */
export class PriorSampler {
  private readonly prior: Prior
  private readonly options: SamplingOptions
  private readonly executable: Executable
  private readonly store: Store

  private constructor(prior: Prior, options: SamplingOptions, executable: Executable, store: Store) {
    this.prior = prior
    this.options = options
    this.executable = executable
    this.store = store
  }

  /** @throws ShapeError when the weights are not those of the configured network */
  static async load(runtime: Runtime, prior: Prior, options: SamplingOptions): Promise<PriorSampler> {
    const { program, parameters } = samplingProgram(prior, options)
    const store = await runtime.createStore()
    await store.put({ ...options.resident, ...parameters.feeds(prior.weights, "the prior's weights") })
    return new PriorSampler(prior, options, await runtime.load(program, { store }), store)
  }

  /** @throws ShapeError for a background or season of another size than the prior's, and for pairs cut in two */
  async sample(cases: readonly SampleCase[], options: SampleOptions): Promise<Samples> {
    const { members, seed, firstMember = 0, antithetic = false, feeds, onProgress } = options
    const { shape, config } = this.prior
    const { batch, sampler, mirrored } = this.options
    if (mirrored && (!antithetic || [batch, members, firstMember].some((n) => n % 2)))
      throw new ShapeError(
        `${members} members from ${firstMember} on in batches of ${batch}: a program for mirrored pairs takes antithetic members, two by two`,
      )
    const size = sizeOf(shape)
    for (const { index, background, season } of cases) {
      if (background.length !== size)
        throw new ShapeError(
          `case ${index}: a background latent of ${background.length} numbers; the prior takes ${shape.join(' x ')}`,
        )
      if (config.season && season?.length !== 2)
        throw new ShapeError(`case ${index}: the prior needs the season, sine and cosine of the time of year`)
    }
    const all = cases.length * members
    const z = new Float32Array(all * size)
    const start = new Float32Array(batch * size)
    const noise = new Float32Array(sampler.noises * batch * size)
    const background = new Float32Array(batch * size)
    const season = new Float32Array(batch * 2)
    for (let from = 0; from < all; from += batch) {
      const places: number[] = []
      const numbers: number[] = []
      for (let i = 0; i < batch; i++) {
        // What fills up the last batch is computed and dropped.
        const k = Math.min(from + i, all - 1)
        const place = Math.floor(k / members)
        const given = cases[place]
        places.push(place)
        background.set(given.background, i * size)
        if (given.season) season.set(given.season, i * 2)
        numbers.push(firstMember + (k % members))
        const mirrored = antithetic && numbers[i] % 2 === 1
        const own = stream(seed, 'noise', given.index, numbers[i] - (mirrored ? 1 : 0))
        const draw = (row: number, out: Float32Array) => {
          own.child(row).normal(out)
          if (mirrored) for (let k = 0; k < size; k++) out[k] = -out[k]
        }
        draw(0, start.subarray(i * size, (i + 1) * size))
        for (let row = 0; row < sampler.noises; row++) {
          const at = (row * batch + i) * size
          draw(row + 1, noise.subarray(at, at + size))
        }
      }
      const result = await this.executable.run({
        background,
        start,
        ...(sampler.noises && { noise }),
        ...(config.season && { season }),
        ...feeds?.(places, numbers),
      })
      const count = Math.min(batch, all - from)
      z.set((result.z.data as Float32Array).subarray(0, count * size), from * size)
      onProgress?.(from + count, all)
    }
    return { z, calls: sampler.calls }
  }

  async release(): Promise<void> {
    await this.executable.release()
    await this.store.release()
  }
}
