import { readFile } from 'node:fs/promises'
import { type FileMetaData, parquetMetadata, parquetRead } from 'hyparquet'
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer'
import { DataError, didYouMean, FormatError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { attempt, checkPages } from './parquet-guard.ts'
import { snappyDecode } from './snappy.ts'
import {
  type ColumnName,
  columnNames,
  columns,
  type ObservationTable,
  observationTable,
  requiredColumns,
} from './table.ts'

const types: Readonly<Record<'real' | 'integer' | 'text', BasicType>> = {
  real: 'DOUBLE',
  integer: 'INT32',
  text: 'STRING',
}

/** The table as a Parquet file: one column each, time as TIMESTAMP (ms), units under the key `units` as JSON. */
export function encodeParquet(table: ObservationTable): Uint8Array {
  const columnData = columnNames.map((name) =>
    name === 'time'
      ? {
          name,
          data: BigInt64Array.from(table.time, (t) => BigInt(Math.round(t))),
          type: 'TIMESTAMP' as const,
          nullable: false,
        }
      : {
          name,
          data: [...(table[name] as Iterable<number | string>)],
          type: types[columns[name].kind],
          nullable: false,
        },
  )
  const units = Object.fromEntries(columnNames.map((name) => [name, columns[name].unit]))
  const kvMetadata = [{ key: 'units', value: JSON.stringify(units) }]
  // Offset indexes help only readers of single rows, and the one row group of previews slows everybody else.
  const buffer = parquetWriteBuffer({ columnData, kvMetadata, rowGroupSize: 200_000, createdBy: 'align-da' })
  return new Uint8Array(buffer)
}

/** Writes `table` to a Parquet file, whole or not at all. Throws DataError when a time is not finite. */
export async function writeObservationsParquet(path: string, table: ObservationTable) {
  const bad = table.time.findIndex((t) => !Number.isFinite(t))
  if (bad >= 0) throw new DataError(`row ${bad} has no valid time (${table.time[bad]})`)
  await writeFileAtomic(path, encodeParquet(table))
}

/**
 * The observations of a Parquet file with the columns of `ObservationTable`; optional ones may be absent, others
 * are passed over. Time may be a TIMESTAMP or a number of ms since 1970. Throws FormatError for a damaged file or
 * an unusual encoding, DataError for missing columns or columns of the wrong type.
 */
export async function decodeParquet(file: Uint8Array, name = 'the file'): Promise<ObservationTable> {
  if (file.length < 12 || file[0] !== 0x50 || file[1] !== 0x41 || file[2] !== 0x52 || file[3] !== 0x31)
    throw new FormatError(`${name}: not a Parquet file (${file.length} bytes that do not begin with PAR1)`)
  const metadata = attempt(() => parquetMetadata(file, { geoparquet: false }), name)
  const present = topLevelColumns(metadata)
  for (const required of requiredColumns)
    if (!present.includes(required))
      throw new DataError(`${name}: lacks the column ${required}${didYouMean(required, present)}`)
  const wanted = columnNames.filter((c) => present.includes(c))
  attemptTyped(() => checkPages(file, metadata, wanted, name), name)
  const rows = Number(metadata.num_rows)
  const data = await readColumns(file, metadata, wanted, name)
  const given: Record<string, ArrayLike<unknown>> = {}
  for (const column of wanted) given[column] = convert(column, data.get(column) ?? [], rows, name)
  return observationTable(given as Parameters<typeof observationTable>[0])
}

export async function readObservationsParquet(path: string): Promise<ObservationTable> {
  return decodeParquet(await readFile(path), path)
}

function topLevelColumns(metadata: FileMetaData): string[] {
  const nested = metadata.schema.slice(1).some((s) => s.num_children)
  return nested ? [] : metadata.schema.slice(1).map((s) => s.name)
}

async function readColumns(file: Uint8Array, metadata: FileMetaData, names: string[], name: string) {
  const parts = new Map<string, { start: number; data: ArrayLike<unknown> }[]>(names.map((n) => [n, []]))
  try {
    await parquetRead({
      file: {
        byteLength: file.length,
        // The library reads parts of the buffer it is given: a copy, because `file` may be a view into a larger one.
        slice: async (start, end) => new Uint8Array(file.subarray(start, end)).buffer,
      },
      metadata,
      columns: names,
      compressors: { SNAPPY: snappyDecode },
      geoparquet: false,
      parsers: { timestampFromMilliseconds: Number, timestampFromMicroseconds: (t) => Number(t) / 1e3 },
      onChunk: (c) => parts.get(c.columnName)?.push({ start: c.rowStart, data: c.columnData }),
    })
  } catch (error) {
    throw new FormatError(`${name}: ${error instanceof Error ? error.message : error}; the file is damaged`)
  }
  return parts
}

/** One column from the parts read; the type is checked value by value, since a damaged dictionary may lack some. */
function convert(
  column: ColumnName,
  parts: readonly { start: number; data: ArrayLike<unknown> }[],
  rows: number,
  name: string,
): ArrayLike<unknown> {
  const { kind } = columns[column]
  const out =
    kind === 'real'
      ? new Float64Array(rows).fill(Number.NaN)
      : kind === 'integer'
        ? new Int32Array(rows).fill(-1)
        : new Array<string>(rows).fill('')
  let seen = 0
  for (const { start, data } of parts) {
    for (let i = 0; i < data.length && start + i < rows; i++) {
      const value = data[i]
      if (value === null) continue
      const type = typeof value
      if (
        value === undefined ||
        (kind === 'text' ? type !== 'string' : type !== 'number' && type !== 'bigint')
      )
        throw new DataError(
          `${name}: column ${column}, row ${start + i}: ${kind === 'text' ? 'text' : 'a number'} is needed, not ${type}`,
        )
      out[start + i] = kind === 'text' ? (value as string) : Number(value)
    }
    seen += data.length
  }
  if (seen < rows)
    throw new FormatError(`${name}: column ${column} has ${seen} of ${rows} rows; the file is damaged`)
  return out
}

/** Like attempt, but lets our own errors pass as they are. */
function attemptTyped(run: () => void, name: string) {
  try {
    run()
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw new FormatError(`${name}: ${error instanceof Error ? error.message : error}; the file is damaged`)
  }
}
