import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { input, Runtime } from '../../tensor/index.ts'
import { dense, type FitOptions, fit, Parameters, readMetrics, type Weights } from '../index.ts'

let folder: string
let runtime: Runtime
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-'))
  runtime = new Runtime({ device: 'cpu', threads: 1 })
})
afterAll(async () => {
  await runtime.close()
  await rm(folder, { recursive: true })
})

/** A linear network drawn away from another like it, which follows it every `refreshEvery` steps. */
function chased(refreshEvery: number | undefined, more: Partial<FitOptions> = {}): FitOptions {
  const [p, other] = [new Parameters(), new Parameters({ prefix: 'other.' })]
  const x = input('x', [4, 2])
  const apart = dense(p, x, 2).sub(dense(other, x, 2))
  const weights = other.initialise(3)
  return {
    ...{ runtime, parameters: p, loss: apart.sub(1).square().mean(), initial: weights, steps: 24, seed: 1 },
    ...{ rate: 0.05, optimiser: { decay: 0 }, logEvery: 1, checkpointEvery: 5 },
    frozen: [{ parameters: other, weights, refreshEvery }],
    data: { batch: (i) => ({ x: Float32Array.from({ length: 8 }, (_, k) => Math.sin(3 * i + k)) }) },
    ...more,
  }
}
const bias = (weights: Weights) => Math.hypot(...(weights.get('bias')!.data as Float32Array))

it('a network that is refreshed sets the loss back to where it began', async () => {
  const losses = async (every: number | undefined) => {
    const run = join(folder, `every-${every}`)
    await fit(chased(every, { folder: run }))
    return (await readMetrics(join(run, 'metrics.jsonl'))).map((line) => line.loss as number)
  }
  const [still, moving] = [await losses(undefined), await losses(8)]
  expect(moving.slice(0, 8)).toEqual(still.slice(0, 8))
  expect(moving[7]).toBeLessThan(0.8)
  // Equal networks: the loss is (0 - 1)^2.
  for (const step of [0, 8, 16]) expect(moving[step]).toBe(1)
  expect(still.at(-1) as number).toBeLessThan(0.2)
})

it('a run with a refreshed network goes on to the same bits', async () => {
  const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')]
  await fit(chased(8, { folder: whole }))
  const stop = new AbortController()
  const plain = chased(8)
  const batch = (i: number) => {
    if (i === 13) stop.abort()
    return plain.data.batch(i)
  }
  const first = await fit(chased(8, { folder: cut, signal: stop.signal, data: { batch } }))
  expect([first.stopped, first.step > 8, first.step < 16]).toEqual(['aborted', true, true])
  await fit(chased(8, { folder: cut }))
  for (const name of ['checkpoint.safetensors', 'weights.safetensors', 'metrics.jsonl'])
    expect((await readFile(join(cut, name))).equals(await readFile(join(whole, name)))).toBe(true)
  await expect(fit(chased(4, { folder: cut }))).rejects.toThrow('refreshEvery [8], here it is [4]')
})

it('scores of the host decide which weights are best, those training began from among them', async () => {
  const run = join(folder, 'scored')
  const seen: number[] = []
  const scored = (criterion: (scores: Readonly<Record<string, number>>) => number, more = {}) => {
    const options = chased(undefined, more)
    const score = async (weights: Weights, step: number) => {
      seen.push(step)
      return { bias: bias(weights) }
    }
    const data = { batch: () => options.data.batch(100) }
    const validation = { data, batches: 1, every: 4, patience: 2, atStart: true, score, criterion }
    return fit({ ...options, validation })
  }
  // The bias grows from 0 as the network moves away: the smaller it is to be, the better the beginning.
  const start = await scored(({ bias }) => bias, { folder: run })
  expect(start.best).toEqual({ loss: 0, step: 0 })
  expect([start.stopped, start.step, seen.join()]).toEqual(['early', 8, '0,4,8'])
  expect(start.weights).toEqual(chased(undefined).initial)
  const lines = (await readMetrics(join(run, 'metrics.jsonl'))).filter((l) => l.validation)
  expect(lines.map((l) => l.step)).toEqual([0, 4, 8])
  expect(lines[1].validation).toEqual({ loss: expect.any(Number), bias: expect.any(Number) })

  const end = await scored(({ bias }) => -bias)
  expect([end.stopped, end.best?.step]).toEqual(['finished', 24])
  expect(bias(end.weights)).toBeCloseTo(-(end.best?.loss as number), 6)
})

it('what was scored before the first step is still there after a run that stopped at once', async () => {
  const [whole, cut] = [join(folder, 'scored-whole'), join(folder, 'scored-cut')]
  const options = (run: string, signal?: AbortSignal) => {
    const given = chased(undefined, { folder: run, steps: 6, signal })
    const score = async (weights: Weights) => ({ bias: bias(weights) })
    const data = { batch: () => given.data.batch(100) }
    return { ...given, validation: { data, batches: 1, every: 3, atStart: true, score } }
  }
  await fit(options(whole))
  expect(await fit(options(cut, AbortSignal.abort()))).toMatchObject({ stopped: 'aborted', step: 0 })
  await fit(options(cut))
  for (const name of ['metrics.jsonl', 'best.safetensors', 'weights.safetensors'])
    expect((await readFile(join(cut, name))).equals(await readFile(join(whole, name)))).toBe(true)
})
