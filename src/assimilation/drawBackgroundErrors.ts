import { ConfigError } from '../base/errors.ts'
import { ErrorCovariance } from '../observation/error-covariance.ts'
import { ObservationOperator } from '../observation/operator.ts'
import type { Seed } from '../random/address.ts'
import type { Runtime } from '../tensor/index.ts'
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
