import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { align, patience } from './testing/process.ts'
import { type SmallStore, smallStore } from './testing/store.ts'

let small: SmallStore
let folder: string
let store: string
beforeAll(async () => {
  small = await smallStore()
  folder = small.folder
  store = small.store
}, patience)
afterAll(() => small.remove())

describe('data plot', () => {
  it(
    'draws maps with winds and contours',
    async () => {
      const out = join(folder, 'map.svg')
      const { code, err } = await align([
        'data',
        'plot',
        store,
        '--variable',
        't850',
        'wind10',
        '--wind',
        '10m',
        '--contours',
        'z500',
        '--time',
        '1984-04-01T18',
        '-o',
        out,
      ])
      expect(err).toBe(`wrote ${out}\n`)
      expect(code).toBe(0)
      const svg = await readFile(out, 'utf8')
      for (const text of ['Temperature at 850 hPa (K)', '10 m wind speed (m s⁻¹)', '1984-04-01 18:00 UTC'])
        expect(svg).toContain(text)
      await rm(out)
    },
    patience,
  )

  it(
    'compares two times and says how far they are apart',
    async () => {
      const out = join(folder, 'difference.svg')
      const { code } = await align([
        'data',
        'plot',
        store,
        '--variable',
        't850',
        '--time',
        'last',
        '--minus-time',
        'first',
        '-o',
        out,
      ])
      expect(code).toBe(0)
      const svg = await readFile(out, 'utf8')
      expect(svg).toContain('RMS 3 K')
      expect(svg).toContain('Difference in temperature at 850 hPa (K)')
      await rm(out)
    },
    patience,
  )

  it(
    'refuses what cannot be drawn before anything is written',
    async () => {
      const before = await small.left()
      const out = join(folder, 'map.png')
      const results = await Promise.all([
        align(['data', 'plot', store, '--variable', 't850', '-o', join(folder, 'map.pdf')]),
        align(['data', 'plot', store, '--variable', 't850', '--projection', 'mercator', '-o', out]),
        align(['data', 'plot', store, '--variable', 't850', '--time', '1984-04-01T12', '-o', out]),
        align(['data', 'plot', store, '--variable', 't850', '--map', 'thermel', '-o', out]),
      ])
      expect(results.map((r) => r.code)).toEqual([1, 1, 1, 1])
      expect(results[1].err).toContain('robinson, orthographic, equirectangular')
      expect(results[2].err).toContain('the nearest: 1984-04-01 06:00 and 1984-04-01 18:00')
      expect(results[3].err).toContain('did you mean thermal')
      expect(await small.left()).toEqual(before)
    },
    patience,
  )
})
