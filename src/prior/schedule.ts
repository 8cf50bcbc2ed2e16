import { ConfigError } from '../base/errors.ts'
import { constant, type Tensor } from '../tensor/index.ts'

/** mu and sigma of z_t = mu z_0 + sigma eps, one of each for every time. */
export interface Level {
  readonly mu: Tensor
  readonly sigma: Tensor
}

/**
 * A diffusion z_t = mu(t) z_0 + sigma(t) eps, eps ~ N(0, I), for t from `first` (data, almost) to 1 (noise, almost).
 * mu does not grow and sigma / mu does not fall with t.
 */
export interface NoiseSchedule {
  readonly name: string
  /** Where samplers stop: the smallest time that is trained and sampled. */
  readonly first: number
  /** Factor on the data. */
  mu(t: number): number
  /** Standard deviation of the noise. */
  sigma(t: number): number
  /** The same as expressions: t of any shape -> mu and sigma of that shape, without cancellation in float32. */
  at(t: Tensor): Level
}

/**
 * The schedule of SDA (Rozet & Louppe 2023): mu = cos(a t)^2 with a = arccos(sqrt(eta)) and
 * sigma^2 = 1 - mu^2 + eta^2, so that mu(1) = sigma(0) = eta and sigma(1) = 1.
 */
export function cosine({ eta = 1e-3 }: { eta?: number } = {}): NoiseSchedule {
  if (!(eta > 0 && eta < 1)) throw new ConfigError(`cosine schedule: eta is ${eta}; it lies between 0 and 1`)
  const a = Math.acos(Math.sqrt(eta))
  return {
    name: 'cosine',
    first: 0,
    mu: (t) => Math.cos(a * t) ** 2,
    sigma: (t) => {
      // 1 - mu^2 = (1 - mu) (1 + mu) with 1 - mu = sin^2: exact near t = 0.
      const s = Math.sin(a * t) ** 2
      return Math.sqrt(s * (2 - s) + eta * eta)
    },
    at(t) {
      const s = t.mul(a).sin().square()
      const mu = t.mul(a).cos().square()
      return {
        mu,
        sigma: s
          .mul(mu.add(1))
          .add(eta * eta)
          .sqrt(),
      }
    },
  }
}

/**
 * The VP-SDE with beta growing linearly (Song et al. 2021, appendix C): log mu = -(low t + (high - low) t^2 / 2) / 2,
 * sigma^2 = 1 - mu^2.
 */
export function linear({ low = 0.1, high = 20 }: { low?: number; high?: number } = {}): NoiseSchedule {
  if (!(low > 0 && high >= low))
    throw new ConfigError(`linear schedule: beta from ${low} to ${high}; it must be positive and not fall`)
  // q = integral of beta, halved: mu = exp(-q), and 1 - mu^2 = tanh(q) (1 + mu^2) keeps its digits near t = 0.
  const q = (t: number) => (low * t + ((high - low) * t * t) / 2) / 2
  return {
    name: 'linear',
    first: 1e-3,
    mu: (t) => Math.exp(-q(t)),
    sigma: (t) => Math.sqrt(-Math.expm1(-2 * q(t))),
    at(t) {
      const half = t
        .mul((high - low) / 4)
        .add(low / 2)
        .mul(t)
      const mu = half.mul(-1).exp()
      return { mu, sigma: half.tanh().mul(mu.square().add(1)).sqrt() }
    },
  }
}

/** The schedule of EDM (Karras et al. 2022, table 1 and eq. 5): mu = 1 and sigma^(1 / rho) linear in t. */
export function edm({ min = 0.002, max = 80, rho = 7 }: { min?: number; max?: number; rho?: number } = {}) {
  if (!(min > 0 && max > min && rho > 0))
    throw new ConfigError(`edm schedule: sigma from ${min} to ${max} with rho ${rho}; 0 < min < max, rho > 0`)
  const low = min ** (1 / rho)
  const step = max ** (1 / rho) - low
  const schedule: NoiseSchedule = {
    name: 'edm',
    first: 0,
    mu: () => 1,
    sigma: (t) => (low + step * t) ** rho,
    at: (t) => ({
      mu: t.mul(0).add(1),
      sigma: t
        .mul(step)
        .add(low)
        .pow(constant(rho, { dtype: t.dtype })),
    }),
  }
  return schedule
}

/** The schedules by name. */
export const schedules = { cosine, linear, edm }

/** Half the logarithm of the signal-to-noise ratio, lambda = log(mu / sigma) (Lu et al. 2022); falls with t. */
export function logSnr(schedule: NoiseSchedule, t: number): number {
  return Math.log(schedule.mu(t) / schedule.sigma(t))
}

/** The time at which log(mu / sigma) is `lambda`, by bisection; clamped to [first, 1]. */
export function timeOf(schedule: NoiseSchedule, lambda: number): number {
  let [low, high] = [schedule.first, 1]
  if (lambda >= logSnr(schedule, low)) return low
  if (lambda <= logSnr(schedule, high)) return high
  // Halved until the two ends are neighbours in float64.
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return middle
    if (logSnr(schedule, middle) > lambda) low = middle
    else high = middle
  }
}
