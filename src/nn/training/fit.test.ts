import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, DataError, FormatError, ShapeError } from '../../base/errors.ts'
import { input, Runtime } from '../../tensor/index.ts'
import {
  dense,
  type FitOptions,
  fit,
  initialisers,
  loadWeights,
  Parameters,
  readMetrics,
  saveWeights,
} from '../index.ts'
import { sampleOrder } from './data.ts'
import { tiny } from './testing/tiny.ts'

let folder: string
let runtime: Runtime
const path = (...names: string[]) => join(folder, ...names)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-'))
  runtime = new Runtime({ device: 'cpu', threads: 1 })
})
afterAll(async () => {
  await runtime.close()
  await rm(folder, { recursive: true })
})

/** y = x W fitted by a linear network; batches are exact, so the answer is W. */
function linear(options: Partial<FitOptions> & { scale?: (index: number) => number } = {}): FitOptions {
  const { scale = () => 1, ...rest } = options
  const p = new Parameters()
  const [x, y] = [input('x', [4, 2]), input('y', [4, 2])]
  const loss = dense(p, x, 2).sub(y).square().mean()
  const batch = (index: number) => {
    const s = scale(index)
    const values = Float32Array.from({ length: 8 }, (_, i) => s * Math.cos(3 * index + 5 * i))
    return { x: values, y: values.map((v, i) => (i % 2 ? -2 * v + 1 : 3 * v + values[i + 1])) }
  }
  const describe = (index: number) => `file ${index}.nc`
  return {
    ...{ runtime, parameters: p, loss, data: { batch, describe }, steps: 250, seed: 1 },
    ...{ optimiser: { decay: 0 }, rate: { rate: 0.1, warmup: 10 }, ...rest },
  }
}

describe('fit', () => {
  it('finds the weights of a linear map', async () => {
    const { weights, stopped } = await fit(linear())
    expect(stopped).toBe('finished')
    const close = (name: string, expected: number[]) =>
      [...(weights.get(name)!.data as Float32Array)].forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i], 3)
      })
    close('weight', [3, 0, 1, -2])
    close('bias', [0, 1])
  })

  it('keeps the moving average of a constant, and other networks as they are', async () => {
    const other = new Parameters({ prefix: 'reference.' })
    const p = new Parameters()
    const x = input('x', [1, 2])
    const target = dense(other, x, 2)
    const loss = dense(p, x, 2).sub(target).square().sum()
    const weights = other.initialise(8)
    const options = {
      ...{ runtime, parameters: p, loss, steps: 30, seed: 1, rate: 0.1, optimiser: { decay: 0 } },
      ...{ data: { batch: () => ({ x: new Float32Array([1, 2]) }) }, initial: weights, ema: { every: 2 } },
      frozen: [{ parameters: other, weights }],
    }
    // The network is its reference already: the gradient is zero and nothing moves.
    const result = await fit(options)
    for (const [name, { data }] of weights) expect(result.weights.get(name)!.data).toEqual(data)
  })

  it('logs means over steps, and returns the best weights when validation stops it early', async () => {
    const run = path('early')
    // The targets of validation are those of step 40 of a fit that goes on: the loss falls, then rises.
    const half = await fit(linear({ steps: 40, rate: { rate: 0.02, steps: Infinity } }))
    const training = linear({
      folder: run,
      steps: 400,
      rate: { rate: 0.02, steps: Infinity },
      logEvery: 5,
    })
    const target = input('z', [2, 2])
    const distance = training.parameters.tensors.get('weight')!.sub(target).square().sum()
    const z = half.weights.get('weight')!
    const result = await fit({
      ...training,
      validation: { every: 8, batches: 1, patience: 2, loss: distance, data: { batch: () => ({ z }) } },
    })
    expect(result.stopped).toBe('early')
    expect([result.step, result.best]).toEqual([56, { loss: 0, step: 40 }])
    expect(result.weights.get('weight')!.data).toEqual(z.data)
    const saved = await loadWeights(join(run, 'weights.safetensors'))
    expect(saved.metadata.step).toBe('40')
    expect(saved.weights.get('weight')).toEqual(z)

    const lines = await readMetrics(join(run, 'metrics.jsonl'))
    const every = path('every')
    await fit(linear({ folder: every, steps: 5, rate: { rate: 0.02, steps: Infinity }, logEvery: 1 }))
    const losses = (await readMetrics(join(every, 'metrics.jsonl'))).map((line) => line.loss as number)
    expect(lines[0].step).toBe(5)
    expect(lines[0].loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 6)
    expect(lines.filter((l) => l.validation).map((l) => l.step)).toEqual([8, 16, 24, 32, 40, 48, 56])
    // A run that was stopped early stays so.
    const again = await fit({
      ...training,
      validation: { every: 8, batches: 1, patience: 2, loss: distance, data: { batch: () => ({ z }) } },
    })
    expect([again.stopped, again.step]).toEqual(['early', 56])
  })
})

describe('training that cannot go on', () => {
  it('names the step and the batch with a loss that is no number, and keeps the last checkpoint', async () => {
    const run = path('nan')
    const broken = linear({
      steps: 30,
      folder: run,
      checkpointEvery: 4,
      scale: (i) => (i === 10 ? Number.NaN : 1),
    })
    const error = await fit(broken).catch((e: Error) => e)
    expect(error).toBeInstanceOf(DataError)
    expect((error as Error).message).toBe(
      `step 11: the loss became NaN in batch 10 (file 10.nc); the checkpoint of step 8 is in ${run}`,
    )
    expect((await readdir(run)).sort()).toEqual(['checkpoint.safetensors', 'metrics.jsonl'])
    // With the data repaired it goes on from there and ends as if nothing had been wrong.
    const { weights } = await fit(linear({ steps: 30, folder: run, checkpointEvery: 4 }))
    const whole = await fit(linear({ steps: 30 }))
    for (const [name, t] of whole.weights) expect(weights.get(name)).toEqual(t)
  })

  it('names a gradient that is infinite where the loss is not', async () => {
    const p = new Parameters()
    const x = input('x', [1])
    const w = p.get('w', [1], initialisers.zeros)
    const options = {
      ...{ runtime, parameters: p, loss: w.mul(x).abs().sqrt().sum(), steps: 3, seed: 1, rate: 0.1 },
      data: { batch: () => ({ x: Float32Array.of(1) }) },
    }
    await expect(fit(options)).rejects.toThrow(
      /step 1: the gradients' norm became (NaN|Infinity) in batch 0, where the loss is 0; no checkpoint had been written/,
    )
  })

  it('passes on what the data source says, with the batch', async () => {
    const options = linear({
      scale: (i) => {
        if (i === 3) throw new DataError('file 3.nc is missing')
        return 1
      },
    })
    await expect(fit(options)).rejects.toThrow('batch 3: file 3.nc is missing')
  })
})

describe('a checkpoint is refused', () => {
  const run = () => path('run')
  const checkpoint = () => path('run', 'checkpoint.safetensors')
  const short = (more: Parameters_<typeof tiny>[1] = {}) =>
    tiny(runtime, { folder: run(), steps: 14, ...more })
  let good: Buffer
  beforeAll(async () => {
    await fit(short({ architecture: { heads: 2 } }))
    good = await readFile(checkpoint())
  })

  it.each([
    ['another width', { hidden: 10 }, ShapeError, 'up.bias is [12] instead of [10]'],
    [
      'another architecture',
      { architecture: { heads: 4 } },
      ShapeError,
      '{"heads":2}, here it is {"heads":4}',
    ],
    ['another seed', { architecture: { heads: 2 }, seed: 6 }, ConfigError, 'seed "5", here it is "6"'],
    [
      'no average',
      { architecture: { heads: 2 }, ema: undefined },
      ShapeError,
      'ema.down.bias [4] is unknown',
    ],
  ])('of %s', async (_, more, type, message) => {
    const error = await fit(short(more)).catch((e: Error) => e)
    expect(error).toBeInstanceOf(type)
    expect((error as Error).message).toContain(checkpoint())
    expect((error as Error).message).toContain(message)
    expect(good.equals(await readFile(checkpoint()))).toBe(true)
  })

  it('that is truncated or another file', async () => {
    await truncate(checkpoint(), (await stat(checkpoint())).size - 4)
    await expect(fit(short())).rejects.toThrow(FormatError)
    await expect(fit(short())).rejects.toThrow('truncated')
    await saveWeights(checkpoint(), new Parameters().initialise(1))
    await expect(fit(short())).rejects.toThrow('no checkpoint of training')
    await writeFile(checkpoint(), good)
    expect((await fit(short({ architecture: { heads: 2 } }))).step).toBe(14)
  })
})

describe('the order of samples', () => {
  it('visits every sample once an epoch, in another order each time, from any batch on', () => {
    const order = sampleOrder(3, 10, 4)
    const all = Array.from({ length: 5 }, (_, i) => order(i)).flat()
    const sorted = (from: number) => all.slice(from, from + 10).sort((a, b) => a - b)
    expect(sorted(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(sorted(10)).toEqual(sorted(0))
    expect(all.slice(0, 10)).not.toEqual(all.slice(10))
    expect(sampleOrder(3, 10, 4)(3)).toEqual(all.slice(12, 16))
    expect(sampleOrder(4, 10, 4)(0)).not.toEqual(all.slice(0, 4))
  })
})

type Parameters_<F extends (...args: never[]) => unknown> = F extends (...args: infer A) => unknown
  ? A
  : never
