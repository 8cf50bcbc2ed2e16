import { conv, padPeriodic, type Tensor } from '../../tensor/index.ts'
import { shapeError } from '../../tensor/shape.ts'
import { type Initialiser, xavier, zeros } from '../initialisers.ts'
import type { Parameters } from '../parameters.ts'

/** Kernel, stride and initial values of a convolution. */
export interface ConvolutionOptions {
  /** Side of the square kernel, odd. */
  kernel?: number
  /** Step in both directions. */
  stride?: number
  bias?: boolean
  init?: Initialiser
}

/**
 * Convolution on a latitude-longitude grid, periodic in longitude, zero beyond the poles: [batch, c, lat, lon] ->
 * [batch, channels, ceil(lat / stride), ceil(lon / stride)]. Parameters: weight [channels, c, kernel, kernel],
 * bias [channels].
 */
export function convolution(
  p: Parameters,
  x: Tensor,
  channels: number,
  { kernel = 3, stride = 1, bias = true, init = xavier() }: ConvolutionOptions = {},
): Tensor {
  if (kernel % 2 === 0) throw shapeError('convolution', `the kernel's side ${kernel} is even; it must be odd`)
  const weight = p.get('weight', [channels, x.shape[1], kernel, kernel], init)
  const half = (kernel - 1) / 2
  const y = conv(padPeriodic(x, 3, half), weight, { strides: [stride, stride], pads: [half, 0, half, 0] })
  return bias ? y.add(p.get('bias', [channels], zeros).reshape(1, channels, 1, 1)) : y
}
