import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, it } from 'vitest'
import { csvHeader, csvText, parseObservationsCsv, readObservationsCsv, writeObservationsCsv } from './csv.ts'
import { decodeParquet, encodeParquet, readObservationsParquet, writeObservationsParquet } from './parquet.ts'
import { concat, filter, observationTable } from './table.ts'

const noon = Date.UTC(2020, 10, 1, 12)
const table = observationTable({
  time: [noon, noon + 1, -1, Date.UTC(1959, 0, 2)],
  latitude: [0.1, -90, 1 / 3, 45],
  longitude: [0, 359.99999, 1e-7, 180],
  pressure: [50_000, Number.NaN, 1.5e-3, 101_325],
  height: [Number.NaN, 8848, Number.NaN, -430],
  variable: ['t', 'u10', 'q', 'msl'],
  value: [250.15, -12, 3e-6, 101_325],
  error: [0.8, Number.NaN, 1e-7, 100],
  background: [Number.NaN, -11.5, Number.NaN, Number.NaN],
  station: ['89002', 'a "quoted", name', '', '  spaces é'],
  reportType: [120, 281, -1, 0],
  quality: [2, -1, 15, 0],
  instrument: ['ADPUPA', 'ADPSFC', '', 'SFCSHP'],
  sounding: [0, 1, -1, 2],
})
const folder = () => mkdtemp(join(tmpdir(), 'align-da-'))

describe('Parquet', () => {
  it('gives back the table that was written', async () => {
    const path = join(await folder(), 'o.parquet')
    await writeObservationsParquet(path, table)
    expect(await readObservationsParquet(path)).toEqual(table)
    expect(await readdir(join(path, '..'))).toEqual(['o.parquet'])
    const none = filter(table, () => false)
    expect(await decodeParquet(encodeParquet(none))).toEqual(none)
  })

  it('holds many rows, small', async () => {
    const many = concat(Array.from({ length: 2500 }, () => table))
    const bytes = encodeParquet(many)
    expect(bytes.length).toBeLessThan(15 * many.length)
    expect(await decodeParquet(bytes)).toEqual(many)
  })

  it('is read without the optional columns, with nulls, other columns and numeric times', async () => {
    const bytes = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'value', data: [1, 2, 3], type: 'DOUBLE' },
          { name: 'time', data: [0, 1.5, 2], type: 'DOUBLE' },
          { name: 'extra', data: ['x', 'y', 'z'], type: 'STRING' },
          { name: 'latitude', data: [1, 2, 3], type: 'FLOAT' },
          { name: 'longitude', data: [-10, 0, 10], type: 'INT32' },
          { name: 'variable', data: ['t', 't', 'q'], type: 'STRING' },
          { name: 'pressure', data: [50_000, null, 70_000], type: 'DOUBLE' },
          { name: 'quality', data: [null, 2, 3], type: 'INT32' },
          { name: 'station', data: ['a', null, 'c'], type: 'STRING' },
        ],
      }),
    )
    const read = await decodeParquet(bytes)
    expect([...read.time]).toEqual([0, 1.5, 2])
    expect([...read.longitude]).toEqual([350, 0, 10])
    expect([...read.pressure]).toEqual([50_000, Number.NaN, 70_000])
    expect([...read.quality]).toEqual([-1, 2, 3])
    expect(read.station).toEqual(['a', '', 'c'])
    expect(read.sounding).toEqual(new Int32Array(3).fill(-1))
  })

  it('says what is wrong with a file', async () => {
    const bytes = encodeParquet(table)
    await expect(decodeParquet(new Uint8Array(0), 'e.parquet')).rejects.toThrow(
      'e.parquet: not a Parquet file (0 bytes',
    )
    await expect(decodeParquet(bytes.slice(0, -40))).rejects.toThrow('is damaged')
    const other = (data: unknown[], name = 'value') =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            ...['time', 'latitude', 'longitude'].map((n) => ({
              name: n,
              data: [0, 0],
              type: 'DOUBLE' as const,
            })),
            { name: 'variable', data: ['t', 't'] },
            { name, data },
          ],
        }),
      )
    await expect(decodeParquet(other(['a', 'b']))).rejects.toThrow(
      'column value, row 0: a number is needed, not string',
    )
    await expect(decodeParquet(other([1.5, 2], 'valeu'))).rejects.toThrow(
      'lacks the column value (did you mean valeu?)',
    )
    const timeless = observationTable({ ...table, time: [0, 1, Number.NaN, 3] })
    await expect(writeObservationsParquet('unused', timeless)).rejects.toThrow('row 2 has no valid time')
  })
})

describe('CSV', () => {
  it('gives back the table that was written', async () => {
    const path = join(await folder(), 'o.csv')
    await writeObservationsCsv(path, table)
    const text = await readFile(path, 'utf8')
    expect(text.split('\n')[0]).toBe(csvHeader)
    expect(csvHeader).toContain('time [UTC],latitude [degrees_north],longitude [degrees_east],pressure [Pa]')
    expect(text.split('\n')[1]).toBe(
      '2020-11-01T12:00:00.000Z,0.1,0,50000,,t,250.15,0.8,,89002,120,2,ADPUPA,0',
    )
    expect(await readObservationsCsv(path)).toEqual(table)
  })

  it('reads lines across the pieces of a large file, with Windows ends and no last end', async () => {
    const many = concat(Array.from({ length: 3000 }, () => table))
    const path = join(await folder(), 'o.csv')
    await writeFile(
      path,
      `\uFEFF# a remark\n${[...csvText(many)].join('').replaceAll('\n', '\r\n').trimEnd()}`,
    )
    expect(await readObservationsCsv(path)).toEqual(many)
  })

  it('takes columns in any order, other columns, and times in the usual forms', () => {
    const text = `value,variable,longitude,latitude,note,time
      1,t,-10,5,x,2020-11-01T12:00
      1,t,-10,5,x,2020-11-01 12:00:00
      1,t,-10,5,x,2020-11-01T14:00:00+02:00
      1e0, t ,-1E1,+5.,x,2020-11-01T12:00Z
      1,t,-10,5,x,2020-11-01
      `.replace(/^ +/gm, '')
    const read = parseObservationsCsv(text)
    expect([...read.time]).toEqual([noon, noon, noon, noon, noon - 12 * 3_600_000])
    expect([...read.longitude]).toEqual([350, 350, 350, 350, 350])
    expect(read.variable[3]).toBe('t')
    const python = `Time,latitude,longitude,variable,value,pressure(Pa),Error,Station\n2020-11-01,5,7,t,250,50000,nan,a`
    const { pressure, error, station } = parseObservationsCsv(python)
    expect([pressure[0], error[0], station[0]]).toEqual([50_000, Number.NaN, 'a'])
  })

  const head = 'time,latitude,longitude,variable,value'
  const day = '2020-11-01'
  it.each([
    ['', /text: empty; a header line/],
    ['time,lat,longitude,variable,value', /line 1: the header lacks the column latitude/],
    [`${head},Pressure(hPa)`, /line 1: column pressure is in hPa; Pa is needed/],
    [`${head},value`, /line 1: the column value occurs twice/],
    [`${head},pressure [hPa]`, /line 1: column pressure is in hPa; Pa is needed/],
    [`${head}\n${day},2,3,t`, /line 2: 4 fields where the header has 5/],
    [`${head}\n${day},2,3,t,4\n\n${day},2,3,t,4x`, /line 4: value: '4x' is not a number/],
    [`${head}\n${day},2,3,t,1e999`, /line 2: value: '1e999' is not a number/],
    [`${head}\n${day},2,3,t,0x10`, /'0x10' is not a number/],
    [`${head}\n${day},2,3,t,`, /line 2: value is empty/],
    [`${head}\n2020-13-01,2,3,t,4`, /line 2: time: '2020-13-01' is not a time/],
    [`${head}\n1604232000,2,3,t,4`, /line 2: time: '1604232000' is not a time such as 2020-11-01T12/],
    [`${head}\nyesterday T,2,3,t,4`, /is not a time/],
    [`${head}\n${day},2,3,"t,4`, /line 2: a quote is not closed/],
    [`${head},quality\n${day},2,3,t,4,1.5`, /line 2: quality: '1.5' is not an integer/],
  ])('refuses %j', (text, message) => {
    expect(() => parseObservationsCsv(text)).toThrow(message)
  })
})
