import { ShapeError } from '../base/errors.ts'
import type { HostTensor } from '../tensor/index.ts'
import { type Shape, sameShape, show } from '../tensor/shape.ts'
import { float32Values, readSafetensors, writeSafetensors } from './safetensors.ts'
import type { StoredTensor } from './safetensors-format.ts'

/** Values of a network's parameters by name. */
export type Weights = ReadonlyMap<string, HostTensor>

/**
 * Checks that `weights` are those of a network with parameters `specs`.
 * @throws ShapeError naming what is missing, unknown or of another shape
 */
export function checkWeights(
  specs: readonly { name: string; shape: Shape }[],
  weights: ReadonlyMap<string, { shape: Shape }>,
  where = 'the weights',
): void {
  const wanted = new Map(specs.map((s) => [s.name, s.shape]))
  const missing = specs
    .filter((s) => !weights.has(s.name))
    .map((s) => `${s.name} ${show(s.shape)} is missing`)
  const other: string[] = []
  const unknown: string[] = []
  for (const [name, { shape }] of weights) {
    const expected = wanted.get(name)
    if (!expected) unknown.push(`${name} ${show(shape)} is unknown`)
    else if (!sameShape(expected, shape)) other.push(`${name} is ${show(shape)} instead of ${show(expected)}`)
  }
  const problems = [...other, ...missing, ...unknown]
  if (problems.length === 0) return
  const shown = problems.slice(0, 6).join('; ')
  const more = problems.length > 6 ? `; and ${problems.length - 6} more` : ''
  throw new ShapeError(`${where} do not fit this network: ${shown}${more}`)
}

/** Weights as entries of a safetensors file, every name behind `prefix`. */
export function* storedWeights(weights: Weights, prefix = ''): Generator<[string, StoredTensor]> {
  for (const [name, { dtype, shape, data }] of weights) {
    if (dtype === 'float64') yield [prefix + name, { dtype: 'F64', shape, data: data as Float64Array }]
    else if (dtype === 'float32') yield [prefix + name, { dtype: 'F32', shape, data: data as Float32Array }]
    else throw new ShapeError(`weight ${name} is ${dtype}; weights are kept as float32 or float64`)
  }
}

/** Writes weights to a safetensors file, whole or not at all. */
export async function saveWeights(path: string, weights: Weights, metadata: Record<string, string> = {}) {
  await writeSafetensors(path, storedWeights(weights), metadata)
}

/**
 * Reads weights; 16-bit ones become float32.
 * @throws FormatError when the file is damaged
 * @throws DataError for other element types
 */
export async function loadWeights(
  path: string,
): Promise<{ weights: Weights; metadata: Readonly<Record<string, string>> }> {
  const { tensors, metadata } = await readSafetensors(path)
  return { weights: new Map([...tensors].map(([name, t]) => [name, hostTensor(name, t)])), metadata }
}

export function hostTensor(name: string, stored: StoredTensor): HostTensor {
  const { shape, data } = stored
  if (stored.dtype === 'F64') return { dtype: 'float64', shape, data: data as Float64Array }
  return { dtype: 'float32', shape, data: float32Values(name, stored) }
}
