import { ConfigError } from '../base/errors.ts'
import { ErrorCovariance } from '../observation/error-covariance.ts'
import { ObservationOperator } from '../observation/operator.ts'
import type { Seed } from '../random/address.ts'
import type { Runtime } from '../tensor/index.ts'
import { type NmcCovariance, type NmcOptions, nmcCovariance } from './background/nmc.ts'
import { aboutMean } from './diagnostics.ts'
import { isotropic } from './guidance/covariance.ts'
import { LatentVariational, type LatentVariationalOptions } from './latentVariational.ts'

/** Whose errors, how many, from which seed. */
export interface ErrorDraws extends Pick<LatentVariationalOptions, 'codec' | 'statistics'> {
  /** Of (z - z_b) / s. Default: the identity, which are the errors that the prior was trained on. */
  readonly B?: LatentVariationalOptions['B']
  /** At least 2; default 16. */
  readonly samples?: number
  readonly seed: Seed
}

/**
 * Samples of what the errors of a background may be, as latent 3D-Var has them: D(z_b + s B^1/2 n) - x_b, normalised,
 * [samples, channel, latitude, longitude]. What the latents cannot express of x_b is in all of them.
 * @param state normalised, [channel, latitude, longitude]
 * @throws ConfigError for fewer than two samples
 * @throws DataError for a state that is not finite or not normalised
 */
export async function drawBackgroundErrors(
  runtime: Runtime,
  state: Float32Array,
  { codec, statistics, B = isotropic(), samples = 16, seed }: ErrorDraws,
): Promise<Float32Array> {
  if (!(Number.isInteger(samples) && samples > 1))
    throw new ConfigError(`${samples} samples of background errors: two or more have a spread`)
  await using draws = new LatentVariational(runtime, { codec, statistics, B })
  const operator = new ObservationOperator([], state.length, 'normalised')
  const { states } = await draws.assimilate(
    {
      index: 0,
      background: { world: codec.world, states: state },
      observations: { operator, y: new Float64Array(0), R: new ErrorCovariance([]) },
    },
    { members: samples, seed },
  )
  return states.map((x, i) => x - state[i % state.length])
}

/**
 * The background error covariance of 3D-Var in model space, fitted to draws of the errors that the prior starts from:
 * where no record of forecast errors is at hand. What the draws have in common is no error and left out. Sixteen draws
 * do as well as a record of 160 errors (docs/decisions.md, 48).
 * @param state normalised, [channel, latitude, longitude]
 * @throws ConfigError for fewer than two samples or factors not above 0
 * @throws DataError for a state that is not finite or not normalised
 */
export async function drawnCovariance(
  runtime: Runtime,
  state: Float32Array,
  { scale, lengthScale, balance, ...draws }: ErrorDraws & NmcOptions,
): Promise<NmcCovariance> {
  const errors = await drawBackgroundErrors(runtime, state, draws)
  const samples = errors.length / state.length
  const { channels, grid } = draws.codec.world
  // Deviations from the mean of N draws are short of their variance by one part in N.
  const unbiased = Math.sqrt(samples / (samples - 1))
  const deviations = aboutMean(errors, new Float32Array(state.length)).map((x) => x * unbiased)
  return nmcCovariance(deviations, channels, grid, { scale, lengthScale, balance })
}
