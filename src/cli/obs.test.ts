import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../base/testing.ts'
import { writeObservationsParquet } from '../io/observations/parquet.ts'
import { observationTable } from '../io/observations/table.ts'
import { align, patience } from './testing/process.ts'
import { type SmallStore, smallStore, t0 } from './testing/store.ts'

let small: SmallStore
let folder: string
beforeAll(async () => {
  small = await smallStore()
  folder = small.folder
}, patience)
afterAll(() => small.remove())

describe('data obs', () => {
  it(
    'counts by type, variable and quality mark, and converts',
    async () => {
      const n = 90
      const table = observationTable({
        time: Float64Array.from({ length: n }, (_, i) => t0 + i * 60_000),
        latitude: Float64Array.from({ length: n }, (_, i) => i - 45),
        longitude: Float64Array.from({ length: n }, (_, i) => 3 * i),
        variable: Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 'q' : 't')),
        value: new Float64Array(n).fill(280),
        background: new Float64Array(n).fill(279),
        reportType: Int32Array.from({ length: n }, () => 120),
        quality: Int32Array.from({ length: n }, (_, i) => (i < 60 ? 2 : 9)),
        instrument: new Array<string>(n).fill('ADPUPA'),
      })
      const [file, csv, map] = ['o.parquet', 'o.csv', 'o.png'].map((name) => join(folder, name))
      await writeObservationsParquet(file, table)
      const counted = await align(['data', 'obs', file, '--json', '--out', csv])
      const { counts, rows } = JSON.parse(counted.out)
      expect(rows).toBe(90)
      expect(counts).toEqual([
        {
          instrument: 'ADPUPA',
          reportType: 120,
          variable: 't',
          unit: 'K',
          count: 60,
          quality: { 2: 40, 9: 20 },
          bias: 1,
          rms: 1,
        },
        expect.objectContaining({ variable: 'q', count: 30, quality: { 2: 20, 9: 10 } }),
      ])
      const [again, missing, nowhere] = await Promise.all([
        align(['data', 'obs', csv, '--variable', 't', '--max-quality', '3', '--plot', map, '--departures']),
        align(['data', 'obs', csv, '--variable', 'tt']),
        align(['data', 'obs', csv, '--level', '500']),
      ])
      expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/ADPUPA +120 +t +K +40 +40 +1 +1/) })
      expect((await readFile(map)).subarray(1, 4).toString()).toBe('PNG')
      expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('has no tt (did you mean t') })
      expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('fits the selection') })
      await Promise.all([file, csv, map].map((f) => rm(f)))
    },
    patience,
  )

  it.skipIf(!sharedData)(
    'reads a real file of radiosondes (needs the shared data)',
    async () => {
      const file = join(sharedData!, 'real/gdas.20201101.t12z.ADPUPA.prepbufr')
      const { out } = await align(['data', 'obs', file, '--json'])
      const { stations, counts } = JSON.parse(out)
      const sum = (variable: string) =>
        counts
          .filter((c: { variable: string }) => c.variable === variable)
          .reduce((s: number, c: { count: number }) => s + c.count, 0)
      expect(stations).toBe(634)
      expect([sum('t'), sum('q'), sum('u'), sum('z')]).toEqual([29_505, 27_740, 36_868, 20_871])
    },
    patience,
  )
})
