import { readdir, stat } from 'node:fs/promises'
import { DataError } from '../../base/errors.ts'

const marks = ['.zgroup', '.zarray', '.zmetadata', 'zarr.json']

/**
 * Makes sure that overwriting `path` with a store takes nothing else: a folder is replaced only if it is a Zarr store
 * or empty.
 * @throws DataError for any other folder.
 */
export async function checkReplaceable(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (!there?.isDirectory()) return
  const files = await readdir(path)
  if (files.length === 0 || marks.some((mark) => files.includes(mark))) return
  throw new DataError(
    `${path} is a folder of other files (${files.slice(0, 3).join(', ')}${files.length > 3 ? ', ...' : ''}) and is not overwritten: only a Zarr store or an empty folder is; name a path inside it, such as ${path.replace(/\/+$/, '')}/states.zarr`,
  )
}
