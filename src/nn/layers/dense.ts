import { linear, type Tensor } from '../../tensor/index.ts'
import { type Initialiser, xavier, zeros } from '../initialisers.ts'
import type { Parameters } from '../parameters.ts'

/** Bias and initial values of a dense layer. */
export interface DenseOptions {
  bias?: boolean
  init?: Initialiser
  biasInit?: Initialiser
}

/** x W + b over the last axis: [.., k] -> [.., width]. Parameters: weight [k, width], bias [width]. */
export function dense(
  p: Parameters,
  x: Tensor,
  width: number,
  { bias = true, init = xavier(), biasInit = zeros }: DenseOptions = {},
): Tensor {
  const weight = p.get('weight', [x.shape.at(-1) as number, width], init)
  return linear(x, weight, bias ? p.get('bias', [width], biasInit) : undefined)
}
