import {
  type Denoiser,
  ddim,
  edm,
  gaussianDenoiser,
  guided,
  type NoiseSchedule,
  type Sampler,
  type Target,
} from '../../prior/index.ts'
import { stream } from '../../random/stream.ts'
import { compile, constant, input, type Runtime, type Tensor } from '../../tensor/index.ts'
import { eigenSymmetric } from '../classical/linalg.ts'
import { independentErrors } from '../classical/observationErrors.ts'
import { optimalInterpolation } from '../classical/optimalInterpolation.ts'
import { type Covariance, dense } from './covariance.ts'
import type { Guidance, Plan } from './guidance.ts'
import type { Likelihood } from './likelihood.ts'
import { observed } from './observed.ts'

/** A world in which the posterior is known: prior N(mean, C), y = H x + N(0, variance I). */
export interface LinearGaussianWorld {
  readonly n: number
  readonly m: number
  readonly mean: Float64Array
  readonly C: Float64Array
  readonly H: Float64Array
  readonly y: Float64Array
  readonly variance: number
  /** The posterior's, [n] and [n, n]. */
  readonly posterior: { readonly mean: Float64Array; readonly covariance: Float64Array }
}

/**
 * A line of n points with prior variance 1 and correlations 0.95 exp(-d / L) (L = 0: none) on a ring, of which
 * round(density n) points are observed, evenly spread, with errors of the given standard deviation. Observations are of
 * a truth drawn from the prior. `mixing` observes sums of neighbours instead of single points.
 */
export function linearGaussianWorld(options: {
  n: number
  density: number
  error: number
  length?: number
  mixing?: boolean
  seed?: number
}): LinearGaussianWorld {
  const { n, density, error, length = 0, mixing = false, seed = 1 } = options
  const C = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const d = Math.min((i - j + n) % n, (j - i + n) % n)
      C[i * n + j] = i === j ? 1 : length > 0 ? 0.95 * Math.exp(-d / length) : 0
    }
  const m = Math.max(1, Math.round(density * n))
  const H = new Float64Array(m * n)
  for (let i = 0; i < m; i++) {
    const at = Math.floor((i * n) / m)
    H[i * n + at] = 1
    if (mixing) H[i * n + ((at + 1) % n)] = 0.5
  }
  const mean = stream(seed, 'mean').normal(new Float64Array(n))
  const { values, vectors } = eigenSymmetric(C, n)
  const e = stream(seed, 'truth').normal(new Float64Array(n))
  const truth = mean.map((v, i) => {
    let sum = v
    for (let k = 0; k < n; k++) sum += vectors[i * n + k] * Math.sqrt(Math.max(0, values[k])) * e[k]
    return sum
  })
  const noise = stream(seed, 'errors').normal(new Float64Array(m))
  const y = noise.map((v, i) => {
    let sum = error * v
    for (let j = 0; j < n; j++) sum += H[i * n + j] * truth[j]
    return sum
  })
  const variance = error * error
  const R = independentErrors(new Float64Array(m).fill(variance))
  const { xa, A } = optimalInterpolation({ xb: mean, B: C, H, y, R })
  return { n, m, mean, C, H, y, variance, posterior: { mean: xa, covariance: A } }
}

/** C as guidance takes it: by eigenvectors. */
export function priorCovariance({ C, n }: LinearGaussianWorld): Covariance {
  const { values, vectors } = eigenSymmetric(C, n)
  return dense(vectors, values)
}

export function exactDenoiser({ mean, C }: LinearGaussianWorld, schedule: NoiseSchedule = edm()): Denoiser {
  return gaussianDenoiser(schedule, mean, C)
}

export function likelihoodOf({ H, y, m, n, variance }: LinearGaussianWorld, like: Tensor): Likelihood {
  const { dtype } = like
  const matrix = constant(H, { shape: [m, n], dtype })
  const values = constant(y, { shape: [1, m], dtype })
  return {
    size: m,
    departure: (x) =>
      values.sub(x.reshape(x.size / n, n).matmul(matrix.transpose())).mul(1 / Math.sqrt(variance)),
    precision: constant(new Float64Array(m).fill(1 / variance), { shape: [1, m], dtype }),
  }
}

const identity: Target = { encode: (z) => z, decode: (u) => u, condition: (z) => z }

/** The plan of a guidance in a linear-Gaussian world whose latents are the state itself. */
export function planFor(
  guidance: Guidance,
  world: LinearGaussianWorld,
  sampler: Sampler,
  batch: number,
): Plan {
  const { n, m, H, y } = world
  return guidance.plan(sampler, {
    batch,
    shape: [n, 1, 1],
    size: m,
    observe: ({ background }) => observed(likelihoodOf(world, background), (u) => u),
    gridded({ background: { dtype } }) {
      const [values, mask] = [new Float64Array(n), new Float64Array(n)]
      for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) if (H[i * n + j] === 1) values[j] = y[i]
      for (let j = 0; j < n; j++) mask[j] = Number(H.some((h, p) => p % n === j && h === 1))
      return {
        values: constant(values, { shape: [1, n], dtype }),
        mask: constant(mask, { shape: [1, n], dtype }),
        decode: (u) => u.reshape(u.shape[0], n),
        encode: (x) => x.reshape(x.shape[0], n, 1, 1),
      }
    },
  })
}

/** Samples [members, n] of a guided Gaussian prior, all computed together. */
export async function sampleWorld(
  runtime: Runtime,
  world: LinearGaussianWorld,
  guidance: Guidance,
  options: { members: number; sampler?: Sampler; schedule?: NoiseSchedule; seed?: number },
): Promise<Float32Array> {
  const { members, sampler = ddim({ steps: 60 }), schedule, seed = 1 } = options
  const plan = planFor(guidance, world, sampler, members)
  const whole = [members, world.n, 1, 1]
  const background = constant(new Float32Array(members * world.n), { shape: whole })
  const { guide, ...hooks } = plan.steer?.({ target: identity, background }) ?? {}
  const prior = exactDenoiser(world, schedule)
  const start = input('start', whole)
  const { noises } = plan.sampler
  const noise = noises ? input('noise', [noises, ...whole]) : undefined
  const z = plan.sampler.build(guide ? guided(prior, guide) : prior, start, noise, hooks)
  const draw = (name: string, size: number, kind: 'normal' | 'uniform' = 'normal') =>
    stream(seed, name)[kind](new Float32Array(size))
  const feeds: Record<string, Float32Array> = { start: draw('start', start.size) }
  if (noise) feeds.noise = draw('noise', noise.size)
  for (const { name, kind, rows, shape, shared } of plan.randoms ?? [])
    feeds[name] = draw(
      name,
      shape.reduce((a, b) => a * b, rows * (shared ? 1 : members)),
      kind,
    )
  const result = await runtime.evaluate(compile({ z }), feeds)
  return result.z.data as Float32Array
}

/** Mean [n] and covariance [n, n] of samples [members, n]. */
export function moments(samples: Float32Array, n: number) {
  const N = samples.length / n
  const mean = new Float64Array(n)
  const covariance = new Float64Array(n * n)
  for (let p = 0; p < samples.length; p++) mean[p % n] += samples[p] / N
  for (let k = 0; k < N; k++)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        covariance[i * n + j] += ((samples[k * n + i] - mean[i]) * (samples[k * n + j] - mean[j])) / (N - 1)
  return { mean, covariance }
}

/**
 * How far samples are from the posterior, in units that do not depend on the world: the mean's error in posterior
 * standard deviations (root mean square over elements) and the ratio of total variances.
 */
export function bias(samples: Float32Array, { n, posterior }: LinearGaussianWorld) {
  const { mean, covariance } = moments(samples, n)
  let [square, ours, theirs, off] = [0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const variance = posterior.covariance[i * n + i]
    square += (mean[i] - posterior.mean[i]) ** 2 / variance
    ours += covariance[i * n + i]
    theirs += variance
    for (let j = 0; j < n; j++)
      off +=
        (covariance[i * n + j] - posterior.covariance[i * n + j]) ** 2 /
        (variance * posterior.covariance[j * n + j])
  }
  return {
    /** Root mean square of (mean - posterior mean) / posterior standard deviation. */
    mean: Math.sqrt(square / n),
    /** Trace of the sample covariance over that of the posterior's. */
    variance: ours / theirs,
    /** Root mean square error of the covariance, each element in units of the standard deviations. */
    covariance: Math.sqrt(off / (n * n)),
  }
}
