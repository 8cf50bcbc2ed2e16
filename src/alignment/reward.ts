import type { Differences } from '../atmosphere/differences.ts'
import { DataError } from '../base/errors.ts'
import type { World } from '../forecast/world.ts'

/** What a reward may look at besides the candidates; all of one background. */
export interface RewardContext {
  readonly world: World
  /** Milliseconds since 1970. */
  readonly time: number
  /** Normalised states [channel, latitude, longitude]. */
  readonly background: Float32Array
  readonly truth: Float32Array
  readonly differences: Differences
  /** The candidates forecast by a lead (hours), [n, ..], and the truth then; known for the leads that are asked for. */
  forecast(lead: number): { readonly states: Float32Array; readonly truth: Float32Array }
}

/** What makes one candidate better than another. A user adds a reward by exporting such an object from a file. */
export interface Reward {
  readonly name: string
  /** Whether more is better. */
  readonly larger: boolean
  /** Whether it compares the candidates of a background with one another, so that its mean over them says nothing. */
  readonly relative?: boolean
  /** Leads (hours) of forecasts it needs: each costs a forecast of every candidate. */
  readonly leads?: readonly number[]
  /** Normalised candidates [n, channel, latitude, longitude] of one background -> a number each. */
  evaluate(candidates: Float32Array, context: RewardContext): ArrayLike<number> | Promise<ArrayLike<number>>
}

/**
 * The rewards of candidates, larger always better: [n].
 * @throws DataError for a reward that throws, returns another count, or numbers that are not finite or all the same
 */
export async function rewarded(
  reward: Reward,
  candidates: Float32Array,
  context: RewardContext,
): Promise<Float64Array> {
  const n = candidates.length / context.truth.length
  const at = `reward ${reward.name} at ${new Date(context.time).toISOString().slice(0, 13)}`
  let values: ArrayLike<number>
  try {
    values = await reward.evaluate(candidates, context)
  } catch (error) {
    throw new DataError(`${at} failed: ${(error as Error).message}`, { cause: error })
  }
  if (values?.length !== n) throw new DataError(`${at}: ${values?.length} numbers for ${n} candidates`)
  const bad = Array.from(values).findIndex((v) => !Number.isFinite(v))
  if (bad >= 0) throw new DataError(`${at}: candidate ${bad} has ${values[bad]}`)
  if (n > 1 && Array.from(values).every((v) => v === values[0]))
    throw new DataError(`${at}: all ${n} candidates have ${values[0]}, so that it prefers none`)
  return Float64Array.from(values, (v) => (reward.larger ? v : -v))
}

/** Each candidate's part [channel, latitude, longitude] of [n, ..]. */
export function eachCandidate<T>(
  candidates: Float32Array,
  size: number,
  f: (state: Float32Array, n: number) => T,
): T[] {
  return Array.from({ length: candidates.length / size }, (_, n) =>
    f(candidates.subarray(n * size, (n + 1) * size), n),
  )
}
