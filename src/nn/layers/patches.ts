import type { Tensor } from '../../tensor/index.ts'
import { shapeError, show } from '../../tensor/shape.ts'

/** Grid points of a patch: [latitude, longitude]. */
export type Pair = readonly [number, number]

/**
 * Fields cut into patches: [batch, channel, lat, lon] -> [batch, (lat / a) (lon / b), channel a b], tokens row by row
 * from the north, the numbers of a token channel by channel. A dense layer after it is a patch embedding.
 */
export function patchify(x: Tensor, [a, b]: Pair): Tensor {
  const [batch, channels, lat, lon] = x.shape
  if (x.rank !== 4 || lat % a || lon % b)
    throw shapeError('patchify', `${show(x.shape)} does not divide into patches of ${a} x ${b}`)
  return x
    .reshape(batch, channels, lat / a, a, lon / b, b)
    .transpose(0, 2, 4, 1, 3, 5)
    .reshape(batch, (lat / a) * (lon / b), channels * a * b)
}

/** The inverse of `patchify` for fields of size [lat, lon]. */
export function unpatchify(tokens: Tensor, [a, b]: Pair, [lat, lon]: Pair): Tensor {
  const [batch, count, numbers] = tokens.shape
  const channels = numbers / (a * b)
  if (tokens.rank !== 3 || count * a * b !== lat * lon || lat % a || lon % b || !Number.isInteger(channels))
    throw shapeError(
      'unpatchify',
      `${show(tokens.shape)} are no patches of ${a} x ${b} of fields ${lat} x ${lon}`,
    )
  return tokens
    .reshape(batch, lat / a, lon / b, channels, a, b)
    .transpose(0, 3, 1, 4, 2, 5)
    .reshape(batch, channels, lat, lon)
}
