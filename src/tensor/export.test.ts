import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as web from 'onnxruntime-web'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromFloat16, toFloat16 } from '../base/float16.ts'
import { stream } from '../random/stream.ts'
import { type ExportOptions, exportOnnx } from './export.ts'
import { compile, type HostTensor, input, layerNorm, linear, Runtime, scan, silu } from './index.ts'
import { relativeError } from './testing/derivatives.ts'
import { python3, withoutPythonOnnx } from './testing/onnx-checker.ts'

const draw = (name: string, n: number) => stream(9, name).normal(new Float32Array(n))
const weight = (name: string, shape: readonly number[]): HostTensor => ({
  dtype: 'float32',
  shape,
  data: draw(
    name,
    shape.reduce((a, b) => a * b, 1),
  ).map((v) => v / 4),
})
const weights = {
  w: weight('w', [24, 32]),
  b: weight('b', [32]),
  u: weight('u', [32, 32]),
  idle: weight('idle', [3]),
}

/** Some of everything: a bias, a normalisation, and a weight used inside of a loop. */
function program() {
  const x = input('x', [4, 24])
  const [w, b, u] = (['w', 'b', 'u'] as const).map((n) => input(n, weights[n].shape))
  const h = layerNorm(silu(linear(x, w, b)))
  const { carry } = scan(([s]) => ({ carry: [s.matmul(u).tanh().add(h)] }), [h], [], { length: 3 })
  return compile({ y: carry[0], zero: input('idle', [3]).mul(0).stopGradient().slice(0).mul(carry[0].sum()) })
}

const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
const runtime = new Runtime({ device: 'cpu', threads: 1 })
let expected: Float32Array
const x = draw('x', 4 * 24)

beforeAll(async () => {
  const feeds = Object.fromEntries(Object.entries(weights).map(([n, t]) => [n, t.data]))
  expected = (await runtime.evaluate(program(), { x, ...feeds })).y.data as Float32Array
})
afterAll(async () => {
  await runtime.close()
  await rm(folder, { recursive: true })
})

const variants: [string, ExportOptions, number][] = [
  ['weights inside', {}, 0],
  ['weights inside as float16', { storage: 'float16' }, 2e-3],
  ['weights in a data file', { externalAbove: 1000 }, 0],
  ['weights in a data file as float16', { externalAbove: 1000, storage: 'float16' }, 2e-3],
]

describe.each(variants)('an exported model with %s', (name, options, limit) => {
  const path = join(folder, `${name.replaceAll(' ', '-')}.onnx`)
  let data: string | undefined
  beforeAll(async () => {
    data = (await exportOnnx(path, program(), weights, options)).data
    expect(data === undefined).toBe(options.externalAbove === undefined)
  })

  it('runs from disk', async () => {
    const model = await runtime.loadFile(path)
    expect(model.program.inputs).toEqual([{ name: 'x', shape: [4, 24], dtype: 'float32' }])
    expect(model.program.outputs.map((o) => o.name)).toEqual(['y', 'zero'])
    const { y } = await model.run({ x })
    expect(relativeError([y.data as Float32Array], [expected])).toBeLessThanOrEqual(limit)
    await model.release()
  })

  it('runs in the browser engine', async () => {
    web.env.wasm.numThreads = 1
    const session = await web.InferenceSession.create(await readFile(path), {
      executionProviders: ['wasm'],
      ...(data && { externalData: [{ path: basename(data), data: new Uint8Array(await readFile(data)) }] }),
    })
    const { y } = await session.run({ x: new web.Tensor('float32', x, [4, 24]) })
    // Another build of the same kernels.
    expect(relativeError([y.data as Float32Array], [expected])).toBeLessThanOrEqual(limit + 1e-6)
    await session.release()
  })

  it.skipIf(withoutPythonOnnx)('is checked by python onnx, which reads the weights', () => {
    const script = `
import json, sys, onnx
from onnx import numpy_helper
onnx.checker.check_model(sys.argv[1], full_check=True)
model = onnx.load(sys.argv[1])
print(json.dumps({t.name: numpy_helper.to_array(t).astype('float64').ravel().tolist()
                  for t in model.graph.initializer if t.name in 'wbu'}))
`
    const read = python3(script, [path]) as Record<string, number[]>
    for (const n of ['w', 'b', 'u'] as const) {
      const values = weights[n].data as Float32Array
      expect(read[n]).toEqual(Array.from(options.storage ? fromFloat16(toFloat16(values)) : values))
    }
  })
})

it('replaces an export whole, with its data file, or leaves it as it was', async () => {
  const own = await mkdtemp(join(folder, 'replace-'))
  const path = join(own, 'm.onnx')
  await writeFile(join(own, 'm.onnx.notes.data'), 'not ours')
  await exportOnnx(path, program(), weights, { externalAbove: 0 })
  const first = await readdir(own)
  expect(first).toHaveLength(3)
  const before = await readFile(path)
  const wrong = { ...weights, b: weight('b', [31]) }
  await expect(exportOnnx(path, program(), wrong, { externalAbove: 0 })).rejects.toThrow(
    "weight 'b' is float32 [31] with 31 values; 'program' takes float32 [32]",
  )
  await expect(exportOnnx(path, program(), { W: weights.w })).rejects.toThrow(
    "has no input 'W' (did you mean w",
  )
  const huge = { ...weights, b: { ...weights.b, data: new Float32Array(32).fill(1e6) } }
  await expect(exportOnnx(path, program(), huge, { storage: 'float16' })).rejects.toThrow(
    "weight 'b' holds 1000000",
  )
  expect([await readdir(own), await readFile(path)]).toEqual([first, before])
  await exportOnnx(path, program(), { ...weights, u: weight('other', [32, 32]) }, { externalAbove: 0 })
  const second = await readdir(own)
  expect(second).toHaveLength(3)
  expect(second).not.toEqual(first)
  await exportOnnx(path, program(), weights)
  expect(await readdir(own)).toEqual(['m.onnx', 'm.onnx.notes.data'])
})

describe('a model from elsewhere', () => {
  // Made by onnx 1.12 (helper.make_model): y = x + [1, 2, 3] for x [batch, 3].
  const path = fileURLToPath(new URL('./fixtures/any-batch.onnx', import.meta.url))

  it('runs with the signatures it declares, axes of any size included', async () => {
    const model = await runtime.loadFile(path)
    expect(model.program.inputs).toEqual([{ name: 'x', shape: [-1, 3], dtype: 'float32' }])
    const data = Float32Array.of(1, 1, 1, 2, 2, 2)
    const { y } = await model.run({ x: { dtype: 'float32', shape: [2, 3], data } })
    expect(y).toEqual({ dtype: 'float32', shape: [2, 3], data: Float32Array.of(2, 3, 4, 3, 4, 5) })
    await expect(model.run({ x: data })).rejects.toThrow("input 'x' is a bare array, without a shape")
    await expect(model.run({ x: { dtype: 'float32', shape: [3, 2], data } })).rejects.toThrow(
      "input 'x' has shape [3, 2]; it takes float32 [-1, 3] (-1: any size)",
    )
    await model.release()
  })

  it('is refused with its name when it is missing, cut off or something else', async () => {
    await expect(runtime.loadFile(join(folder, 'none.onnx'))).rejects.toThrow('none.onnx')
    const whole = await readFile(path)
    for (const [name, bytes] of [
      ['cut.onnx', whole.subarray(0, whole.length - 20)],
      ['text.onnx', Buffer.from('this is no model')],
      ['empty.onnx', Buffer.alloc(0)],
    ] as const) {
      await writeFile(join(folder, name), bytes)
      const refused = expect(runtime.loadFile(join(folder, name))).rejects
      await refused.toMatchObject({ name: 'FormatError', message: expect.stringContaining(name) })
    }
  })
})
