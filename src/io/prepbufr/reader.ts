import { FormatError } from '../../base/errors.ts'
import { BitReader } from './bits.ts'
import { checkPadding, decodeSubset, type SubsetVisitor } from './decode.ts'
import { descriptor } from './descriptor.ts'
import { addToDictionary, type Dictionary, dictionaryCategory, emptyDictionary } from './dictionary.ts'
import { type BufrMessage, place } from './message.ts'
import { compile, type Program } from './program.ts'

/** 0-63-000: the length of a subset in bytes, itself included, in 16 bits; NCEP's files put it before each. */
const byteCount = descriptor(0, 63, 0)
/** A subset longer than this stands alone in its message, and its 16-bit length means nothing. */
const longestCounted = 65530

interface MessageLayout {
  readonly program: Program
  readonly counted: boolean
}

/**
 * Reads the subsets of data messages with the dictionary met before them. Feed it the messages of a file in
 * order; a new dictionary after data replaces the old one, so that concatenated files read well.
 */
export class SubsetReader {
  dictionary: Dictionary = emptyDictionary()
  private layouts = new Map<string, MessageLayout>()
  private dataSeen = false

  /** True when the message was a dictionary message and has been taken in. Throws FormatError on a damaged one. */
  learn(message: BufrMessage): boolean {
    if (message.category !== dictionaryCategory) return false
    if (this.dataSeen && message.subsets > 0) {
      this.dictionary = emptyDictionary()
      this.dataSeen = false
    }
    this.layouts.clear()
    addToDictionary(this.dictionary, message)
    return true
  }

  /** The message class (ADPUPA, ADPSFC, ...), '' when the message has no sequence of the dictionary. */
  classOf(message: BufrMessage): string {
    for (const d of message.descriptors) {
      const name = this.dictionary.sequences.get(d)?.mnemonic
      if (name !== undefined) return name
    }
    return ''
  }

  /**
   * Unpacks subset after subset into `visitor`; yields the number of each, from 0, when it is complete.
   * Throws FormatError naming message, subset and byte.
   */
  *subsets(message: BufrMessage, visitor: SubsetVisitor): Generator<number> {
    this.dataSeen = true
    const { program, counted } = this.layout(message)
    let start = message.dataStart
    const bits = new BitReader(message.bytes, 8 * start, 8 * message.dataEnd, place(message))
    for (let subset = 0; subset < message.subsets; subset++) {
      let end = message.dataEnd
      if (counted) {
        bits.end = 8 * message.dataEnd
        bits.position = 8 * start
        const length = bits.read(16)
        const alone = message.subsets === 1 && end - start > longestCounted
        if (!alone) {
          if (length < 2 || start + length > end)
            throw new FormatError(
              `${place(message)}, subset ${subset + 1} of ${message.subsets}: claims ${length} bytes at byte ` +
                `${message.offset + start}, ${end - start} are left; the file is damaged`,
            )
          end = start + length
        }
        bits.end = 8 * end
        decodeSubset(program, bits, visitor)
        if (!alone)
          checkPadding(
            bits,
            `${place(message)}, subset ${subset + 1}, byte ${message.offset + (bits.position >>> 3)}`,
          )
      } else decodeSubset(program, bits, visitor)
      yield subset
      start = end
    }
  }

  private layout(message: BufrMessage): MessageLayout {
    const key = message.descriptors.join()
    const known = this.layouts.get(key)
    if (known) return known
    if (message.compressed)
      throw new FormatError(
        `${place(message)}: compressed data, which PrepBUFR files never hold, are not read`,
      )
    if (this.dictionary.sequences.size === 0)
      throw new FormatError(
        `${place(message)}: data before any embedded dictionary; PrepBUFR files begin with theirs ` +
          '(WMO BUFR, which rests on external tables, is not read)',
      )
    const counted = message.descriptors[0] === byteCount
    // What follows the sequence describes the padding, which checkPadding reads.
    const layout = {
      counted,
      program: compile(
        this.dictionary,
        counted ? message.descriptors.slice(1, 2) : message.descriptors,
        place(message),
      ),
    }
    if (layout.program.length === 0) throw new FormatError(`${place(message)}: describes no data`)
    this.layouts.set(key, layout)
    return layout
  }
}
