import { type FileHandle, open } from 'node:fs/promises'
import { DataError, FormatError } from '../base/errors.ts'
import { httpsForm, isRemote } from './address.ts'
import { fetchBytes, type HttpOptions } from './http.ts'

/** A file of known length of which any part can be read. */
export interface RandomAccess {
  readonly location: string
  readonly size: number
  /**
   * `length` bytes from `offset`.
   * @throws FormatError where the file ends before that.
   */
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a local file or an address for reading in parts.
 * @returns undefined where there is none.
 */
export async function openRandomAccess(
  location: string,
  http: HttpOptions = {},
): Promise<RandomAccess | undefined> {
  if (isRemote(location)) {
    const url = httpsForm(location)
    const head = await fetchBytes(url, { offset: 0, length: 8 }, http)
    if (!head) return undefined
    if (head.total === undefined)
      throw new DataError(`${location}: the server does not tell the file's length`)
    const size = head.total
    return { location, size, read: (o, n) => ranged(location, url, size, o, n, http), close: async () => {} }
  }
  let file: FileHandle
  try {
    file = await open(location)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new DataError(`${location}: cannot be opened (${code ?? error})`)
  }
  const { size } = await file.stat()
  return {
    location,
    size,
    async read(offset, length) {
      within(location, size, offset, length)
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
        if (bytesRead === 0) throw new FormatError(`${location} became shorter while it was read`)
        filled += bytesRead
      }
      return bytes
    },
    close: () => file.close(),
  }
}

async function ranged(
  location: string,
  url: string,
  size: number,
  offset: number,
  length: number,
  http: HttpOptions,
) {
  within(location, size, offset, length)
  if (length === 0) return new Uint8Array(0)
  const answer = await fetchBytes(url, { offset, length }, http)
  if (answer?.bytes.length !== length)
    throw new FormatError(
      `${location}: the server sent ${answer?.bytes.length ?? 0} of ${length} bytes at ${offset}`,
    )
  return answer.bytes
}

function within(location: string, size: number, offset: number, length: number) {
  if (!(offset >= 0 && length >= 0 && offset + length <= size))
    throw new FormatError(
      `${location} is cut short: it has ${size} bytes, data should lie at ${offset}..${offset + length}`,
    )
}
