import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DataError } from '../base/errors.ts'

/**
 * Refuses what cannot be written before the work for it is done.
 * @throws DataError for a path that exists, unless it may be replaced, and for a folder that cannot be written to
 */
export function checkOutputs(paths: readonly string[], overwrite = false): void {
  const there = paths.find((path) => existsSync(path))
  if (there !== undefined && !overwrite)
    throw new DataError(`${there} exists already; --overwrite replaces it`)
  for (const path of paths) checkPlace(path)
}

/** Folders that do not exist are made later, in the nearest one that does. */
function checkPlace(path: string): void {
  let folder = dirname(resolve(path))
  while (!existsSync(folder)) folder = dirname(folder)
  if (!statSync(folder).isDirectory())
    throw new DataError(`${path} cannot be written: ${folder} is no folder`)
  try {
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw new DataError(`${path} cannot be written: ${folder} does not allow it`, { cause: error })
  }
}
