import { gelu, silu, squaredRelu, type Tensor } from '../../tensor/index.ts'
import type { Parameters } from '../parameters.ts'
import { dense } from './dense.ts'

/** Activations by name. */
export const activations = { squaredRelu, silu, gelu }
/** Name of an activation. */
export type Activation = keyof typeof activations

/** Widths and activation of a perceptron. */
export interface MlpOptions {
  /** Width of the hidden layer; four times that of x by default. */
  hidden?: number
  /** Squared ReLU by default: the fewest passes over memory. */
  activation?: Activation
}

/** Two dense layers with an activation between them, over the last axis: [.., width] -> the same. */
export function mlp(p: Parameters, x: Tensor, options: MlpOptions = {}): Tensor {
  const width = x.shape.at(-1) as number
  const { hidden = 4 * width, activation = 'squaredRelu' } = options
  return dense(p.scope('down'), activations[activation](dense(p.scope('up'), x, hidden)), width)
}
