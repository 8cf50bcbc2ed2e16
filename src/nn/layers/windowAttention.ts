import { attention, constant, roll, type Tensor } from '../../tensor/index.ts'
import { shapeError, show } from '../../tensor/shape.ts'
import type { Parameters } from '../parameters.ts'
import { type AttentionOptions, normalised, projections } from './attention.ts'
import { dense } from './dense.ts'

/** Heads, window and shift of attention in windows. */
export interface WindowAttentionOptions extends AttentionOptions {
  /** Tokens [lat, lon]. */
  grid: readonly [number, number]
  /** Tokens of a window [lat, lon]; they divide the grid. */
  window: readonly [number, number]
  /** How far the windows are moved south and east, usually half a window in every other layer. */
  shift?: readonly [number, number]
}

/**
 * Self-attention inside windows of a token grid (Liu et al. 2021, Swin, section 3.2): x [batch, lat * lon, width] ->
 * the same. Shifted windows go round the globe in longitude; in latitude the two parts of the window that would join
 * the poles do not see each other.
 */
export function windowAttention(p: Parameters, x: Tensor, options: WindowAttentionOptions): Tensor {
  const { grid, window, heads } = options
  const [h, w] = grid
  const [a, b] = window
  const [batch, tokens, width] = x.shape
  if (x.rank !== 3 || tokens !== h * w)
    throw shapeError('windowAttention', `${show(x.shape)} is not [batch, ${h} * ${w} tokens, width]`)
  if (h % a || w % b)
    throw shapeError('windowAttention', `windows ${show(window)} do not divide the grid ${show(grid)}`)
  const south = (((options.shift?.[0] ?? 0) % a) + a) % a
  const east = (((options.shift?.[1] ?? 0) % b) + b) % b
  const shape = [batch, h, w, width] as const
  const moved = roll(roll(x.reshape(...shape), -south, 1), -east, 2).reshape(batch, tokens, width)

  const { q, k, v } = projections(p, moved, moved, options)
  // One transposition makes windows and heads: [batch, lat windows, lon windows, heads, tokens, width of a head].
  const split = (t: Tensor) =>
    t
      .reshape(batch, h / a, a, w / b, b, heads, width / heads)
      .transpose(0, 1, 3, 5, 2, 4, 6)
      .reshape(batch, h / a, w / b, heads, a * b, width / heads)
  const [qs, ks] = normalised(p, split(q), split(k), options)
  const y = south
    ? maskedAttention(qs, ks, split(v), poleMask(h / a, a, b, south, x))
    : attention(qs, ks, split(v))
  const joined = y
    .reshape(batch, h / a, w / b, heads, a, b, width / heads)
    .transpose(0, 1, 4, 2, 5, 3, 6)
    .reshape(batch, tokens, width)
  const out = dense(p.scope('out'), joined, width)
  return roll(roll(out.reshape(...shape), east, 2), south, 1).reshape(batch, tokens, width)
}

function maskedAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor): Tensor {
  const scaled = q.mul(1 / Math.sqrt(q.shape.at(-1) as number))
  return scaled.matmul(k, { transB: true }).add(mask).softmax().matmul(v)
}

/** [lat windows, 1, 1, n, n]: 0 where tokens may see each other, a large negative number where a pole is between. */
function poleMask(windows: number, a: number, b: number, south: number, like: Tensor): Tensor {
  const n = a * b
  const mask = new Float64Array(windows * n * n)
  const wrapped = (token: number) => Math.floor(token / b) >= a - south
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) if (wrapped(i) !== wrapped(j)) mask[((windows - 1) * n + i) * n + j] = -1e9
  return constant(mask, { shape: [windows, 1, 1, n, n], dtype: like.dtype })
}
