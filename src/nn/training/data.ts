import { ConfigError } from '../../base/errors.ts'
import type { Seed } from '../../random/address.ts'
import { stream } from '../../random/stream.ts'
import type { Feeds } from '../../tensor/index.ts'

/**
 * Where batches come from. Everything random in a batch (which samples, noise, masks) has to follow from its number,
 * counted from 0, so that a resumed run sees the same: draw it from `stream(seed, 'purpose', index)`.
 */
export interface DataSource {
  batch(index: number): Promise<Feeds> | Feeds
  /** What is in a batch, for messages: dates, files. */
  describe?(index: number): string
}

/**
 * Which samples of `count` are in batch `index`: consecutive pieces of one random order an epoch, a batch running on
 * into the next epoch where the samples do not divide. A pure function of (seed, index).
 */
export function sampleOrder(seed: Seed, count: number, size: number): (index: number) => number[] {
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(size) || size < 1)
    throw new ConfigError(
      `batches of ${size} from ${count} samples: both must be whole numbers of at least 1`,
    )
  let epoch = -1
  let order = new Uint32Array(0)
  return (index) =>
    Array.from({ length: size }, (_, i) => {
      const at = index * size + i
      const current = Math.floor(at / count)
      if (current !== epoch) {
        epoch = current
        order = stream(seed, 'epoch', epoch).permutation(count) as Uint32Array<ArrayBuffer>
      }
      return order[at - epoch * count]
    })
}
