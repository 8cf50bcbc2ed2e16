import { apply, type Primitive, type Tensor } from '../graph.ts'
import { shapeError, show, sizeOf } from '../shape.ts'
import { padPeriodic } from './layout.ts'

/** Of an image or a field: [along its rows of latitude, along longitude]. */
export type Pair = readonly [number, number]

/** Strides, dilations and padding of a convolution. */
export interface ConvOptions {
  strides?: Pair
  dilations?: Pair
  /** Zeros around the image: [top, left, bottom, right]. */
  pads?: readonly [number, number, number, number]
}

/** Cross-correlation of [n, c, h, w] with kernels [o, c, kh, kw] -> [n, o, h', w']. */
export const convPrimitive: Primitive = {
  name: 'conv',
  evaluate([x, w], node) {
    const { strides, dilations, pads } = options(node.attrs as ConvOptions)
    const shape = node.outputs[0].shape
    const data = new Float64Array(sizeOf(shape))
    visit(shape, x.shape, w.shape, strides, dilations, pads, (o, i, k) => {
      data[o] += x.data[i] * w.data[k]
    })
    return [{ shape, data }]
  },
  emit: (e, node, inputs) => {
    const { strides, dilations, pads } = options(node.attrs as ConvOptions)
    return e.add('Conv', inputs, { strides, dilations, pads, kernel_shape: node.inputs[1].shape.slice(2) })
  },
}

/** Adjoint of `conv` in its image: [n, o, h', w'] with the kernels of the forward direction -> [n, c, h, w]. */
export const convTransposePrimitive: Primitive = {
  name: 'convTranspose',
  evaluate([g, w], node) {
    const { strides, dilations, pads } = options(node.attrs as ConvOptions)
    const shape = node.outputs[0].shape
    const data = new Float64Array(sizeOf(shape))
    visit(g.shape, shape, w.shape, strides, dilations, pads, (o, i, k) => {
      data[i] += g.data[o] * w.data[k]
    })
    return [{ shape, data }]
  },
  emit: (e, node, inputs) => {
    const { strides, dilations, pads } = options(node.attrs as ConvOptions)
    const [h, w] = node.outputs[0].shape.slice(2)
    const small = node.inputs[0].shape.slice(2)
    const kernel = node.inputs[1].shape.slice(2)
    // What strides left over at the bottom and right of the image, which the adjoint fills with zeros.
    const output_padding = [h, w].map(
      (n, i) =>
        n - ((small[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - pads[i] - pads[i + 2]),
    )
    return e.add('ConvTranspose', inputs, { strides, dilations, pads, output_padding, kernel_shape: kernel })
  },
}

function options({ strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0] }: ConvOptions) {
  return { strides, dilations, pads }
}

/** Two-dimensional convolution in the sense of neural networks: [n, c, h, w] * [o, c, kh, kw] -> [n, o, h', w']. */
export function conv(x: Tensor, w: Tensor, opts: ConvOptions = {}): Tensor {
  const { strides, dilations, pads } = options(opts)
  if (x.rank !== 4 || w.rank !== 4 || x.shape[1] !== w.shape[1] || x.dtype !== w.dtype)
    throw shapeError(
      'conv',
      `${x.dtype} ${show(x.shape)} with ${w.dtype} kernels ${show(w.shape)}: channels must agree`,
    )
  const size = [0, 1].map((i) =>
    Math.floor(
      (x.shape[i + 2] + pads[i] + pads[i + 2] - dilations[i] * (w.shape[i + 2] - 1) - 1) / strides[i] + 1,
    ),
  )
  if (size.some((n) => n < 1))
    throw shapeError('conv', `kernels ${show(w.shape)} are larger than ${show(x.shape)}`)
  return apply(convPrimitive, [x, w], [x.shape[0], w.shape[0], ...size], x.dtype, {
    strides,
    dilations,
    pads,
  })
}

/** Adjoint of `conv(., w, opts)` for images of shape [n, c, ...size]. */
export function convTranspose(g: Tensor, w: Tensor, size: Pair, opts: ConvOptions = {}): Tensor {
  const shape = [g.shape[0], w.shape[1], ...size]
  if (g.rank !== 4 || w.rank !== 4 || g.shape[1] !== w.shape[0])
    throw shapeError('convTranspose', `${show(g.shape)} with kernels ${show(w.shape)}: channels must agree`)
  return apply(convTransposePrimitive, [g, w], shape, g.dtype, { ...options(opts) })
}

/** Convolution on a latitude-longitude grid: periodic in longitude, zero beyond the poles, same size. */
export function convZonal(x: Tensor, w: Tensor): Tensor {
  const [kh, kw] = w.shape.slice(2)
  if (kh % 2 === 0 || kw % 2 === 0)
    throw shapeError('convZonal', `kernels ${show(w.shape)} have an even side`)
  const wide = padPeriodic(x, 3, (kw - 1) / 2)
  return conv(wide, w, { pads: [(kh - 1) / 2, 0, (kh - 1) / 2, 0] })
}

function visit(
  out: readonly number[],
  image: readonly number[],
  kernel: readonly number[],
  strides: Pair,
  dilations: Pair,
  pads: readonly number[],
  f: (out: number, image: number, kernel: number) => void,
) {
  const [n, o, oh, ow] = out
  const [, c, h, w] = image
  const [, , kh, kw] = kernel
  for (let b = 0; b < n; b++)
    for (let p = 0; p < o; p++)
      for (let y = 0; y < oh; y++)
        for (let x = 0; x < ow; x++)
          for (let q = 0; q < c; q++)
            for (let i = 0; i < kh; i++)
              for (let j = 0; j < kw; j++) {
                const iy = y * strides[0] + i * dilations[0] - pads[0]
                const ix = x * strides[1] + j * dilations[1] - pads[1]
                if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue
                f(
                  ((b * o + p) * oh + y) * ow + x,
                  ((b * c + q) * h + iy) * w + ix,
                  ((p * c + q) * kh + i) * kw + j,
                )
              }
}
