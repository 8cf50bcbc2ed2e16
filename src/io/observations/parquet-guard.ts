import type { FileMetaData } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { FormatError } from '../../base/errors.ts'
import { snappyDecode } from './snappy.ts'

/** Rows a file may have per byte; run-length coding packs constant columns tightly, but not without limit. */
const rowsPerByte = 4096

/** Encodings whose length can be told before decoding. These are what common writers use for flat columns. */
const dictionaryEncodings = new Set(['RLE_DICTIONARY', 'PLAIN_DICTIONARY'])

/**
 * Checks the pages of flat columns before the Parquet library decodes them: it trusts the counts in a file, so that
 * one flipped bit could ask for any amount of memory or time. Throws FormatError naming column and byte.
 */
export function checkPages(file: Uint8Array, metadata: FileMetaData, names: readonly string[], name: string) {
  const rows = Number(metadata.num_rows)
  if (!(rows >= 0 && rows <= file.length * rowsPerByte))
    throw new FormatError(`${name}: claims ${rows} rows in ${file.length} bytes; the file is damaged`)
  let sum = 0
  for (const group of metadata.row_groups) {
    const groupRows = Number(group.num_rows)
    sum += groupRows
    if (!(groupRows >= 0 && sum <= rows))
      throw new FormatError(`${name}: row groups hold more than ${rows} rows`)
    for (const { meta_data: column } of group.columns) {
      const path = column?.path_in_schema
      if (!column || path?.length !== 1 || !names.includes(path[0])) continue
      const field = metadata.schema.find((s) => s.name === path[0])
      const where = `${name}: column ${path[0]}`
      const start = Number(column.dictionary_page_offset || column.data_page_offset)
      const size = Number(column.total_compressed_size)
      if (!(start >= 4 && size > 0 && start + size <= file.length))
        throw new FormatError(`${where}: should lie at bytes ${start}..${start + size} of ${file.length}`)
      if (column.codec !== 'UNCOMPRESSED' && column.codec !== 'SNAPPY')
        throw new FormatError(`${where}: compression ${column.codec} is not read; use snappy or none`)
      const chunk = file.subarray(start, start + size)
      checkColumn(chunk, groupRows, field?.repetition_type !== 'REQUIRED', column.codec === 'SNAPPY', where)
    }
  }
  if (sum !== rows)
    throw new FormatError(`${name}: row groups hold ${sum} of ${rows} rows; the file is damaged`)
}

function checkColumn(bytes: Uint8Array, rows: number, optional: boolean, snappy: boolean, where: string) {
  const fail = (what: string): never => {
    throw new FormatError(`${where}: ${what}; the file is damaged or of a kind that is not read`)
  }
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 }
  for (let seen = 0; seen < rows; ) {
    const header = attempt(() => parquetHeader(reader), where)
    const { compressed_page_size: packed, uncompressed_page_size: size } = header
    const end = reader.offset + packed
    // Snappy's best is a copy of 64 bytes from 3.
    if (!(packed >= 0 && end <= bytes.length && size >= 0 && size <= (snappy ? 64 * packed + 64 : packed)))
      fail(`a page of ${packed} bytes at ${reader.offset} does not fit`)
    const body = bytes.subarray(reader.offset, end)
    reader.offset = end
    if (header.type === 'DICTIONARY_PAGE') {
      const count = header.dictionary_page_header?.num_values ?? -1
      if (!(count >= 0 && count <= size)) fail(`a dictionary of ${count} values in ${size} bytes`)
      continue
    }
    const v1 = header.type === 'DATA_PAGE' ? header.data_page_header : undefined
    const v2 = header.type === 'DATA_PAGE_V2' ? header.data_page_header_v2 : undefined
    const page = v1 ?? v2 ?? fail(`a page of type ${header.type}`)
    const values = page.num_values
    if (!(values > 0 && seen + values <= rows))
      fail(`a page claims ${values} values where ${rows - seen} are left`)
    seen += values
    const levels = v2 ? v2.definition_levels_byte_length : 0
    if (v2 && !(v2.repetition_levels_byte_length === 0 && levels >= 0 && levels <= packed))
      fail('nested levels')
    const nulls = v2 ? v2.num_nulls : 0
    if (!(nulls >= 0 && nulls <= values)) fail(`${nulls} of ${values} values are null`)
    if (v2 && v2.num_rows !== values) fail(`a page of ${v2.num_rows} rows has ${values} values`)
    if (!dictionaryEncodings.has(page.encoding) && page.encoding !== 'PLAIN')
      fail(`encoding ${page.encoding}`)
    let data = body.subarray(levels)
    if (snappy && v2?.is_compressed !== false) {
      const packedData = data
      data = attempt(() => snappyDecode(packedData, size - levels), where)
    }
    if (optional && v2) checkRuns(body.subarray(0, levels), 1, values, fail)
    let at = 0
    if (optional && v1) {
      const length = data.length >= 4 ? new DataView(data.buffer, data.byteOffset).getUint32(0, true) : -1
      at = 4 + length
      if (length < 0 || at > data.length) fail('levels do not fit into their page')
      checkRuns(data.subarray(4, at), 1, values, fail)
    }
    if (dictionaryEncodings.has(page.encoding) && values > nulls) {
      const width = data[at] ?? fail('a page without data')
      if (width > 31) fail(`indices of ${width} bits`)
      if (width > 0)
        checkRuns(data.subarray(at + 1), width, v1 && optional ? 0 : values - nulls, fail, values)
    }
  }
}

/**
 * Walks the runs of Parquet's run-length/bit-packed hybrid (format specification, "Encodings", RLE = 3): together
 * they must give at least `needed` values and, but for the padding of the last, no more than `most`.
 */
function checkRuns(
  bytes: Uint8Array,
  width: number,
  needed: number,
  fail: (what: string) => never,
  most = needed,
) {
  let [at, seen] = [0, 0]
  while (at < bytes.length && seen < most) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      if (shift > 28 || at >= bytes.length) fail('a run without length')
      const byte = bytes[at++]
      header += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    const count = Math.floor(header / 2)
    const packed = header % 2 === 1
    const values = packed ? 8 * count : count
    // A bit-packed run is padded to a multiple of 8 values; some writers pad the last one to a fixed size.
    if (seen + values > most + (packed ? 511 : 0) || header >= 2 ** 31)
      fail(`a run of ${values} values where ${most - seen} are left`)
    at += packed ? count * width : Math.ceil(width / 8)
    seen += values
  }
  if (seen < needed) fail(`runs give ${seen} of ${needed} values`)
}

/** Runs library code on bytes that may be damaged: whatever it throws becomes a FormatError. */
export function attempt<T>(run: () => T, where: string): T {
  try {
    return run()
  } catch (error) {
    throw new FormatError(`${where}: ${error instanceof Error ? error.message : error}; the file is damaged`)
  }
}
