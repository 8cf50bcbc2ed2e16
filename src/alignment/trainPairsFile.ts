import { FormatError } from '../base/errors.ts'
import { readSafetensors, writeSafetensors } from '../nn/safetensors.ts'
import { sizeOf } from '../tensor/shape.ts'
import { checkPairs, type PreferencePairs } from './trainPairs.ts'

const FORMAT = 'align-da preference pairs 1'

/** Pairs as they are stored, with the size of their latents and where they come from. */
export interface StoredPairs {
  readonly pairs: PreferencePairs
  /** [d, h, w] */
  readonly shape: readonly [number, number, number]
  /** Free description: the rule, the candidates, their prior's fingerprint. */
  readonly provenance: Readonly<Record<string, unknown>>
}

/** Writes pairs to a safetensors file, whole or not at all. @throws as checkPairs */
export async function savePairs(path: string, { pairs, shape, provenance }: StoredPairs): Promise<void> {
  const size = sizeOf(shape)
  checkPairs(pairs, size, path)
  const { times, backgrounds, place, winner, loser } = pairs
  const n = times.length
  const dates = backgrounds.length / size
  await writeSafetensors(
    path,
    [
      ['times', { dtype: 'F64', shape: [n], data: times }],
      ['backgrounds', { dtype: 'F32', shape: [dates, ...shape], data: backgrounds }],
      ['place', { dtype: 'I32', shape: [n], data: place }],
      ['winner', { dtype: 'F32', shape: [n, ...shape], data: winner }],
      ['loser', { dtype: 'F32', shape: [n, ...shape], data: loser }],
    ],
    { format: FORMAT, provenance: JSON.stringify(provenance) },
  )
}

/** @throws FormatError when the file is damaged or holds no pairs; as checkPairs */
export async function loadPairs(path: string): Promise<StoredPairs> {
  const { tensors, metadata } = await readSafetensors(path)
  if (metadata.format !== FORMAT)
    throw new FormatError(`${path}: no preference pairs: its format is ${metadata.format ?? 'not given'}`)
  const take = <T>(name: string, type: new (n: number) => T): T => {
    const data = tensors.get(name)?.data
    if (!(data instanceof type)) throw new FormatError(`${path}: ${name} is missing or of another type`)
    return data
  }
  const pairs = {
    times: take('times', Float64Array),
    backgrounds: take('backgrounds', Float32Array),
    place: take('place', Int32Array),
    winner: take('winner', Float32Array),
    loser: take('loser', Float32Array),
  }
  const shape = tensors.get('winner')?.shape.slice(1) ?? []
  if (shape.length !== 3) throw new FormatError(`${path}: latents of ${shape.length} axes instead of 3`)
  checkPairs(pairs, sizeOf(shape), path)
  let provenance: Record<string, unknown>
  try {
    provenance = JSON.parse(metadata.provenance ?? '{}')
  } catch {
    throw new FormatError(`${path}: the description of where the pairs come from cannot be read`)
  }
  return { pairs, shape: shape as unknown as [number, number, number], provenance }
}
