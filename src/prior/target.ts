import { DataError, ShapeError } from '../base/errors.ts'
import { constant, type Tensor } from '../tensor/index.ts'

/**
 * Statistics of the training latents [d, h, w] that the prior works in units of. They are kept beside its weights:
 * latents of another autoencoder have others.
 */
export interface LatentStatistics {
  /** Mean and standard deviation of z: [d]. */
  readonly mean: Float32Array
  readonly std: Float32Array
  /** Standard deviation of z - z_b: [d], or [d, h] by latitude row. */
  readonly increment: Float32Array
}

/** The change of variables between latents and what is diffused, u. */
export interface Target {
  /** z and z_b [batch, d, h, w] -> u, of variance about 1. */
  encode(z: Tensor, z_b: Tensor): Tensor
  /** The inverse: u and z_b -> z. */
  decode(u: Tensor, z_b: Tensor): Tensor
  /** z_b in units of the climate, for the network to see. */
  condition(z_b: Tensor): Tensor
}

/**
 * `state`, the paper's: u = (z - mean) / std. `increment`: u = (z - z_b) / s with s the usual size of z - z_b; a
 * network that says nothing then stands for Gaussian background errors of climatological size.
 * @throws {ShapeError} for statistics that do not fit latents [d, h, w]; {DataError} for a deviation that is not positive
 */
export function latentTarget(
  kind: 'state' | 'increment',
  { mean, std, increment }: LatentStatistics,
  [d, h]: readonly number[],
): Target {
  const check = (name: string, values: Float32Array, sizes: readonly number[], positive: boolean) => {
    if (!sizes.includes(values.length))
      throw new ShapeError(
        `latent statistics: ${name} has ${values.length} values; latents of ${d} channels and ${h} rows take ${sizes.join(' or ')}`,
      )
    const bad = values.findIndex((v) => !Number.isFinite(v) || (positive && v <= 0))
    if (bad >= 0) throw new DataError(`latent statistics: ${name}[${bad}] is ${values[bad]}`)
  }
  check('mean', mean, [d], false)
  check('std', std, [d], true)
  check('increment', increment, [d, d * h], true)
  const field = (values: Float32Array, like: Tensor) =>
    constant(values, { shape: [d, values.length / d, 1], dtype: like.dtype })
  const inverse = (values: Float32Array) => values.map((v) => 1 / v)
  const condition = (z: Tensor) => z.sub(field(mean, z)).mul(field(inverse(std), z))
  return kind === 'state'
    ? { condition, encode: condition, decode: (u) => u.mul(field(std, u)).add(field(mean, u)) }
    : {
        condition,
        encode: (z, z_b) => z.sub(z_b).mul(field(inverse(increment), z)),
        decode: (u, z_b) => u.mul(field(increment, u)).add(z_b),
      }
}
