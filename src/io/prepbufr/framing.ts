import { open } from 'node:fs/promises'
import { FormatError } from '../../base/errors.ts'
import { type BufrMessage, parseMessage, place, u24 } from './message.ts'

/**
 * Bytes of any content that may stand between two messages: bulletin headings and Fortran record marks. Longer
 * gaps must be zeros; anything else is taken for a message whose first bytes are damaged.
 */
const longestGap = 128

/** The messages in a file that is already in memory, in their order. Throws FormatError on damage. */
export function* messagesIn(bytes: Uint8Array, name = 'the file'): Generator<BufrMessage> {
  let at = 0
  for (let number = 1; ; number++) {
    const start = findStart(bytes, at)
    checkGap(bytes.subarray(at, start), at, name)
    if (start === bytes.length) {
      if (number === 1) noMessage(name, bytes.length)
      return
    }
    const length = messageLength(bytes.subarray(start), bytes.length - start, number, start)
    yield parseMessage(bytes.subarray(start, start + length), number, start)
    at = start + length
  }
}

/**
 * The messages of a file, read from disk as they are asked for: never more than one message and a window of
 * `window` bytes is in memory. Throws FormatError on damage.
 */
export async function* messagesOf(path: string, window = 1 << 20): AsyncGenerator<BufrMessage> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    let buffer = new Uint8Array(0)
    let origin = 0
    /** Makes `buffer` hold the bytes from `from`, at least `least` of them unless the file ends before. */
    const load = async (from: number, least: number) => {
      if (from >= origin && from + least <= origin + buffer.length) return
      const next = new Uint8Array(Math.min(Math.max(least, window), Math.max(size - from, 0)))
      let filled = 0
      while (filled < next.length) {
        const { bytesRead } = await handle.read(next, filled, next.length - filled, from + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      buffer = next.subarray(0, filled)
      origin = from
    }
    let at = 0
    for (let number = 1; ; number++) {
      let gap = 0
      for (;;) {
        await load(at, 8)
        const rest = buffer.subarray(at - origin)
        const start = findStart(rest, 0)
        const last = origin + buffer.length >= size
        // The end of a window may hold the first letters of the next message: keep them for the next look.
        const passed = start < rest.length || last ? start : Math.max(rest.length - 3, 0)
        const skipped = rest.subarray(0, passed)
        if (gap + passed > longestGap) checkGap(skipped, at, path, true)
        gap += passed
        at += passed
        if (start < rest.length) break
        if (last) {
          if (number === 1) noMessage(path, size)
          return
        }
      }
      await load(at, 8)
      const length = messageLength(buffer.subarray(at - origin), size - at, number, at)
      await load(at, length)
      if (origin + buffer.length < at + length) truncated(number, at, length, origin + buffer.length - at)
      yield parseMessage(buffer.subarray(at - origin, at - origin + length), number, at)
      at += length
    }
  } finally {
    await handle.close()
  }
}

/** Where the next `BUFR` begins, or the end. */
function findStart(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(0x42, from); i >= 0 && i + 3 < bytes.length; i = bytes.indexOf(0x42, i + 1))
    if (bytes[i + 1] === 0x55 && bytes[i + 2] === 0x46 && bytes[i + 3] === 0x52) return i
  return bytes.length
}

function checkGap(gap: Uint8Array, offset: number, name: string, always = false) {
  if (!always && gap.length <= longestGap) return
  const strange = gap.findIndex((b) => b !== 0)
  if (strange >= 0)
    throw new FormatError(
      `${name}: ${gap.length} bytes from byte ${offset} on are neither a BUFR message nor padding ` +
        `(first at byte ${offset + strange}); the file is damaged or not BUFR`,
    )
}

/** The length a message claims, when it can be and the file holds as much. */
function messageLength(head: Uint8Array, available: number, number: number, offset: number): number {
  if (available < 8) truncated(number, offset, 8, available)
  const length = u24(head, 4)
  if (length < 8 + 17 + 7 + 4 + 4)
    throw new FormatError(
      `${place({ number, offset })}: claims a length of ${length} bytes; the file is damaged`,
    )
  if (length > available) truncated(number, offset, length, available)
  return length
}

function truncated(number: number, offset: number, length: number, available: number): never {
  throw new FormatError(
    `${place({ number, offset })}: needs ${length} bytes, the file has ${available} more; it is cut short or damaged`,
  )
}

function noMessage(name: string, size: number): never {
  throw new FormatError(`${name}: no BUFR message found in ${size} bytes; is it a PrepBUFR file?`)
}
