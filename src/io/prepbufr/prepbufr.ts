import { DataError } from '../../base/errors.ts'
import { ObservationBuilder } from '../observations/builder.ts'
import type { ObservationTable } from '../observations/table.ts'
import { ReportAssembler } from './assemble.ts'
import { xOf, yOf } from './descriptor.ts'
import type { Dictionary } from './dictionary.ts'
import { messagesIn, messagesOf } from './framing.ts'
import { type BufrMessage, place } from './message.ts'
import { SubsetReader } from './reader.ts'
import type { Report } from './report.ts'
import { appendRows, type RowOptions } from './rows.ts'

/**
 * Reads whole PrepBUFR files: NCEP's quality-controlled observations, https://www.emc.ncep.noaa.gov/mmb/data_processing/prepbufr.doc
 * Feed `messages` in order; reports come out with their event stacks, rows with the final values.
 */
export class PrepbufrDecoder {
  private reader = new SubsetReader()
  private assembler = new ReportAssembler()
  private sounding = -1
  private previous = ''

  /** The tables embedded in the file, as far as they have been met. */
  get dictionary(): Dictionary {
    return this.reader.dictionary
  }

  /** The reports of a message; none of a dictionary message. Throws FormatError with message and byte. */
  *reports(message: BufrMessage): Generator<Report> {
    if (this.reader.learn(message) || message.subsets === 0) return
    const { assembler } = this
    const messageClass = this.reader.classOf(message)
    assembler.begin(messageClass, message.number, 1, message.time)
    for (const subset of this.reader.subsets(message, assembler)) {
      yield assembler.finish()
      assembler.begin(messageClass, message.number, subset + 2, message.time)
    }
  }

  /** Appends the observations of a message to `builder`. Throws DataError when the message has no valid time. */
  append(message: BufrMessage, builder: ObservationBuilder, options?: RowOptions) {
    let virtmp: number | undefined
    for (const report of this.reports(message)) {
      virtmp ??= virtmpCode(this.dictionary)
      if (Number.isNaN(message.time)) throw new DataError(`${place(message)}: no valid date in section 1`)
      // Mass and wind of one report follow each other as two subsets with the same station and number.
      const key = Number.isNaN(report.sequence) ? '' : `${report.station} ${report.sequence}`
      if (key === '' || key !== this.previous) this.sounding++
      this.previous = key
      appendRows(report, this.sounding, virtmp, builder, options)
    }
  }
}

/** The program code of VIRTMP, which makes temperatures virtual: Y of its entry 3-63-YYY; 8 in NCEP's own tables. */
export function virtmpCode(dictionary: Dictionary): number {
  for (const [d, entry] of dictionary.sequences)
    if (entry.mnemonic === 'VIRTMP' && xOf(d) === 63) return yOf(d)
  return 8
}

/** The observations of a PrepBUFR file in memory. `name` is used in messages. Throws FormatError or DataError. */
export function decodePrepbufr(bytes: Uint8Array, options?: RowOptions, name?: string): ObservationTable {
  const decoder = new PrepbufrDecoder()
  const builder = new ObservationBuilder(1 << 14)
  for (const message of messagesIn(bytes, name)) decoder.append(message, builder, options)
  return builder.build()
}

/** The reports of a PrepBUFR file in memory, with their event stacks, one after the other. */
export function* prepbufrReports(bytes: Uint8Array, name?: string): Generator<Report> {
  const decoder = new PrepbufrDecoder()
  for (const message of messagesIn(bytes, name)) yield* decoder.reports(message)
}

/** The observations of a PrepBUFR file, read from disk message by message. */
export async function readPrepbufr(path: string, options?: RowOptions): Promise<ObservationTable> {
  const decoder = new PrepbufrDecoder()
  const builder = new ObservationBuilder(1 << 14)
  for await (const message of messagesOf(path)) decoder.append(message, builder, options)
  return builder.build()
}

/**
 * The same as tables of at least `rows` rows (the last may be shorter), for files larger than memory. Sounding
 * numbers run on from table to table.
 */
export async function* streamPrepbufr(
  path: string,
  options: RowOptions & { readonly rows?: number } = {},
): AsyncGenerator<ObservationTable> {
  const decoder = new PrepbufrDecoder()
  const builder = new ObservationBuilder(1 << 14)
  const rows = options.rows ?? 100_000
  for await (const message of messagesOf(path)) {
    decoder.append(message, builder, options)
    if (builder.length >= rows) yield builder.build()
  }
  if (builder.length > 0) yield builder.build()
}
