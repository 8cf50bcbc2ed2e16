import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { z } from 'zod'
import { DataError, FormatError } from '../base/errors.ts'
import { fingerprint } from '../nn/fingerprint.ts'
import { loadModel, saveModel, type Weights } from '../nn/index.ts'
import type { HostTensor } from '../tensor/index.ts'
import { priorSchema } from './config.ts'
import type { PriorModel } from './model.ts'

export const alignedKind = 'align-da aligned prior 1'
const schema = z.strictObject({
  config: priorSchema,
  reference: z.strictObject({ file: z.string().min(1), fingerprint: z.string().regex(/^[0-9a-f]{64}$/) }),
  provenance: z.record(z.string(), z.unknown()),
})

/**
 * Writes an aligned prior as what it changes of its reference: parameters of other values or new ones, and where the
 * reference lies from here. An alignment of the scatter takes kilobytes so.
 */
export async function saveAlignedPrior(
  path: string,
  { config, weights, provenance }: PriorModel,
  { file, prior }: { file: string; prior: PriorModel },
): Promise<void> {
  const same = (name: string, tensor: HostTensor) => {
    const before = prior.weights.get(name)?.data
    return before?.length === tensor.data.length && before.every((v, i) => Object.is(v, tensor.data[i]))
  }
  const changed: Weights = new Map([...weights].filter(([name, tensor]) => !same(name, tensor)))
  const description = {
    config: priorSchema.strip().parse(config),
    reference: {
      file: relative(dirname(resolve(path)), resolve(file)).replaceAll('\\', '/'),
      fingerprint: fingerprint(prior.weights),
    },
    provenance,
  }
  await saveModel(path, alignedKind, { weights: changed, context: new Map(), description })
}

/**
 * The whole of an aligned prior, from its file and its reference's.
 * @throws FormatError when the file is damaged
 * @throws DataError for a reference that is not where it was, or is another now
 */
export async function loadAlignedPrior(
  path: string,
  load: (path: string) => Promise<PriorModel>,
): Promise<PriorModel> {
  const { weights, description } = await loadModel(path, alignedKind, schema)
  const { config, reference, provenance } = description
  const file = resolve(dirname(path), reference.file)
  if (file === resolve(path)) throw new FormatError(`${path} names itself as its reference`)
  if (!existsSync(file))
    throw new DataError(
      `${path} holds what was changed of the prior ${file}, which is not there: keep both in their places`,
    )
  const prior = await load(file)
  const found = fingerprint(prior.weights)
  if (found !== reference.fingerprint)
    throw new DataError(
      `${path} was aligned from a prior of fingerprint ${reference.fingerprint.slice(0, 12)}, ${file} has ${found.slice(0, 12)} now: align it again`,
    )
  return { ...prior, config, provenance, weights: new Map([...prior.weights, ...weights]) }
}
