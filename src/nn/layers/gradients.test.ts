import { describe, expect, it } from 'vitest'
import { input, type Tensor } from '../../tensor/index.ts'
import { dit, ditBlock } from '../dit.ts'
import * as nn from '../index.ts'
import { gradientError } from '../testing.ts'

const f64 = (name: string, shape: number[]) => input(name, shape, 'float64')
const p = () => new nn.Parameters({ dtype: 'float64' })
const tokens = f64('x', [2, 6, 8])
const field = f64('field', [2, 3, 4, 6])
const grid = { grid: [4, 6], window: [2, 3], heads: 2 } as const
const moved = f64('moved', [1, 24, 4])

const layers: Record<string, () => Tensor> = {
  dense: () => nn.dense(p(), tokens, 5),
  convolution: () => nn.convolution(p(), field, 2),
  'convolution with stride': () => nn.convolution(p(), field, 2, { stride: 2, kernel: 5 }),
  rmsNorm: () => nn.rmsNorm(tokens),
  scaledRmsNorm: () => nn.scaledRmsNorm(p(), tokens),
  scaledLayerNorm: () => nn.scaledLayerNorm(p(), tokens),
  selfAttention: () => nn.selfAttention(p(), tokens, { heads: 2 }),
  'selfAttention with qkNorm': () => nn.selfAttention(p(), tokens, { heads: 2, qkNorm: true }),
  crossAttention: () => nn.crossAttention(p(), tokens, f64('context', [2, 3, 5]), { heads: 4 }),
  windowAttention: () => nn.windowAttention(p(), moved, grid),
  'windowAttention shifted': () => nn.windowAttention(p(), moved, { ...grid, shift: [1, 1], qkNorm: true }),
  'mlp squaredRelu': () => nn.mlp(p(), tokens),
  'mlp silu': () => nn.mlp(p(), tokens, { activation: 'silu', hidden: 5 }),
  'mlp gelu': () => nn.mlp(p(), tokens, { activation: 'gelu', hidden: 5 }),
  patchify: () => nn.patchify(field, [2, 3]),
  unpatchify: () => nn.unpatchify(f64('patches', [2, 4, 18]), [2, 3], [4, 6]),
  timeEmbedding: () => nn.timeEmbedding(f64('t', [3]), 8),
  timeConditioning: () => nn.timeConditioning(p(), f64('t', [3]), 8),
  modulatedNorm: () => {
    const [shift, scale] = nn.modulation(p(), f64('cond', [2, 5]), 8, 2)
    return nn.modulatedNorm(tokens, shift, scale)
  },
  dropout: () => new nn.Dropout(0.3, { dtype: 'float64' }).apply('here', tokens, 'token'),
  learnedPosition: () => tokens.add(nn.learnedPosition(p(), 6, 8)),
  ditBlock: () =>
    ditBlock(p(), tokens, f64('cond', [2, 5]), f64('context', [2, 3, 4]), {
      heads: 2,
      mlp: 2,
      activation: 'silu',
    }),
  dit: () =>
    dit(p(), tokens, f64('t', [2]), f64('context', [2, 6, 4]), {
      width: 8,
      blocks: 1,
      heads: 2,
      mlp: 1,
      activation: 'silu',
    }),
}

describe('the derivative of', () => {
  it.each(Object.keys(layers))('%s agrees with central differences', (name) => {
    // All inputs, parameters among them, are random, so that no gate is zero.
    expect(gradientError(layers[name]())).toBeLessThan(1e-6)
  })
})
