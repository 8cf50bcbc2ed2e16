import { expect, it } from 'vitest'
import { stream } from '../random/stream.ts'
import { evaluate } from '../tensor/evaluate.ts'
import { input } from '../tensor/index.ts'
import { latentStatistics } from './backgrounds.ts'
import { incrementVariances, latentTarget } from './target.ts'

const [d, h, w, n] = [3, 2, 4, 4000]
const shape = [d, h, w] as const
const size = d * h * w

/** Background errors that are correlated between channels, otherwise in each row. */
function pairs() {
  const background = stream(1, 'background').normal(new Float32Array(n * size))
  const white = stream(1, 'errors').normal(new Float32Array(n * size))
  const truth = background.slice()
  for (let k = 0; k < n; k++)
    for (let r = 0; r < h; r++)
      for (let x = 0; x < w; x++) {
        const at = (c: number) => ((k * d + c) * h + r) * w + x
        truth[at(0)] += 2 * white[at(0)]
        truth[at(1)] += (r ? 1.5 : -0.5) * white[at(0)] + 0.3 * white[at(1)]
        truth[at(2)] += 0.1 * white[at(2)]
      }
  return { background, truth }
}

const { background, truth } = pairs()
const statistics = latentStatistics({ background, truth }, shape, 'covariance')
const [u, z, z_b] = ['u', 'z', 'zb'].map((name) => input(name, [n, ...shape]))
const target = latentTarget('increment', statistics, shape)
const values = (data: Float32Array) => ({ shape: [n, ...shape], data: Float64Array.from(data) })

it('whitens increments by the covariance of their row', () => {
  const [{ data }] = evaluate(
    [target.encode(z, z_b)],
    new Map([
      [z, values(truth)],
      [z_b, values(background)],
    ]),
  )
  for (let r = 0; r < h; r++)
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++) {
        let sum = 0
        for (let k = 0; k < n; k++)
          for (let x = 0; x < w; x++)
            sum += data[((k * d + a) * h + r) * w + x] * data[((k * d + b) * h + r) * w + x]
        // The very sample the covariance was estimated from: white up to float32.
        expect(sum / (n * w)).toBeCloseTo(a === b ? 1 : 0, 4)
      }
})

it('is undone by decoding', () => {
  const encoded = target.encode(z, z_b)
  const [{ data }] = evaluate(
    [target.decode(encoded, z_b)],
    new Map([
      [z, values(truth)],
      [z_b, values(background)],
    ]),
  )
  expect(Math.max(...data.map((v, i) => Math.abs(v - truth[i])))).toBeLessThan(1e-5)
})

it('knows the variance each white channel stands for', () => {
  const variances = incrementVariances(statistics, shape)
  let total = 0
  for (let i = 0; i < truth.length; i++) total += (truth[i] - background[i]) ** 2
  // The trace of the covariances is the mean squared increment, whatever the axes.
  const trace = variances.reduce((a, b) => a + b, 0) / h
  expect(trace / (total / (n * h * w))).toBeCloseTo(1, 4)
})

it('decodes silence to the background', () => {
  const [{ data }] = evaluate(
    [target.decode(u, z_b)],
    new Map([
      [u, values(new Float32Array(n * size))],
      [z_b, values(background)],
    ]),
  )
  expect([...data.slice(0, 50)]).toEqual([...background.slice(0, 50)].map(Number))
})
