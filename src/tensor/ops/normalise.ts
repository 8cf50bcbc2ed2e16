import { addNode, apply, type Primitive, type Tensor, type Values } from '../graph.ts'
import { normaliseAxis, shapeError, show } from '../shape.ts'
import { onnxTypes } from './elementwise.ts'

/** exp(x) / sum(exp(x)) along the last axis. */
export const softmaxPrimitive: Primitive = {
  name: 'softmax',
  evaluate: ([x], node) => [
    rows(x, node.outputs[0].shape, (row) => {
      const top = row.reduce((a, b) => Math.max(a, b), -Infinity)
      const e = row.map((v) => Math.exp(v - top))
      const sum = e.reduce((a, b) => a + b, 0)
      return e.map((v) => v / sum)
    }),
  ],
  emit: (e, _, inputs) => e.add('Softmax', inputs, { axis: -1 }),
}

/** Softmax along the last axis. */
export function softmax(x: Tensor, axis = -1): Tensor {
  if (normaliseAxis('softmax', axis, x.rank) !== x.rank - 1)
    throw shapeError('softmax', `works along the last axis of ${show(x.shape)}; transpose first`)
  return apply(softmaxPrimitive, [x], x.shape)
}

/** (x - mean) / sqrt(var + eps) over the last axis, and 1 / sqrt(var + eps), which its derivative needs. */
export const layerNormPrimitive: Primitive = {
  name: 'layerNorm',
  evaluate([x], node) {
    const eps = node.attrs.eps as number
    const inverse: number[] = []
    const y = rows(x, x.shape, (row) => {
      const mean = row.reduce((a, b) => a + b, 0) / row.length
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length
      const inv = 1 / Math.sqrt(variance + eps)
      inverse.push(inv)
      return row.map((v) => (v - mean) * inv)
    })
    return [y, { shape: node.outputs[1].shape, data: Float64Array.from(inverse) }]
  },
  emit(e, node, [x]) {
    const { dtype, shape } = node.outputs[0]
    const width = shape.at(-1) as number
    const scale = e.add('Expand', [e.scalar(dtype, 1), e.ints([width])])[0]
    const eps = { axis: -1, epsilon: { float: node.attrs.eps as number } }
    if (dtype !== 'float64') {
      if (!e.used(node)[1]) return [e.add('LayerNormalization', [x, scale], eps)[0], '']
      const [y, , inverse] = e.add('LayerNormalization', [x, scale], eps, 3)
      // The optional outputs are float32 whatever the input is.
      return [y, dtype === 'float32' ? inverse : e.add('Cast', [inverse], { to: onnxTypes[dtype] })[0]]
    }
    // Those and the attribute epsilon are too coarse to check derivatives with.
    const centred = e.add('Sub', [x, e.add('ReduceMean', [x], { axes: [-1], keepdims: 1 })[0]])[0]
    const variance = e.add('ReduceMean', [e.add('Mul', [centred, centred])[0]], {
      axes: [-1],
      keepdims: 1,
    })[0]
    const root = e.add('Sqrt', [e.add('Add', [variance, e.scalar(dtype, node.attrs.eps as number)])[0]])[0]
    const inverse = e.add('Reciprocal', [root])[0]
    return [e.add('Mul', [centred, inverse])[0], inverse]
  },
}

/** x with mean 0 and variance 1 along the last axis (Ba et al. 2016), without scale and shift. */
export function layerNorm(x: Tensor, eps = 1e-6): Tensor {
  const inverse = [...x.shape.slice(0, -1), 1]
  return addNode(layerNormPrimitive, [x], { eps }, [x, { shape: inverse, dtype: x.dtype }]).outputs[0]
}

function rows(x: Values, shape: readonly number[], f: (row: Float64Array) => Float64Array): Values {
  const width = shape.at(-1) ?? 1
  const data = new Float64Array(x.data.length)
  for (let o = 0; o < data.length; o += width) data.set(f(x.data.subarray(o, o + width)), o)
  return { shape, data }
}
