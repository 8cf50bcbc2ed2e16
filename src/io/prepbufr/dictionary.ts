import { FormatError } from '../../base/errors.ts'
import { type Descriptor, parseDescriptor } from './descriptor.ts'
import { type BufrMessage, place } from './message.ts'

/** Table B: how one number is packed. Its value is (packed + reference) / 10^scale, in `unit`. */
export interface ElementEntry {
  readonly mnemonic: string
  readonly description: string
  readonly unit: string
  readonly scale: number
  readonly reference: number
  readonly bits: number
}

/** Table D: a named sequence of descriptors. */
export interface SequenceEntry {
  readonly mnemonic: string
  readonly description: string
  readonly members: readonly Descriptor[]
}

/** The tables that NCEP's files carry in their first messages. */
export interface Dictionary {
  /** Table A: message types by number. */
  readonly types: Map<number, { mnemonic: string; description: string }>
  readonly elements: Map<Descriptor, ElementEntry>
  readonly sequences: Map<Descriptor, SequenceEntry>
}

export const emptyDictionary = (): Dictionary => ({
  types: new Map(),
  elements: new Map(),
  sequences: new Map(),
})

/** Data category of messages that hold dictionary entries instead of data. */
export const dictionaryCategory = 11

/**
 * Adds the entries of a dictionary message (NCEPLIBS-bufr's "DX" message): three lists, each led by a count in
 * one byte, of fixed-width ASCII. Names take 64 characters, in the older short form (sub-category 0) 32:
 *
 * - Table A: number 3, name;
 * - Table B: descriptor 6, name, unit 24, sign 1, scale 3, sign 1, reference 10, bits 3;
 * - Table D: descriptor 6, name, one byte n, n descriptors of 6.
 *
 * A name is a mnemonic in 8 characters and a description. Throws FormatError when an entry is not of this form.
 */
export function addToDictionary(dictionary: Dictionary, message: BufrMessage) {
  const { bytes, dataEnd } = message
  const name = message.subcategory === 0 ? 32 : 64
  let at = message.dataStart
  const fail = (what: string): never => {
    throw new FormatError(`${place(message)}: embedded dictionary: ${what} at byte ${message.offset + at}`)
  }
  const count = () => (at < dataEnd ? bytes[at++] : fail('a count is missing'))
  const take = (length: number): string => {
    if (at + length > dataEnd) fail(`an entry of ${length} characters does not fit`)
    let text = ''
    for (let i = at; i < at + length; i++) text += String.fromCharCode(bytes[i])
    at += length
    return text
  }
  const takeDescriptor = (f: number): Descriptor => {
    const digits = take(6)
    const d = parseDescriptor(digits)
    if (Number.isNaN(d) || (f >= 0 && d >>> 14 !== f)) fail(`'${digits}' is no descriptor`)
    return d
  }
  const takeNumber = (length: number, what: string): number => {
    const text = take(length).replaceAll(' ', '')
    if (!/^[+-]?\d+$/.test(text)) fail(`'${text}' is no ${what}`)
    return Number(text)
  }
  const takeName = () => {
    const text = take(name)
    return { mnemonic: text.slice(0, 8).trim(), description: text.slice(8).trim() }
  }
  // A message without subsets marks the end of the dictionary.
  if (message.subsets === 0) return
  for (let n = count(); n > 0; n--) dictionary.types.set(takeNumber(3, 'message type'), takeName())
  for (let n = count(); n > 0; n--) {
    const d = takeDescriptor(0)
    const { mnemonic, description } = takeName()
    const unit = take(24).trim()
    const [scale, reference] = [takeNumber(4, 'scale'), takeNumber(11, 'reference value')]
    const bits = takeNumber(3, 'width')
    if (bits < 1 || Math.abs(scale) > 30) fail(`${mnemonic}: ${bits} bits and scale ${scale} cannot be`)
    dictionary.elements.set(d, { mnemonic, description, unit, scale, reference, bits })
  }
  for (let n = count(); n > 0; n--) {
    const d = takeDescriptor(3)
    const { mnemonic, description } = takeName()
    const members = Array.from({ length: count() }, () => takeDescriptor(-1))
    dictionary.sequences.set(d, { mnemonic, description, members })
  }
}
