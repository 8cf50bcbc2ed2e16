import { DataError, ShapeError } from '../base/errors.ts'
import { constant, type Tensor } from '../tensor/index.ts'
import type { Coupling } from './coupling.ts'
import { waveCoupling } from './waves.ts'

/**
 * Statistics of the training latents [d, h, w] that the prior works in units of. They are kept beside its weights:
 * latents of another autoencoder have others.
 */
export interface LatentStatistics {
  /** Mean and standard deviation of z: [d]. */
  readonly mean: Float32Array
  readonly std: Float32Array
  /**
   * The usual size of z - z_b: standard deviations [d], or [d, h] by latitude row; or, with [h, d, d], a matrix F for
   * each row with orthogonal columns and F F' the covariance of the channels at one position.
   */
  readonly increment: Float32Array
  /** How increments whitened by the matrices of their rows hang together over the globe; without it not at all. */
  readonly coupling?: Coupling
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
 * network that says nothing then stands for Gaussian background errors of climatological size. With a covariance by
 * row, u = F^-1 (z - z_b) is white, and silence stands for errors that are also correlated as they usually are; with
 * a coupling, over the globe.
 * @throws ShapeError for statistics that do not fit latents [d, h, w]
 * @throws DataError for a deviation that is not positive
 */
export function latentTarget(
  kind: 'state' | 'increment',
  { mean, std, increment, coupling }: LatentStatistics,
  shape: readonly number[],
): Target {
  const [d, h] = shape
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
  check('increment', increment, [d, d * h, d * d * h], increment.length < d * d * h || d === 1)
  const field = (values: Float32Array, like: Tensor) =>
    constant(values, { shape: [d, values.length / d, 1], dtype: like.dtype })
  const inverse = (values: Float32Array) => values.map((v) => 1 / v)
  const condition = (z: Tensor) => z.sub(field(mean, z)).mul(field(inverse(std), z))
  if (kind === 'state')
    return { condition, encode: condition, decode: (u) => u.mul(field(std, u)).add(field(mean, u)) }
  if (increment.length === d * d * h && d > 1) {
    const forward = rowMatrices(increment, h, d)
    const waves = coupling && waveCoupling(coupling, shape)
    return {
      condition,
      encode(z, z_b) {
        const white = byRow(z.sub(z_b), forward.inverse)
        return waves ? waves.whiten(white) : white
      },
      decode: (u, z_b) => byRow(waves ? waves.colour(u) : u, forward.matrix).add(z_b),
    }
  }
  if (coupling)
    throw new ShapeError('latent statistics: a coupling goes with increments whitened in each row')
  return {
    condition,
    encode: (z, z_b) => z.sub(z_b).mul(field(inverse(increment), z)),
    decode: (u, z_b) => u.mul(field(increment, u)).add(z_b),
  }
}

/** How much an error in u matters in z, by channel of u and row, [d, h] or [d]: the variances that u = 1 stands for. */
export function incrementVariances({ increment }: LatentStatistics, [d, h]: readonly number[]): Float32Array {
  if (increment.length !== d * d * h || d === 1) return increment.map((s) => s * s)
  const out = new Float32Array(d * h)
  for (let r = 0; r < h; r++)
    for (let i = 0; i < d; i++)
      for (let k = 0; k < d; k++) out[k * h + r] += increment[(r * d + i) * d + k] ** 2
  return out
}

/** The transposes of F and of F^-1 = (F' F)^-1 F' for each row, [h, d, d], to be multiplied from the right. */
function rowMatrices(
  factor: Float32Array,
  h: number,
  d: number,
): { matrix: Float32Array; inverse: Float32Array } {
  const matrix = new Float32Array(h * d * d)
  const inverse = new Float32Array(h * d * d)
  for (let r = 0; r < h; r++)
    for (let k = 0; k < d; k++) {
      let square = 0
      for (let i = 0; i < d; i++) square += factor[(r * d + i) * d + k] ** 2
      if (!(square > 0))
        throw new DataError(`latent statistics: column ${k} of the increments' matrix of row ${r} is zero`)
      for (let i = 0; i < d; i++) {
        const f = factor[(r * d + i) * d + k]
        matrix[(r * d + k) * d + i] = f
        inverse[(r * d + i) * d + k] = f / square
      }
    }
  return { matrix, inverse }
}

/** The channels [d] at each position of x [batch, d, h, w] times the matrix of its row, [h, d, d]. */
function byRow(x: Tensor, matrices: Float32Array): Tensor {
  const [batch, d, h, w] = x.shape
  return x
    .transpose(2, 0, 3, 1)
    .reshape(h, batch * w, d)
    .matmul(constant(matrices, { shape: [h, d, d], dtype: x.dtype }))
    .reshape(h, batch, w, d)
    .transpose(1, 3, 0, 2)
}
