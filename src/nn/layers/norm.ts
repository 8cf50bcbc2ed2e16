import { layerNorm, type Tensor } from '../../tensor/index.ts'
import { ones, zeros } from '../initialisers.ts'
import type { Parameters } from '../parameters.ts'

/** x / sqrt(mean(x^2) + eps) over the last axis (Zhang & Sennrich 2019, eq. 4), without a scale. */
export function rmsNorm(x: Tensor, eps = 1e-6): Tensor {
  const power = x.sumSquare(-1, { keep: true }).mul(1 / (x.shape.at(-1) as number))
  return x.mul(power.add(eps).sqrt().reciprocal())
}

/** RMS normalisation with a learned scale [width], 1 at first. */
export function scaledRmsNorm(p: Parameters, x: Tensor, eps = 1e-6): Tensor {
  return rmsNorm(x, eps).mul(p.get('scale', [x.shape.at(-1) as number], ones))
}

/** Layer normalisation (Ba et al. 2016) with learned scale and shift, both [width]. */
export function scaledLayerNorm(p: Parameters, x: Tensor, eps = 1e-6): Tensor {
  const width = [x.shape.at(-1) as number]
  return layerNorm(x, eps)
    .mul(p.get('scale', width, ones))
    .add(p.get('shift', width, zeros))
}
