import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type Descriptor, formatDescriptor, parseDescriptor } from '../descriptor.ts'
import type { Dictionary } from '../dictionary.ts'

/** A file of the fixtures folder, unpacked. For tests. */
export const fixture = (name: string): Uint8Array => {
  const bytes = readFileSync(new URL(`../fixtures/${name}`, import.meta.url))
  return Uint8Array.from(name.endsWith('.gz') ? gunzipSync(bytes) : bytes)
}

const u24 = (n: number) => [n >> 16, (n >> 8) & 255, n & 255]
const u16 = (n: number) => [n >> 8, n & 255]
const ascii = (s: string) => [...s].map((c) => c.charCodeAt(0))

export interface MessageParts {
  readonly edition?: number
  readonly category?: number
  readonly subcategory?: number
  readonly subsets?: number
  readonly descriptors?: readonly string[]
  readonly data: readonly number[]
  /** Length of an optional section 2. */
  readonly section2?: number
}

/** A BUFR message of 2020-11-01 12Z made from its parts. For tests. */
export function makeMessage(parts: MessageParts): Uint8Array {
  const {
    edition = 3,
    category = 102,
    subcategory = 0,
    subsets = 1,
    descriptors = [],
    data,
    section2 = 0,
  } = parts
  const flag = section2 ? 0x80 : 0
  const one =
    edition === 4
      ? [...u24(22), 0, 0, 7, 0, 0, 0, flag, category, 0, subcategory, 29, 0, ...u16(2020), 11, 1, 12, 0, 0]
      : [...u24(18), 0, 3, 7, 0, flag, category, subcategory, 29, 0, 20, 11, 1, 12, 0, 21]
  const two = section2 ? [...u24(section2), ...new Array(section2 - 3).fill(1)] : []
  const list = descriptors.flatMap((d) => u16(parseDescriptor(d)))
  const pad = edition < 4 && (7 + list.length) % 2 ? [0] : []
  const three = [...u24(7 + list.length + pad.length), 0, ...u16(subsets), 0x80, ...list, ...pad]
  const four = [...u24(4 + data.length), 0, ...data]
  const length = 8 + one.length + two.length + three.length + four.length + 4
  return Uint8Array.from([
    ...ascii('BUFR'),
    ...u24(length),
    edition,
    ...one,
    ...two,
    ...three,
    ...four,
    ...ascii('7777'),
  ])
}

/** A dictionary message with the entries given; `short` has names of 32 characters. For tests. */
export function dictionaryMessage(
  tables: Dictionary,
  { short = false, sequences = tables.sequences } = {},
): Uint8Array {
  const name = (mnemonic: string, text: string) =>
    (mnemonic.padEnd(8) + text).slice(0, short ? 32 : 64).padEnd(short ? 32 : 64)
  const signed = (n: number, width: number) => (n < 0 ? '-' : '+') + String(Math.abs(n)).padEnd(width - 1)
  const types = [...tables.types].flatMap(([n, t]) =>
    ascii(String(n).padStart(3, '0') + name(t.mnemonic, t.description)),
  )
  const elements = [...tables.elements].flatMap(([d, e]) =>
    ascii(
      formatDescriptor(d) +
        name(e.mnemonic, e.description) +
        e.unit.padEnd(24) +
        signed(e.scale, 4) +
        signed(e.reference, 11) +
        String(e.bits).padStart(3),
    ),
  )
  const lists = [...sequences].flatMap(
    ([d, s]: [Descriptor, { mnemonic: string; description: string; members: readonly Descriptor[] }]) => [
      ...ascii(formatDescriptor(d) + name(s.mnemonic, s.description)),
      s.members.length,
      ...s.members.flatMap((m) => ascii(formatDescriptor(m))),
    ],
  )
  const data = [tables.types.size, ...types, tables.elements.size, ...elements, sequences.size, ...lists]
  return makeMessage({ category: 11, subcategory: short ? 0 : 1, data })
}
