import { availableParallelism } from 'node:os'
import { FormatError } from '../../base/errors.ts'
import { BoundedCache } from '../cache.ts'
import type { Dataset, OpenOptions, Variable } from '../dataset.ts'
import { openStore } from '../store.ts'
import type { Chunk } from './chunks.ts'
import { readHierarchy } from './hierarchy.ts'
import { arrayInfo } from './metadata.ts'
import { ZarrVariable } from './variable.ts'

/**
 * Opens a Zarr v2 or v3 store: a folder or an address.
 * @returns undefined where nothing looks like Zarr.
 */
export async function openZarr(location: string, options: OpenOptions = {}): Promise<Dataset | undefined> {
  const http = { timeout: options.timeout, retries: options.retries }
  const store = openStore(location, http)
  const hierarchy = await readHierarchy(store)
  if (!hierarchy) return undefined
  const cache = new BoundedCache<Chunk>(options.cacheBytes ?? 256 * 2 ** 20)
  const threads = options.workers ?? Math.min(2, availableParallelism())
  const variables = new Map<string, Variable>()
  const dimensions = new Map<string, number>()
  for (const array of hierarchy.arrays) {
    const info = arrayInfo(array, location)
    info.dimensions.forEach((dimension, axis) => {
      const length = dimensions.get(dimension)
      // Arrays in nested groups, and axes without a name, may use a name for another length.
      const shared = !array.name.includes('/') && !/^dim_\d+$/.test(dimension)
      if (shared && length !== undefined && length !== info.shape[axis])
        throw new FormatError(
          `${location}: dimension ${dimension} has ${length} values, but ${info.shape[axis]} in ${array.name}`,
        )
      if (shared || length === undefined) dimensions.set(dimension, info.shape[axis])
    })
    const name = array.name || location.replace(/\/+$/, '').split('/').at(-1)!
    variables.set(name, new ZarrVariable({ name, info, store, http, cache, threads, options }))
  }
  return {
    location,
    format: hierarchy.version === 2 ? 'zarr v2' : 'zarr v3',
    attributes: hierarchy.attributes,
    dimensions,
    variables,
    close: async () => cache.clear(),
  }
}
