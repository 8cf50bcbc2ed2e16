import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AlignDaError } from '../../base/errors.ts'
import { fuzzRuns } from '../../base/testing.ts'
import { mutate, mutations } from '../testing/mutation.ts'
import { csvText, parseObservationsCsv } from './csv.ts'
import { decodeParquet, encodeParquet } from './parquet.ts'
import { observationTable } from './table.ts'

const n = 300
const series = (f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i))
const table = observationTable({
  time: series((i) => 1.6e12 + 1000 * (i % 7)),
  latitude: series((i) => -90 + i / 2),
  longitude: series((i) => (i * 1.7) % 360),
  pressure: series((i) => (i % 5 ? 1000 * (i % 90) + 500 : Number.NaN)),
  variable: series((i) => i % 3).map((k) => ['t', 'u', 'q'][k]),
  value: series((i) => 250 + Math.sin(i)),
  station: series((i) => i % 11).map((k) => `station ${k}`),
  reportType: series((i) => 120 + 100 * (i % 2)),
  quality: series((i) => i % 4),
  sounding: series((i) => i >> 4),
})

/** Seconds on the CPU's clock: a busy machine only makes the tests late. */
const tooLong = 5

async function survives(read: () => unknown) {
  const start = process.cpuUsage()
  try {
    await read()
  } catch (error) {
    if (!(error instanceof AlignDaError)) throw error
  }
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1e6).toBeLessThan(tooLong)
}

it('damaged Parquet gives a table or a plain error, quickly', async () => {
  const bytes = encodeParquet(table)
  await fc.assert(
    fc.asyncProperty(mutations, (list) => survives(() => decodeParquet(mutate(bytes, list)))),
    { numRuns: fuzzRuns },
  )
}, 3_600_000)

it('Parquet damaged in a page alone gives a table or a plain error, quickly', async () => {
  const bytes = encodeParquet(table)
  const footer = bytes.length - 8 - new DataView(bytes.buffer).getUint32(bytes.length - 8, true)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(footer - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      (changes) => {
        const copy = bytes.slice()
        for (const [at, value] of changes) copy[at] = value
        return survives(() => decodeParquet(copy))
      },
    ),
    { numRuns: fuzzRuns },
  )
}, 3_600_000)

it('damaged CSV gives a table or a plain error, quickly', async () => {
  const bytes = new TextEncoder().encode([...csvText(table)].join(''))
  const decoder = new TextDecoder()
  await fc.assert(
    fc.asyncProperty(mutations, (list) =>
      survives(() => parseObservationsCsv(decoder.decode(mutate(bytes, list)))),
    ),
    { numRuns: fuzzRuns },
  )
}, 3_600_000)
