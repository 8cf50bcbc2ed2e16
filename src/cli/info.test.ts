import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { align, patience } from './testing/process.ts'
import { channels, grid, type SmallStore, smallStore } from './testing/store.ts'

let small: SmallStore
let folder: string
let store: string
beforeAll(async () => {
  small = await smallStore()
  folder = small.folder
  store = small.store
}, patience)
afterAll(() => small.remove())

describe('data info', () => {
  it(
    'says what a scientist asks first, and gives the same as JSON',
    async () => {
      const [text, json] = await Promise.all([
        align(['data', 'info', store]),
        align(['data', 'info', store, '--json']),
      ])
      expect(text.code).toBe(0)
      expect(text.out).toContain('32x16 equiangular')
      expect(text.out).toContain('1984-04-01 00:00 .. 1984-04-02 00:00 UTC, 4 states, every 6 h, 1 gap\n')
      expect(text.out).toContain('2: 500 850 hPa')
      expect(text.out).toMatch(/^geopotential +z +m2 s-2/m)
      expect(text.out).toContain('times are missing: 1 after 1984-04-01 06:00')
      expect(text.out.split('\n').length).toBeLessThan(40)
      const info = JSON.parse(json.out)
      expect(info.channels).toEqual(channels.names)
      expect(info.times).toMatchObject({ count: 4, gaps: 1 })
      expect(info.storedBytes).toBeGreaterThan(1000)
    },
    patience,
  )

  it(
    'tells what is wrong with files that are none of its kind',
    async () => {
      const empty = join(folder, 'empty.nc')
      const text = join(folder, 'text.nc')
      const cut = join(folder, 'cut.nc')
      await writeFile(empty, '')
      await writeFile(text, 'these are only words')
      await writeFile(cut, Buffer.from('89484446', 'hex'))
      const results = await Promise.all(
        [empty, text, cut, join(folder, 'nothing.zarr')].map((f) => align(['data', 'info', f])),
      )
      for (const { code, out, err } of results) {
        expect(code).toBe(1)
        expect(out).toBe('')
        expect(err).toMatch(/^error: .+\n$/)
        expect(err).not.toMatch(/\n +at /)
      }
      expect(results[0].err).toContain('empty')
      expect(results[3].err).toContain('nothing.zarr does not exist')
      for (const file of [empty, text, cut]) await rm(file)
    },
    patience,
  )
})

describe('data stats', () => {
  it(
    'prints exact statistics of the times asked for and writes them whole',
    async () => {
      const out = join(folder, 'statistics.json')
      const { code, out: printed } = await align([
        'data',
        'stats',
        store,
        '--channels',
        't850,msl',
        '--time',
        '1984-04-01',
        '--json',
        '--out',
        out,
      ])
      expect(code).toBe(0)
      const rows = JSON.parse(printed)
      expect(rows.map((r: { channel: string }) => r.channel)).toEqual(['msl', 't850'])
      // Waves average out; the steps 0, 1, 2 of the first day have a mean of 1.
      expect(rows[1].mean).toBeCloseTo(276, 4)
      expect(rows[0]).toMatchObject({ units: 'Pa', missing: 0 })
      const written = JSON.parse(await readFile(out, 'utf8'))
      expect(written.channels[1].count).toBe(3 * grid.size)
      await rm(out)
    },
    patience,
  )

  it(
    'names the nearest channel, level and time',
    async () => {
      const [channel, level, time] = await Promise.all([
        align(['data', 'stats', store, '--channels', 'zz500']),
        align(['data', 'stats', store, '--channels', 'z700']),
        align(['data', 'stats', store, '--time', '1990-01-01..1990-02-01']),
      ])
      expect([channel.code, level.code, time.code]).toEqual([1, 1, 1])
      expect(channel.err).toContain("unknown channel 'zz500' (did you mean z500")
      expect(level.err).toMatch(/no level 700 hPa; the nearest are 850 and 500 hPa/)
      expect(time.err).toContain('it has 1984-04-01 00:00 .. 1984-04-02 00:00')
    },
    patience,
  )
})
