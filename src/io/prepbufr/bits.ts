import { FormatError } from '../../base/errors.ts'

/**
 * Reads unsigned big-endian numbers of any width from `bytes`, between two positions counted in bits.
 *
 * The four bytes after the last readable bit must exist in `bytes` (in a BUFR message they are the `7777` of
 * section 5), so that a number is always taken from one 32-bit word and never bit by bit.
 */
export class BitReader {
  readonly bytes: Uint8Array
  /** Position of the next bit. */
  position: number
  /** First position that may not be read. */
  end: number
  private readonly where: string

  constructor(bytes: Uint8Array, start: number, end: number, where: string) {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.where = where
  }

  /** The next `width` bits (1..32) as a number. Throws FormatError when fewer are left. */
  read(width: number): number {
    const at = this.position
    if (at + width > this.end) this.exhausted(width)
    if (width > 25) {
      const high = this.read(width - 16)
      return high * 65536 + this.read(16)
    }
    this.position = at + width
    const { bytes } = this
    const byte = at >>> 3
    const word = (bytes[byte] << 24) | (bytes[byte + 1] << 16) | (bytes[byte + 2] << 8) | bytes[byte + 3]
    return (word << (at & 7)) >>> (32 - width)
  }

  /** The next `width` bits (a multiple of 8) as ASCII, without trailing blanks; '' when all bits are ones (missing). */
  text(width: number): string {
    let missing = true
    const codes: number[] = []
    for (let i = 0; i < width; i += 8) {
      const code = this.read(8)
      if (code !== 255) missing = false
      codes.push(code)
    }
    return missing ? '' : String.fromCharCode(...codes).replace(/[\0 ]+$/, '')
  }

  /** Passes over `width` bits. */
  skip(width: number) {
    if (this.position + width > this.end) this.exhausted(width)
    this.position += width
  }

  private exhausted(width: number): never {
    throw new FormatError(
      `${this.where}: the data end where ${width} more bits are expected (at byte ${this.position >>> 3} of the ` +
        'message); the file is damaged or its tables do not belong to it',
    )
  }
}
