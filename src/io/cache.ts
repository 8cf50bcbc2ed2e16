/** Keeps what was loaded last, up to a number of bytes; what is asked for twice at a time is loaded once. */
export class BoundedCache<T> {
  readonly #limit: number
  readonly #entries = new Map<string, { value: Promise<T>; bytes: number }>()
  #bytes = 0

  /** @param limit bytes; entries larger than that are not kept. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** The value under `key`, loaded (and then weighing `bytes`) when it is not here. Failures are not kept. */
  get(key: string, bytes: number, load: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key)
    if (known) {
      this.#entries.delete(key)
      this.#entries.set(key, known)
      return known.value
    }
    const value = load()
    if (bytes > this.#limit) return value
    const entry = { value, bytes }
    this.#entries.set(key, entry)
    this.#bytes += bytes
    value.catch(() => this.#drop(key, entry))
    for (const [oldest, old] of this.#entries) {
      if (this.#bytes <= this.#limit) break
      this.#drop(oldest, old)
    }
    return value
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  #drop(key: string, entry: { bytes: number }) {
    if (this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}

/** Runs `work` over `items`, at most `limit` at a time; the first failure stops the rest and is thrown. */
export async function forEachLimit<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const lane = async () => {
    while (!failed) {
      const next = iterator.next()
      if (next.done) return
      try {
        await work(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, limit) }, lane))
}
