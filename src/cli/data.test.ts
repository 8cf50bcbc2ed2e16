import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { sharedData } from '../base/testing.ts'
import { writeObservationsParquet } from '../io/observations/parquet.ts'
import { observationTable } from '../io/observations/table.ts'
import { openStates } from '../io/states.ts'
import { createStates } from '../io/write-states.ts'

/** Each command is a process of its own; on a busy machine that takes its time. */
const patience = 180_000

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url))

interface Result {
  code: number | null
  out: string
  err: string
}

/** Runs the command line as a user would, in a process of its own. */
function align(args: readonly string[], { interruptAt }: { interruptAt?: RegExp } = {}): Promise<Result> {
  // Started without tsx's own wrapper process, so that a signal reaches the program itself.
  const argv = interruptAt ? ['--import', 'tsx', main, ...args] : [tsx, main, ...args]
  const child = spawn(process.execPath, argv, { env: { ...process.env, NO_COLOR: '1' } })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
    if (interruptAt?.test(err)) child.kill('SIGINT')
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })))
}

let folder: string
let store: string
const grid = Grid.equiangular(16, 32)
const channels = ChannelSet.of('u10,v10,msl,z500,z850,t500,t850')
const t0 = Date.parse('1984-04-01T00:00:00Z')
const hours = 3_600_000

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-cli-'))
  store = join(folder, 'small.zarr')
  const statics = new Map([['land_sea_mask', new Float32Array(grid.size).fill(0.25)]])
  const writer = await createStates(store, { grid, channels, statics })
  const base = { u10: 5, v10: -3, msl: 101_000, z500: 54_000, z850: 14_000, t500: 250, t850: 275 } as Record<
    string,
    number
  >
  // Six-hourly with 12 UTC of the first day left out.
  const times = [0, 6, 18, 24].map((h) => t0 + h * hours)
  const states = new Float32Array(times.length * channels.length * grid.size)
  let at = 0
  times.forEach((_, step) => {
    for (const name of channels.names)
      for (let i = 0; i < grid.rows; i++)
        for (let j = 0; j < grid.columns; j++) {
          const wave =
            Math.cos((grid.latitude[i] * Math.PI) / 180) * Math.cos((2 * Math.PI * (3 * j)) / grid.columns)
          states[at++] = base[name] * (1 + 0.01 * wave) + step
        }
  })
  await writer.append(times, states)
  await writer.close()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const left = async () => (await readdir(folder)).sort()

describe('align-da', () => {
  it(
    'has a version, help for every command, and a hint for a misspelt one',
    async () => {
      const [version, help, wrong] = await Promise.all([
        align(['--version']),
        align(['data', '--help']),
        align(['data', 'plto']),
      ])
      expect(version.out.trim()).toMatch(/^\d+\.\d+\.\d+/)
      for (const command of ['info', 'stats', 'convert', 'regrid', 'plot', 'obs'])
        expect(help.out).toContain(`  ${command} `)
      expect(wrong.code).toBe(1)
      expect(wrong.err).toContain('Did you mean plot?')
    },
    patience,
  )
})

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

describe('data convert and regrid', () => {
  it(
    'keeps values, times and units through NetCDF and Zarr v3',
    async () => {
      const nc = join(folder, 'copy.nc')
      const v3 = join(folder, 'copy.zarr')
      const first = await align(['data', 'convert', store, nc])
      expect(first).toMatchObject({
        code: 0,
        out: expect.stringContaining('4 states of 7 channels, netcdf-4'),
      })
      const second = await align([
        'data',
        'convert',
        nc,
        v3,
        '--format',
        'zarr3',
        '--time',
        '1984-04-01T06..1984-04-02',
      ])
      expect(second.code).toBe(0)
      const [a, b] = [await openStates(store), await openStates(v3)]
      expect(b.dataset.format).toBe('zarr v3')
      expect([...b.times]).toEqual([...a.times.slice(1)])
      expect(await b.readAll()).toEqual(await a.readAll([1, 4]))
      expect(b.statics.get('land_sea_mask')?.[7]).toBe(0.25)
      await Promise.all([a.close(), b.close()])
      await Promise.all([rm(nc), rm(v3, { recursive: true })])
    },
    patience,
  )

  it(
    'regrids without changing area means',
    async () => {
      const out = join(folder, 'coarse.zarr')
      const { code } = await align(['data', 'regrid', store, out, '--grid', '8x4'])
      expect(code).toBe(0)
      const [fine, coarse] = [await openStates(store), await openStates(out)]
      const mean = (
        values: Float32Array,
        { rows, columns }: Grid,
        weights: Float64Array,
        channel: number,
      ) => {
        let sum = 0
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++)
            sum += weights[i] * values[channel * rows * columns + i * columns + j]
        return sum / (rows * columns)
      }
      const [x, y] = [await fine.read(0), await coarse.read(0)]
      for (let c = 0; c < channels.length; c++) {
        const before = mean(x, fine.grid, fine.grid.areaWeights(), c)
        expect(mean(y, coarse.grid, coarse.grid.areaWeights(), c) / before).toBeCloseTo(1, 5)
      }
      await Promise.all([fine.close(), coarse.close(), rm(out, { recursive: true })])
    },
    patience,
  )

  it(
    'writes nothing when it cannot, and does not replace what is there unasked',
    async () => {
      const before = await left()
      const results = await Promise.all([
        align(['data', 'convert', store, join(folder, 'a.dat')]),
        align(['data', 'convert', store, join(folder, 'b.zarr'), '--channels', 'z501']),
        align(['data', 'convert', store, store]),
        align(['data', 'regrid', store, join(folder, 'c.zarr'), '--grid', '16by8']),
        align(['data', 'regrid', store, join(folder, 'd.zarr'), '--grid', '8x4', '--method', 'linear']),
      ])
      expect(results.map((r) => r.code)).toEqual([1, 1, 1, 1, 1])
      expect(results.map((r) => r.err)).toEqual([
        expect.stringContaining('.zarr or .nc'),
        expect.stringContaining('501'),
        expect.stringContaining('exists already'),
        expect.stringContaining('64x32'),
        expect.stringContaining('conservative, bilinear'),
      ])
      expect(await left()).toEqual(before)
    },
    patience,
  )

  it(
    'leaves nothing half-written when interrupted',
    async () => {
      const long = join(folder, 'long.zarr')
      const fine = Grid.equiangular(128, 256)
      const writer = await createStates(long, { grid: fine, channels: ChannelSet.of('u10') })
      for (let step = 0; step < 1200; step += 300)
        await writer.append(
          Float64Array.from({ length: 300 }, (_, k) => t0 + (step + k) * hours),
          new Float32Array(300 * fine.size),
        )
      await writer.close()
      const before = await left()
      const { code, err } = await align(
        [
          'data',
          'regrid',
          long,
          join(folder, 'half.zarr'),
          '--grid',
          '720x361-poles',
          '--method',
          'bilinear',
        ],
        { interruptAt: /states +\d+%/ },
      )
      expect(code).toBe(130)
      expect(err).toContain('nothing half-written is left')
      expect(await left()).toEqual(before)
      await rm(long, { recursive: true })
    },
    patience,
  )
})

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
      const before = await left()
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
      expect(await left()).toEqual(before)
    },
    patience,
  )
})

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
    30_000,
  )
})
