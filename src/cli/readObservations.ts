import { open } from 'node:fs/promises'
import { FormatError } from '../base/errors.ts'
import { readObservationsCsv } from '../io/observations/csv.ts'
import { readObservationsParquet } from '../io/observations/parquet.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { readPrepbufr } from '../io/prepbufr/prepbufr.ts'

export type ObservationFormat = 'prepbufr' | 'parquet' | 'csv'

/** The format of an observation file by its first bytes; undefined when it is none of them (CSV goes by its name). */
export async function observationFormat(path: string): Promise<ObservationFormat | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EISDIR') return undefined
    throw error
  })
  if (!handle) return undefined
  try {
    if ((await handle.stat()).isDirectory()) return undefined
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    const magic = buffer.toString('latin1', 0, bytesRead)
    if (magic === 'PAR1') return 'parquet'
    // Files from Fortran programs carry a record length of four bytes before the first message.
    if (magic === 'BUFR' || (await secondWord(handle)) === 'BUFR') return 'prepbufr'
    return /\.csv$/i.test(path) ? 'csv' : undefined
  } finally {
    await handle.close()
  }
}

async function secondWord(handle: Awaited<ReturnType<typeof open>>): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 4)
  return buffer.toString('latin1', 0, bytesRead)
}

/** Reads PrepBUFR, Parquet or CSV. @throws FormatError for anything else, naming what is read. */
export async function readObservations(path: string): Promise<ObservationTable> {
  const format = await observationFormat(path)
  if (format === 'prepbufr') return readPrepbufr(path)
  if (format === 'parquet') return readObservationsParquet(path)
  if (format === 'csv') return readObservationsCsv(path)
  throw new FormatError(`${path} holds no observations that are read here: PrepBUFR, Parquet or .csv`)
}
