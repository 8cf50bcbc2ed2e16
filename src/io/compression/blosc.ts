import { FormatError } from '../../base/errors.ts'
import { type Unshuffle, unshuffleIn } from './shuffle.ts'
import { largestPiece, workspace, zstd, zstdWithin } from './zstd.ts'

/** A Blosc 1 header: 16 bytes (c-blosc, README_CHUNK_FORMAT.rst). */
export interface BloscHeader {
  readonly shuffled: boolean
  readonly bitShuffled: boolean
  /** Stored as it is. */
  readonly copied: boolean
  readonly split: boolean
  /** 0 BloscLZ, 1 LZ4, 2 Snappy, 3 zlib, 4 zstd. */
  readonly codec: number
  readonly itemBytes: number
  readonly bytes: number
  readonly blockBytes: number
}

const headerBytes = 16

/** Splits into one stream per byte of the item happen in blocks of at least this many items, of at most so many bytes. */
const smallestSplit = 128
const mostStreams = 16

/** @throws FormatError for a header that cannot be, or one that speaks of other than `data.length` bytes. */
export function bloscHeader(data: Uint8Array): BloscHeader {
  if (data.length < headerBytes) throw new FormatError(`it is cut short: ${data.length} bytes`)
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const [flags, itemBytes] = [data[2], data[3]]
  const encoded = view.getUint32(12, true)
  if (encoded !== data.length) throw new FormatError(`it has ${data.length} bytes instead of ${encoded}`)
  const [bytes, blockBytes] = [view.getUint32(4, true), view.getUint32(8, true)]
  if (bytes > 0 && (blockBytes === 0 || blockBytes > bytes || itemBytes === 0))
    throw new FormatError(`its blocks of ${blockBytes} bytes do not fit ${bytes} bytes`)
  return {
    shuffled: (flags & 1) > 0,
    bitShuffled: (flags & 4) > 0,
    copied: (flags & 2) > 0,
    split: (flags & 16) === 0,
    codec: flags >> 5,
    itemBytes,
    bytes,
    blockBytes,
  }
}

let unshuffle: Unshuffle | undefined

/** Whether `bloscInto` reads it: what zstd encoded, or nothing did. */
export function isPlainBlosc({ codec, copied, blockBytes }: BloscHeader): boolean {
  return copied || (codec === 4 && blockBytes <= largestPiece)
}

/**
 * Decodes what zstd encoded into `out`, of `header.bytes` bytes. Everything happens in the zstd decoder's memory,
 * block by block while it is in the cache; what comes out is copied once. `startZstd` comes first.
 * @throws FormatError for damaged bytes.
 */
export function bloscInto(data: Uint8Array, header: BloscHeader, out: Uint8Array): void {
  const { bytes, blockBytes, itemBytes } = header
  if (bytes === 0) return
  if (header.copied) {
    if (data.length !== headerBytes + bytes)
      throw new FormatError(`it has ${data.length} bytes instead of ${headerBytes + bytes}`)
    out.set(data.subarray(headerBytes))
    return
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const length = (at: number, beyond: number) => {
    const value = at >= headerBytes && at + 4 <= data.length ? view.getUint32(at, true) : -1
    if (value < 0 || value > beyond - at) throw new FormatError('its blocks lead out of it')
    return value
  }
  const blocks = Math.ceil(bytes / blockBytes)
  if (headerBytes + 4 * blocks > data.length) throw new FormatError('its list of blocks is cut short')
  // Shared memory is filled eight bytes at a time only from addresses that are multiples of eight.
  const [before, between] = [data.length, blockBytes].map((n) => Math.ceil(n / 64) * 64)
  const input = workspace(before + 2 * between)
  const areas = [input + before, input + before + between]
  new Uint8Array(zstd.memory.buffer).set(data, input)
  for (let block = 0; block < blocks; block++) {
    const size = Math.min(blockBytes, bytes - block * blockBytes)
    const divided =
      header.split &&
      itemBytes <= mostStreams &&
      size === blockBytes &&
      blockBytes / itemBytes >= smallestSplit
    const streams = divided ? itemBytes : 1
    const piece = Math.floor(size / streams)
    if (piece * streams !== size) throw new FormatError(`its blocks of ${size} bytes hold no whole items`)
    let at = view.getUint32(headerBytes + 4 * block, true)
    for (let stream = 0; stream < streams; stream++) {
      const encoded = length(at, data.length - 4)
      const target = areas[0] + stream * piece
      if (encoded === piece)
        new Uint8Array(zstd.memory.buffer).copyWithin(target, input + at + 4, input + at + 4 + piece)
      else zstdWithin(target, piece, input + at + 4, encoded)
      at += 4 + encoded
    }
    const result = unshuffled(header, size, areas)
    out.set(new Uint8Array(zstd.memory.buffer, result, size), block * blockBytes)
  }
}

/** Undoes the shuffle of the block in areas[0]; returns the address of what came out. */
function unshuffled(
  { shuffled, bitShuffled, itemBytes }: BloscHeader,
  size: number,
  areas: number[],
): number {
  const [first, second] = areas
  unshuffle ??= unshuffleIn(zstd.memory)
  if (bitShuffled) {
    const count = Math.floor(size / itemBytes)
    // Blosc leaves blocks alone whose items are no multiple of 8.
    if (count === 0 || count % 8) return first
    unshuffle.bits(first, second, itemBytes, count)
    if (itemBytes === 1) return second
    const rest = size - count * itemBytes
    new Uint8Array(zstd.memory.buffer).copyWithin(second + size - rest, first + size - rest, first + size)
    unshuffle.bytes(second, first, itemBytes, size)
    return first
  }
  if (!shuffled || itemBytes === 1) return first
  unshuffle.bytes(first, second, itemBytes, size)
  return second
}
