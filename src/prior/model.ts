import { z } from 'zod'
import { DataError, FormatError } from '../base/errors.ts'
import { type World, worldFromJson, worldSchema, worldToJson } from '../forecast/world.ts'
import { fingerprint } from '../nn/fingerprint.ts'
import { loadModel, modelKind, saveModel, type Weights } from '../nn/index.ts'
import type { HostTensor } from '../tensor/index.ts'
import { alignedKind, loadAlignedPrior } from './aligned.ts'
import { priorSchema } from './config.ts'
import type { Prior } from './sample.ts'

const kind = 'align-da prior 1'
const schema = z.strictObject({
  world: worldSchema,
  config: priorSchema,
  shape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  autoencoder: z.string().regex(/^[0-9a-f]{64}$/),
  axes: z.int().nonnegative().optional(),
  provenance: z.record(z.string(), z.unknown()),
})

/** A trained prior as it is stored. */
export interface PriorModel extends Prior {
  readonly world: World
  /** Fingerprint of the weights of the autoencoder whose latents it was trained on. */
  readonly autoencoder: string
  readonly provenance: Readonly<Record<string, unknown>>
}

export async function savePriorModel(path: string, model: PriorModel, options?: { half?: boolean }) {
  const { world, config, shape, autoencoder, provenance, statistics, weights } = model
  const { mean, std, increment, coupling } = statistics
  const fields = { mean, std, increment, coupled: coupling?.coupled, rest: coupling?.rest }
  const context = new Map<string, HostTensor>()
  for (const [name, data] of Object.entries(fields))
    if (data) context.set(name, { dtype: 'float32', shape: [data.length], data })
  const settings = priorSchema.strip().parse(config)
  const axes = coupling && { axes: coupling.axes }
  const description = { world: worldToJson(world), config: settings, shape, autoencoder, provenance, ...axes }
  // A coupling has float16's precision from the start.
  await saveModel(
    path,
    kind,
    { weights, context, description },
    { ...options, halfContext: ['coupled', 'rest'] },
  )
}

/**
 * A prior, or an aligned one with its reference.
 * @throws FormatError when the file is damaged or no prior; for aligned ones see loadAlignedPrior
 */
export async function loadPriorModel(path: string): Promise<PriorModel> {
  if ((await modelKind(path)) === alignedKind) return loadAlignedPrior(path, loadPriorModel)
  const {
    weights,
    context,
    description: { axes, ...description },
  } = await loadModel(path, kind, schema)
  const take = (name: string) => {
    const found = context.get(name)
    if (!found) throw new FormatError(`${path}: the latents' ${name} is missing`)
    return found.data as Float32Array
  }
  return {
    ...description,
    world: worldFromJson(description.world),
    weights,
    statistics: {
      ...{ mean: take('mean'), std: take('std'), increment: take('increment') },
      ...(axes !== undefined && { coupling: { axes, coupled: take('coupled'), rest: take('rest') } }),
    },
  }
}

/**
 * Checks that latents of an autoencoder are those a prior knows.
 * @throws DataError when the prior was trained on latents of another autoencoder
 */
export function checkAutoencoder(
  prior: Pick<PriorModel, 'autoencoder' | 'shape'>,
  autoencoder: { weights: Weights; shape: readonly number[] },
  [priorName, codecName]: readonly [string, string],
) {
  if (prior.shape.join() !== autoencoder.shape.join())
    throw new DataError(
      `${priorName} is of latents [${prior.shape.join(', ')}], ${codecName} makes latents [${autoencoder.shape.join(', ')}]`,
    )
  const found = fingerprint(autoencoder.weights)
  if (found !== prior.autoencoder)
    throw new DataError(
      `${priorName} was trained on latents of the autoencoder with fingerprint ${prior.autoencoder.slice(0, 12)}, ${codecName} has ${found.slice(0, 12)}: use that one, or train the prior again`,
    )
}
