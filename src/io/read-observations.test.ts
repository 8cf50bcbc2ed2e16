import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeObservationsCsv } from './observations/csv.ts'
import { writeObservationsParquet } from './observations/parquet.ts'
import { decodePrepbufr } from './prepbufr/prepbufr.ts'
import { fixture } from './prepbufr/testing/files.ts'
import { observationFormat, readObservations } from './read-observations.ts'

it('reads the same observations from each format, known by its content', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
  const bytes = fixture('adpupa.prepbufr.gz')
  const table = decodePrepbufr(bytes)
  const [bufr, parquet, csv, text] = ['a', 'b', 'c.CSV', 'd.txt'].map((f) => join(folder, f))
  await writeFile(bufr, bytes)
  await writeObservationsParquet(parquet, table)
  await writeObservationsCsv(csv, table)
  await writeFile(text, 'something else')
  expect(await Promise.all([bufr, parquet, csv, text].map(observationFormat))).toEqual([
    'prepbufr',
    'parquet',
    'csv',
    undefined,
  ])
  for (const path of [bufr, parquet, csv]) expect(await readObservations(path)).toEqual(table)
  await expect(readObservations(text)).rejects.toThrow('d.txt: not a file of observations')
  await expect(readObservations(join(folder, 'none'))).rejects.toThrow('none: no such file')
  await expect(readObservations(folder)).rejects.toThrow('cannot be read (EISDIR)')
})
