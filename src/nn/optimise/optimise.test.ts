import { describe, expect, it } from 'vitest'
import { stream } from '../../random/stream.ts'
import { evaluate } from '../../tensor/evaluate.ts'
import { constant, input, Runtime } from '../../tensor/index.ts'
import { ones, truncatedNormal } from '../initialisers.ts'
import { Parameters } from '../parameters.ts'
import { clipFactor, globalNorm } from './clip.ts'
import { emaTake } from './ema.ts'
import { learningRate, schedule } from './schedule.ts'
import { type TrainStepOptions, trainStep } from './trainStep.ts'

const N = 6
/** loss = sum of (w - target)^4 over a matrix that decays and a vector that does not. */
function quartic(options: Partial<TrainStepOptions> = {}) {
  const parameters = new Parameters({ dtype: 'float64' })
  const target = input('target', [N], 'float64')
  const all = parameters
    .get('a', [2, 2], ones)
    .reshape(4)
    .mul(constant([1, 1, 0, 0], { dtype: 'float64' }))
  const parts = [all, parameters.get('b', [2], truncatedNormal(1))]
  const difference = [parts[0].sub(target.slice([0, 4])), parts[1].sub(target.slice([4, 6]))]
  const loss = difference.map((d) => d.square().square().sum()).reduce((x, y) => x.add(y))
  return { parameters, step: trainStep({ parameters, loss, ...options }) }
}

/** Loshchilov & Hutter 2019, algorithm 2, line by line, with the schedule multiplier in alpha. */
class Reference {
  m = new Float64Array(N)
  v = new Float64Array(N)
  t = 0
  update(
    theta: Float64Array,
    gradient: Float64Array,
    alpha: number,
    decays: (i: number) => boolean,
    lambda: number,
  ) {
    const [beta1, beta2, epsilon] = [0.8, 0.95, 1e-3]
    this.t++
    for (let i = 0; i < N; i++) {
      this.m[i] = beta1 * this.m[i] + (1 - beta1) * gradient[i]
      this.v[i] = beta2 * this.v[i] + (1 - beta2) * gradient[i] ** 2
      const mHat = this.m[i] / (1 - beta1 ** this.t)
      const vHat = this.v[i] / (1 - beta2 ** this.t)
      theta[i] -= (alpha * mHat) / (Math.sqrt(vHat) + epsilon) + (decays(i) ? alpha * lambda * theta[i] : 0)
    }
  }
}

const gradientOf = (theta: Float64Array, target: Float64Array) =>
  theta.map((w, i) => (i < 2 || i > 3 ? 4 * (w - target[i]) ** 3 : 0))

describe('AdamW', () => {
  const optimiser = { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, decay: 0.1 }

  it.each([
    { clip: Number.POSITIVE_INFINITY, accumulate: 1 },
    { clip: 2, accumulate: 1 },
    { clip: 2, accumulate: 3 },
  ])(
    'is the published algorithm with clipping at $clip over $accumulate batches',
    async ({ clip, accumulate }) => {
      const { parameters, step } = quartic({ optimiser, clip, accumulate })
      await using runtime = new Runtime({ device: 'cpu', threads: 1 })
      const store = await runtime.createStore()
      const initial = parameters.initialise(3)
      await store.put({ ...parameters.feeds(initial), ...step.state() })
      const batch = await runtime.load(step.batch.program, { store, updates: step.batch.updates })
      const update =
        step.update && (await runtime.load(step.update.program, { store, updates: step.update.updates }))

      const theta = Float64Array.from([...initial.values()].flatMap((t) => [...(t.data as Float64Array)]))
      const reference = new Reference()
      const plan = schedule({ rate: 0.1, warmup: 3, steps: 20, floor: 0.1 })
      let clipped = 0
      for (let t = 1; t <= 20; t++) {
        const rate = learningRate(plan, t)
        const mean = new Float64Array(N)
        let norm = 0
        for (let i = 0; i < accumulate; i++) {
          const target = stream(1, 'target', t, i).normal(new Float64Array(N))
          gradientOf(theta, target).forEach((g, k) => {
            mean[k] += g / accumulate
          })
          const feeds = { target, ...step.accumulation(i), ...(update ? {} : step.scalars(rate, t)) }
          const out = await batch.run(feeds)
          if (!update) norm = Number(out.gradientNorm.data[0])
        }
        if (update) norm = Number((await update.run(step.scalars(rate, t))).gradientNorm.data[0])
        expect(norm).toBeCloseTo(Math.hypot(...mean), 10)
        if (norm > clip) clipped++
        const scaled = mean.map((g) => g * Math.min(1, clip / Math.hypot(...mean)))
        reference.update(theta, scaled, rate, (i) => i < 4, 0.1)
        const now = await store.take(['a', 'b'])
        const ours = [...(now.a.data as Float64Array), ...(now.b.data as Float64Array)]
        ours.forEach((w, i) => {
          expect(Math.abs(w - theta[i])).toBeLessThan(1e-12)
        })
      }
      expect(clipped > 0).toBe(clip < Number.POSITIVE_INFINITY)
    },
  )

  it('leaves parameters that are not trainable as they are', () => {
    const { step } = quartic({ trainable: (name) => name === 'b' })
    expect(Object.values(step.batch.updates)).toEqual(['b', 'moment1.b', 'moment2.b'])
    expect(() => quartic({ trainable: () => false })).toThrow('no parameter is trainable')
  })

  it('refuses what cannot be meant', () => {
    const vector = new Parameters().get('w', [3], ones)
    expect(() => trainStep({ parameters: new Parameters(), loss: vector })).toThrow('loss has shape [3]')
    expect(() => quartic({ optimiser: { beta1: 1 } })).toThrow('beta1 1')
    expect(() => quartic({ accumulate: 0.5 })).toThrow('accumulation of 0.5')
    expect(() => quartic({ clip: 0 })).toThrow('clipped at 0')
  })
})

describe('clipping', () => {
  it('scales long gradients to the limit and leaves short ones exactly', () => {
    const gradients = [input('a', [2], 'float64'), input('b', [1], 'float64')]
    const norm = globalNorm(gradients)
    const factor = (a: number[], b: number, limit: number) =>
      evaluate(
        [norm, clipFactor(norm, limit)],
        new Map([
          [gradients[0], { shape: [2], data: Float64Array.from(a) }],
          [gradients[1], { shape: [1], data: Float64Array.of(b) }],
        ]),
      ).map((v) => v.data[0])
    expect(factor([2, 3], 6, 3.5)).toEqual([7, 0.5])
    expect(factor([0.2, 0.3], 0.6, 0.7000001)[1]).toBe(1)
    expect(factor([0, 0], 0, 1)).toEqual([0, 1])
  })
})

describe('the schedule', () => {
  const plan = schedule({ rate: 2, warmup: 4, steps: 12, floor: 0.25 })

  it('rises in a line, falls as a cosine and stays at its floor', () => {
    expect([1, 2, 3, 4].map((t) => learningRate(plan, t))).toEqual([0.5, 1, 1.5, 2])
    expect(learningRate(plan, 8)).toBeCloseTo((2 + 0.5) / 2, 12)
    expect(learningRate(plan, 6)).toBeCloseTo(0.5 + 1.5 * Math.cos(Math.PI / 8) ** 2, 12)
    expect([12, 100].map((t) => learningRate(plan, t))).toEqual([0.5, 0.5])
    expect(learningRate(schedule({ rate: 3, steps: Infinity }), 1e6)).toBe(3)
  })

  it('refuses a warm-up longer than itself and rates that are none', () => {
    expect(() => schedule({ rate: 1, warmup: 5, steps: 4 })).toThrow('warm-up of 5 steps')
    expect(() => schedule({ rate: Number.NaN, steps: 4 })).toThrow('learning rate NaN')
    expect(() => schedule({ rate: 1, steps: 4, floor: 2 })).toThrow('floor 2')
  })
})

it('the moving average taken every k steps forgets as much as k averages', () => {
  const average = { decay: 0.99, every: 5 }
  expect(emaTake(average, 100_000)).toBeCloseTo(1 - 0.99 ** 5, 12)
  expect(emaTake(average, 5)).toBeCloseTo(1 - (6 / 15) ** 5, 12)
})
