import { FormatError } from '../../base/errors.ts'

/**
 * Snappy's raw format (google/snappy, format_description.txt), with every length checked before it is used: on
 * damaged bytes the Parquet library's own decoder can copy for minutes.
 * @throws FormatError unless exactly `length` bytes come out.
 */
export function snappyDecode(input: Uint8Array, length: number): Uint8Array {
  const fail = (what: string): never => {
    throw new FormatError(`snappy: ${what}`)
  }
  const output = new Uint8Array(length)
  let at = 0
  let claimed = 0
  for (let shift = 0; ; shift += 7) {
    if (at >= input.length || shift > 28) fail('no length')
    const byte = input[at++]
    claimed += (byte & 127) * 2 ** shift
    if (byte < 128) break
  }
  if (claimed !== length) fail(`${claimed} bytes where ${length} are needed`)
  /** A little-endian number of `bytes` bytes. */
  const take = (bytes: number): number => {
    if (at + bytes > input.length) fail('cut short')
    let value = 0
    for (let i = 0; i < bytes; i++) value += input[at++] * 256 ** i
    return value
  }
  let out = 0
  while (at < input.length) {
    const tag = input[at++]
    const kind = tag & 3
    if (kind === 0) {
      const short = tag >> 2
      const count = 1 + (short < 60 ? short : take(short - 59))
      if (at + count > input.length || out + count > length) fail(`a literal of ${count} bytes does not fit`)
      output.set(input.subarray(at, at + count), out)
      at += count
      out += count
      continue
    }
    const count = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
    const back = kind === 1 ? (tag >> 5) * 256 + take(1) : take(kind === 2 ? 2 : 4)
    if (back === 0 || back > out || out + count > length)
      fail(`a copy of ${count} bytes from ${back} back does not fit`)
    // Byte by byte: a copy may overlap what it writes.
    for (let i = 0; i < count; i++, out++) output[out] = output[out - back]
  }
  if (out !== length) fail(`${out} bytes came out where ${length} are needed`)
  return output
}
