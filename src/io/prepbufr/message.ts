import { FormatError } from '../../base/errors.ts'
import type { Descriptor } from './descriptor.ts'

/** One BUFR message, sections 0 to 3 read, section 4 located. WMO Manual on Codes I.2, FM 94. */
export interface BufrMessage {
  /** Counted from 1 in the file, dictionary messages included. */
  readonly number: number
  /** Byte offset of the message in the file. */
  readonly offset: number
  /** The whole message, from `BUFR` to `7777`. */
  readonly bytes: Uint8Array
  readonly edition: number
  /** Data category (BUFR Table A; 11 marks an embedded dictionary) and sub-category. */
  readonly category: number
  readonly subcategory: number
  /** The time in section 1, ms since 1970; for PrepBUFR the cycle. NaN where the section holds no valid date. */
  readonly time: number
  readonly subsets: number
  readonly compressed: boolean
  readonly descriptors: readonly Descriptor[]
  /** Byte positions within `bytes` where the packed data of section 4 begin and end. */
  readonly dataStart: number
  readonly dataEnd: number
}

/** "message 12 at byte 81234", for error messages. */
export const place = (m: { number: number; offset: number }): string =>
  `message ${m.number} at byte ${m.offset}`

const u16 = (b: Uint8Array, at: number): number => (b[at] << 8) | b[at + 1]
export const u24 = (b: Uint8Array, at: number): number => (b[at] << 16) | (b[at + 1] << 8) | b[at + 2]

/**
 * Reads the sections of one whole message. Throws FormatError naming the message and its place in the file when
 * the edition is unknown, a section does not fit or the end mark `7777` is not where it should be.
 */
export function parseMessage(bytes: Uint8Array, number: number, offset: number): BufrMessage {
  const fail = (what: string): never => {
    throw new FormatError(`${place({ number, offset })}: ${what}`)
  }
  const edition = bytes[7]
  if (edition < 2 || edition > 4) fail(`BUFR edition ${edition}; editions 2, 3 and 4 are read`)
  const end = bytes.length - 4
  if (end < 8 || bytes.subarray(end).some((b) => b !== 0x37))
    fail('does not end with 7777 where its length says; the file is damaged')
  let at = 8
  /** Steps over a section of at least `least` bytes; returns where it starts and the length it claims. */
  const section = (name: number, least: number): [start: number, length: number] => {
    const length = at + 3 <= end ? u24(bytes, at) : 0
    if (length < least || at + length > end)
      fail(
        `section ${name} claims ${length} bytes (${least} to ${end - at} are possible); the file is damaged`,
      )
    at += length
    return [at - length, length]
  }
  const [one] = section(1, edition === 4 ? 22 : 17)
  const head = edition === 4 ? sectionOneEdition4(bytes, one) : sectionOneEdition3(bytes, one, at)
  if (head.optional) section(2, 4)
  const [three, length3] = section(3, 7)
  const descriptors: Descriptor[] = []
  for (let i = three + 7; i + 1 < three + length3; i += 2) descriptors.push(u16(bytes, i))
  // Editions up to 3 pad section 3 to an even length with a zero byte, which the loop above leaves alone
  // because it lacks its second half.
  const [four, length4] = section(4, 4)
  if (at !== end) fail(`${end - at} bytes between section 4 and 7777; the file is damaged`)
  return {
    number,
    offset,
    bytes,
    edition,
    category: head.category,
    subcategory: head.subcategory,
    time: head.time,
    subsets: u16(bytes, three + 4),
    compressed: (bytes[three + 6] & 0x40) !== 0,
    descriptors,
    dataStart: four + 4,
    dataEnd: four + length4,
  }
}

interface SectionOne {
  optional: boolean
  category: number
  subcategory: number
  time: number
}

function sectionOneEdition3(b: Uint8Array, s: number, end: number): SectionOne {
  // The year of the century (1..100) is followed, at the section's end, by NCEP's century byte.
  const century = s + 17 < end && b[s + 17] > 0 ? b[s + 17] : b[s + 12] > 50 && b[s + 12] < 100 ? 20 : 21
  const year = (century - 1) * 100 + b[s + 12]
  return {
    optional: (b[s + 7] & 0x80) !== 0,
    category: b[s + 8],
    subcategory: b[s + 9],
    time: date(year, b[s + 13], b[s + 14], b[s + 15], b[s + 16], 0),
  }
}

function sectionOneEdition4(b: Uint8Array, s: number): SectionOne {
  return {
    optional: (b[s + 9] & 0x80) !== 0,
    category: b[s + 10],
    subcategory: b[s + 12],
    time: date(u16(b, s + 15), b[s + 17], b[s + 18], b[s + 19], b[s + 20], b[s + 21]),
  }
}

function date(year: number, month: number, day: number, hour: number, minute: number, second: number) {
  if (
    year < 1900 ||
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > 31 ||
    hour > 24 ||
    minute > 60 ||
    second > 60
  )
    return Number.NaN
  return Date.UTC(year, month - 1, day, hour, minute, second)
}
