import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { didYouMean, ShapeError } from '../base/errors.ts'
import { writeFileAtomic } from '../base/files.ts'
import { float16Bits } from '../base/float16.ts'
import { inputsOf, type Program } from './compile.ts'
import { bytesPerElement, type DType, type TypedArray } from './dtype.ts'
import { substitute, type Tensor } from './graph.ts'
import { type Initializer, writeModel } from './onnx/model.ts'
import { cast } from './ops/elementwise.ts'
import { input } from './ops/source.ts'
import type { HostTensor } from './run/messages.ts'
import { sameShape, show } from './shape.ts'

/** Settings of an export to ONNX. */
export interface ExportOptions {
  /** How float32 weights are stored; the model computes in float32 either way. */
  storage?: 'float32' | 'float16'
  /** Bytes of weights above which they lie in a data file beside the model: by default 2^30; ONNX ends at 2^31. */
  externalAbove?: number
  /** What readers should know, as ONNX metadata: `custom_metadata_map` in Python's onnxruntime. */
  metadata?: Readonly<Record<string, string>>
}

/** What was written. */
export interface Exported {
  readonly path: string
  /** The data file beside the model, if the weights are large. */
  readonly data?: string
  readonly bytes: number
}

/** Initialisers smaller than this stay in the model, where shape inference can see them. */
const smallest = 1024
/** Tensors of the data file begin at multiples of a page, so that readers can map them. */
const page = 4096

/**
 * Writes `program` as a standard ONNX file with `weights` as initialisers: what is left of its inputs is fed. Large
 * weights go to `<model>.<hash>.data` beside it, named by content, so that at any moment the model at `path` finds
 * the data it was written with; the data file of a model that is replaced goes.
 * @throws ShapeError when a weight is not an input of the program or has another shape or dtype
 */
export async function exportOnnx(
  path: string,
  program: Program,
  weights: Readonly<Record<string, HostTensor>> = {},
  { storage = 'float32', externalAbove = 2 ** 30, metadata }: ExportOptions = {},
): Promise<Exported> {
  check(program, weights)
  const outputs = Object.values(program.graph)
  const inputs = inputsOf(outputs)
  const halved = new Map<Tensor, Tensor>()
  const stored: { name: string; dtype: DType; shape: readonly number[]; data: Uint8Array }[] = []
  for (const t of inputs) {
    const name = t.node.attrs.name as string
    const weight = weights[name]
    if (!weight) continue
    const half = storage === 'float16' && t.dtype === 'float32'
    if (half) halved.set(t, input(name, t.shape, 'float16'))
    const data = half ? toHalf(name, weight.data as Float32Array) : weight.data
    const dtype = half ? 'float16' : t.dtype
    stored.push({
      name,
      dtype,
      shape: t.shape,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })
  }
  const lifted = new Map([...halved].map(([t, h]) => [t, cast(h, t.dtype)]))
  const results = substitute(outputs, lifted)
  const graph = Object.fromEntries(Object.keys(program.graph).map((name, i) => [name, results[i]]))
  const fed = inputs.map((t) => halved.get(t) ?? t)

  const total = stored.reduce((n, t) => n + t.data.length, 0)
  const file = basename(path)
  if (total <= externalAbove) {
    const model = writeModel(graph, fed, stored, metadata)
    await writeFileAtomic(path, model)
    await removeData(path)
    return { path, bytes: model.length }
  }
  const large = stored.filter((t) => t.data.length >= smallest)
  const { chunks, offsets, hash } = layOut(large.map((t) => t.data))
  const location = `${file}.${hash}.data`
  const initializers = stored.map(({ name, dtype, shape, data }): Initializer => {
    const k = large.findIndex((t) => t.name === name)
    return k < 0
      ? { name, dtype, shape, data }
      : { name, dtype, shape, location, offset: offsets[k], length: data.length }
  })
  const model = writeModel(graph, fed, initializers, metadata)
  const data = join(dirname(path), location)
  await writeFileAtomic(data, chunks)
  await writeFileAtomic(path, model)
  await removeData(path, location)
  return { path, data, bytes: model.length + chunks.reduce((n, c) => n + c.length, 0) }
}

/** float16 patterns; a finite weight that would become infinite is an error, not a silent loss. */
function toHalf(name: string, values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (v) => {
    const bits = float16Bits(v)
    if ((bits & 0x7fff) === 0x7c00 && Number.isFinite(v))
      throw new ShapeError(`weight '${name}' holds ${v}, beyond float16 (65504); export it as float32`)
    return bits
  })
}

function check(program: Program, weights: Readonly<Record<string, HostTensor>>) {
  const known = [...program.inputs, ...program.unused]
  for (const [name, { dtype, shape, data }] of Object.entries(weights)) {
    const wanted = known.find((i) => i.name === name)
    if (!wanted)
      throw new ShapeError(
        `'${program.name}' has no input '${name}'${didYouMean(
          name,
          known.map((i) => i.name),
        )}`,
      )
    const bytes = shape.reduce((a, b) => a * b, bytesPerElement(dtype))
    if (
      wanted.dtype !== dtype ||
      !sameShape(wanted.shape, shape) ||
      (data as TypedArray).byteLength !== bytes
    )
      throw new ShapeError(
        `weight '${name}' is ${dtype} ${show(shape)} with ${data.length} values; '${program.name}' takes ${wanted.dtype} ${show(wanted.shape)}`,
      )
  }
}

function layOut(tensors: readonly Uint8Array[]) {
  const chunks: Uint8Array[] = []
  const offsets: number[] = []
  const digest = createHash('sha256')
  let at = 0
  for (const data of tensors) {
    const gap = (page - (at % page)) % page
    if (gap) chunks.push(new Uint8Array(gap))
    offsets.push(at + gap)
    chunks.push(data)
    digest.update(data)
    at += gap + data.length
  }
  return { chunks, offsets, hash: digest.digest('hex').slice(0, 16) }
}

/** Removes data files that earlier exports to `path` left, but for `keep`. */
async function removeData(path: string, keep?: string) {
  const file = basename(path)
  for (const name of await readdir(dirname(path)))
    if (
      name !== keep &&
      name.startsWith(`${file}.`) &&
      /^[0-9a-f]{16}\.data$/.test(name.slice(file.length + 1))
    )
      await rm(join(dirname(path), name), { force: true })
}
