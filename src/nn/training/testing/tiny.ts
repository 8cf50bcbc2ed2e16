import { setTimeout } from 'node:timers/promises'
import { stream } from '../../../random/stream.ts'
import { input, type Runtime } from '../../../tensor/index.ts'
import { Dropout } from '../../layers/dropout.ts'
import { mlp } from '../../layers/mlp.ts'
import { Parameters } from '../../parameters.ts'
import { sampleOrder } from '../data.ts'
import type { FitOptions } from '../fit.ts'

/** A small regression with everything that has state: moments, averages, accumulation, dropout, validation. */
export function tiny(
  runtime: Runtime,
  options: Partial<FitOptions> & { hidden?: number; pause?: number; seen?: (index: number) => void } = {},
): FitOptions {
  const { hidden = 12, pause = 0, seen = () => {}, ...rest } = options
  const [x, y] = [input('x', [8, 4]), input('y', [8, 4])]
  const p = new Parameters()
  const dropout = new Dropout(0.1)
  const loss = (t: typeof x) => t.sub(y).square().mean()
  const evaluated = mlp(p, x, { hidden })
  const trained = mlp(p, dropout.apply('x', x), { hidden })
  const samples = stream(1, 'samples').normal(new Float32Array(50 * 4))
  const order = sampleOrder(2, 50, 8)
  const batch = (chosen: number[]) => {
    const inputs = Float32Array.from(chosen.flatMap((i) => [...samples.subarray(4 * i, 4 * i + 4)]))
    return { x: inputs, y: inputs.map((v, i) => Math.sin(3 * v) + inputs[i ^ 1]) }
  }
  return {
    ...{ runtime, parameters: p, loss: loss(trained), metrics: { size: trained.abs().mean() } },
    ...{ seed: 5, steps: 60, accumulate: 2, clip: 0.5, ema: { decay: 0.9, every: 3 } },
    rate: { rate: 0.01, warmup: 5, floor: 0.1 },
    data: {
      batch: async (index) => {
        await setTimeout(pause)
        seen(index)
        return { ...batch(order(index)), ...dropout.feeds(5, index) }
      },
      describe: (index) => `samples ${order(index).join(' ')}`,
    },
    validation: {
      ...{ every: 4, batches: 2, loss: loss(evaluated) },
      data: { batch: (i) => batch([0, 1, 2, 3, 4, 5, 6, 7].map((k) => 8 * i + k)) },
    },
    ...{ checkpointEvery: 7, logEvery: 3, ...rest },
  }
}
