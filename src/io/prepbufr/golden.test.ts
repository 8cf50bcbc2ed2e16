import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { messagesIn } from './framing.ts'
import { prepbufrReports } from './prepbufr.ts'
import { SubsetReader } from './reader.ts'
import { type Field, TreeVisitor } from './tree.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url))

type Golden = [string, number | string | null | Golden[][]][]

/** The reader's fields in the form of the golden files. */
const plain = (fields: readonly Field[]): unknown[] =>
  fields.map((f) =>
    'repeats' in f ? [f.name, f.repeats.map(plain)] : [f.name, Number.isNaN(f.value) ? null : f.value],
  )

describe.each(['adpupa', 'adpsfc'])('%s', (name) => {
  it('has every field of every subset as an independent decoder finds it', () => {
    const golden = JSON.parse(gunzipSync(fixture(`${name}.golden.json.gz`)).toString()) as Golden[]
    const reader = new SubsetReader()
    const tree = new TreeVisitor()
    const found: unknown[] = []
    for (const message of messagesIn(gunzipSync(fixture(`${name}.prepbufr.gz`))))
      if (!reader.learn(message))
        for (const _ of reader.subsets(message, tree)) found.push(plain(tree.take()))
    expect(found.length).toBe(golden.length)
    expect(found).toEqual(golden)
  })
})

/** IODA keeps single precision. */
const single = (values: number[]) => values.map(Math.fround)

it('reads the headers of surface reports as IODA does', () => {
  const golden = JSON.parse(fixture('adpsfc.independent.json').toString())
  const reports = [...prepbufrReports(gunzipSync(fixture('adpsfc.prepbufr.gz')))]
  expect(reports.map((r) => r.station)).toEqual(golden.stationIdentification)
  expect(single(reports.map((r) => r.longitude))).toEqual(single(golden.longitude))
  expect(single(reports.map((r) => r.latitude))).toEqual(single(golden.latitude))
  expect(reports.map((r) => r.type)).toEqual(golden.prepbufrReportType)
  expect(reports.map((r) => r.elevation)).toEqual(golden.stationElevation)
  expect(single(reports.map((r) => r.hours))).toEqual(single(golden.obsTimeMinusCycleTime))
  expect(reports.map((r) => r.levels[0].category)).toEqual(golden.prepbufrDataLevelCategory)
  expect(reports.map((r) => r.dumpType)).toEqual(golden.dumpReportType)
})
