import { readFileSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../base/errors.ts'
import { httpsForm, isRemote } from './address.ts'
import { fetchBytes, type HttpOptions, type Range } from './http.ts'

/** Named byte strings: the files of a folder, or what lies below an address. Keys have no leading slash. */
export interface ByteStore {
  readonly location: string
  /** Whether it is on the network. */
  readonly remote: boolean
  /** The bytes under `key` or a range of them; undefined where there are none. */
  get(key: string, range?: Range): Promise<Uint8Array | undefined>
  /** The same at once, for threads that have nothing else to do; only where it is not on the network. */
  getNow?(key: string): Uint8Array | undefined
}

/** The store of a folder or of an `http(s)://`, `gs://` or `s3://` address. */
export function openStore(location: string, http: HttpOptions = {}): ByteStore {
  if (!isRemote(location)) return new FolderStore(location)
  return new HttpStore(location, httpsForm(location), http)
}

class FolderStore implements ByteStore {
  readonly location: string
  readonly remote = false

  constructor(location: string) {
    this.location = location
  }

  async get(key: string, range?: Range): Promise<Uint8Array | undefined> {
    const path = join(this.location, plainKey(key))
    try {
      if (!range) return await readFile(path)
      const file = await open(path)
      try {
        const { size } = await file.stat()
        const offset = 'offset' in range ? range.offset : Math.max(0, size - range.suffixLength)
        const length = Math.min(
          'offset' in range ? range.length : range.suffixLength,
          Math.max(0, size - offset),
        )
        const bytes = new Uint8Array(length)
        const { bytesRead } = await file.read(bytes, 0, length, offset)
        return bytes.subarray(0, bytesRead)
      } finally {
        await file.close()
      }
    } catch (error) {
      return absent(path, error)
    }
  }

  getNow(key: string): Uint8Array | undefined {
    const path = join(this.location, plainKey(key))
    try {
      return readFileSync(path)
    } catch (error) {
      return absent(path, error)
    }
  }
}

/** Undefined where there is no such file; other errors are thrown. */
function absent(path: string, error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'ENAMETOOLONG')
    return undefined
  throw new DataError(`${path}: cannot be read (${code ?? error})`, { cause: error })
}

class HttpStore implements ByteStore {
  readonly location: string
  readonly remote = true
  readonly #base: string
  readonly #query: string
  readonly #http: HttpOptions

  constructor(location: string, base: string, http: HttpOptions) {
    this.location = location
    this.#http = http
    // A signed address keeps its query on every key.
    const at = base.indexOf('?')
    this.#base = at < 0 ? base : base.slice(0, at)
    this.#query = at < 0 ? '' : base.slice(at)
  }

  async get(key: string, range?: Range): Promise<Uint8Array | undefined> {
    const path = plainKey(key).split('/').map(encodeURIComponent).join('/')
    const answer = await fetchBytes(`${this.#base}/${path}${this.#query}`, range, this.#http)
    return answer?.bytes
  }
}

/** Names come from the store's own metadata: they must not lead out of it. */
function plainKey(key: string): string {
  const plain = key.replace(/^\/+/, '')
  if (plain.split('/').some((part) => part === '..' || part === '.') || plain.includes('\0'))
    throw new DataError(`the name ${JSON.stringify(key)} leads out of the store`)
  return plain
}
