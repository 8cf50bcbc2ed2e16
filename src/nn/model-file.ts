import { z } from 'zod'
import { FormatError } from '../base/errors.ts'
import { toFloat16 } from '../base/float16.ts'
import type { HostTensor } from '../tensor/index.ts'
import { openSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts'
import type { StoredTensor } from './safetensors-format.ts'
import { hostTensor, storedWeights, type Weights } from './weights.ts'

/** A trained network with all that is needed to use it, in one safetensors file. */
export interface ModelFile<Description> {
  readonly weights: Weights
  /** Tensors that are not trained: statistics, constant fields. */
  readonly context: ReadonlyMap<string, HostTensor>
  /** Sizes, channels, provenance: whatever `schema` of the kind of model says. */
  readonly description: Description
}

const contextPrefix = 'context:'

/**
 * Writes a model, whole or not at all. Weights go to float16 where `half` says so: the file is then half as large, and
 * they come back as float32. `halfContext` names tensors of the context that are stored so in any case.
 */
export async function saveModel<D>(
  path: string,
  kind: string,
  model: ModelFile<D>,
  { half = false, halfContext = [] }: { half?: boolean; halfContext?: readonly string[] } = {},
) {
  function* entries() {
    for (const [name, stored] of storedWeights(model.weights))
      yield [name, half ? toHalf(stored) : stored] as const
    for (const [name, stored] of storedWeights(model.context, contextPrefix)) {
      const small = halfContext.includes(name.slice(contextPrefix.length))
      yield [name, small ? toHalf(stored) : stored] as const
    }
  }
  await writeSafetensors(path, entries(), { kind, description: JSON.stringify(model.description) })
}

/** The kind of a model. @throws FormatError when the file is damaged or no safetensors file */
export async function modelKind(path: string): Promise<string | undefined> {
  const file = await openSafetensors(path)
  await file.close()
  return file.metadata.kind
}

/**
 * Reads a model of the given kind.
 * @throws FormatError when the file is damaged or is something else
 */
export async function loadModel<S extends z.ZodType>(
  path: string,
  kind: string,
  schema: S,
): Promise<ModelFile<z.infer<S>>> {
  const { tensors, metadata } = await readSafetensors(path)
  if (metadata.kind !== kind)
    throw new FormatError(
      `${path} is ${metadata.kind ? `a model of kind '${metadata.kind}'` : 'no model'}; a '${kind}' is needed`,
    )
  let json: unknown
  try {
    json = JSON.parse(metadata.description ?? '')
  } catch {
    throw new FormatError(`${path}: its description is not JSON`)
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success)
    throw new FormatError(`${path}: its description does not fit: ${z.prettifyError(parsed.error)}`)
  const weights = new Map<string, HostTensor>()
  const context = new Map<string, HostTensor>()
  for (const [name, stored] of tensors)
    if (name.startsWith(contextPrefix))
      context.set(name.slice(contextPrefix.length), hostTensor(name, stored))
    else weights.set(name, hostTensor(name, stored))
  return { weights, context, description: parsed.data }
}

function toHalf({ shape, data }: StoredTensor): StoredTensor {
  return { dtype: 'F16', shape, data: toFloat16(data as Float32Array) }
}
