import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Series } from '../io/series.ts'
import type { HostTensor, Runtime } from '../tensor/index.ts'
import { compile, input } from '../tensor/index.ts'

/** Weights of the linear maps of encoder and decoder by parameter name. */
export type LinearWeights = Record<
  'linear.weight' | 'linear.bias' | 'inverse.weight' | 'inverse.bias',
  HostTensor
>

/**
 * The principal components of the patches of every row: the best linear autoencoder of `keep` numbers a patch
 * (Eckart & Young 1936), which training starts from.
 */
export async function principalComponents(
  runtime: Runtime,
  series: Series,
  [a, b]: readonly [number, number],
  keep: number,
): Promise<LinearWeights> {
  const [lat, lon] = [series.grid.latitude.length, series.grid.longitude.length]
  const channels = series.channels.length
  const [rows, columns, k] = [lat / a, lon / b, channels * a * b]
  const block = Math.min(64, series.times.length)
  const x = input('x', [rows, block * columns, k])
  const moments = await runtime.load(
    compile({ products: x.matmul(x, { transA: true }), sums: x.sum(1) }, { name: 'covariance' }),
  )
  const products = new Float64Array(rows * k * k)
  const sums = new Float64Array(rows * k)
  let count = 0
  for (let t = 0; t + block <= series.times.length; t += block) {
    const out = await moments.run({ x: patchesByRow(series, t, block, [a, b]) })
    out.products.data.forEach((v, i) => {
      products[i] += Number(v)
    })
    out.sums.data.forEach((v, i) => {
      sums[i] += Number(v)
    })
    count += block * columns
  }
  await moments.release()

  const encode = new Float32Array(rows * k * keep)
  const decode = new Float32Array(rows * keep * k)
  const encodeBias = new Float32Array(rows * keep)
  const decodeBias = new Float32Array(rows * k)
  for (let r = 0; r < rows; r++) {
    const mean = sums.subarray(r * k, (r + 1) * k).map((s) => s / count)
    const covariance = new Matrix(k, k)
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++)
        covariance.set(i, j, products[(r * k + i) * k + j] / count - mean[i] * mean[j])
    const { eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true })
    for (let c = 0; c < keep; c++) {
      // Eigenvalues come in ascending order. The sign that makes the largest entry positive keeps runs comparable.
      const vector = eigenvectorMatrix.getColumn(k - 1 - c)
      const largest = vector.reduce((m, v) => (Math.abs(v) > Math.abs(m) ? v : m), 0)
      let offset = 0
      for (let i = 0; i < k; i++) {
        const v = largest < 0 ? -vector[i] : vector[i]
        encode[(r * k + i) * keep + c] = v
        decode[(r * keep + c) * k + i] = v
        offset += v * mean[i]
      }
      encodeBias[r * keep + c] = -offset
    }
    decodeBias.set(mean, r * k)
  }
  const tensor = (shape: number[], data: Float32Array): HostTensor => ({ dtype: 'float32', shape, data })
  return {
    'linear.weight': tensor([rows, k, keep], encode),
    'linear.bias': tensor([rows, 1, keep], encodeBias),
    'inverse.weight': tensor([rows, keep, k], decode),
    'inverse.bias': tensor([rows, 1, k], decodeBias),
  }
}

/** Patches of `count` states from `start`, row by row: [rows, count * columns, channel a b]. */
function patchesByRow(
  series: Series,
  start: number,
  count: number,
  [a, b]: readonly [number, number],
): Float32Array {
  const [lat, lon] = [series.grid.latitude.length, series.grid.longitude.length]
  const channels = series.channels.length
  const columns = lon / b
  const out = new Float32Array(count * series.stateSize)
  let to = 0
  for (let r = 0; r < lat / a; r++)
    for (let t = start; t < start + count; t++) {
      const state = series.at(t)
      for (let column = 0; column < columns; column++)
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < a; i++) {
            const from = (c * lat + r * a + i) * lon + column * b
            for (let j = 0; j < b; j++) out[to++] = state[from + j]
          }
    }
  return out
}
