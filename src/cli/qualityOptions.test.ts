import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareObservations } from '../assimilation/index.ts'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { writeObservationsCsv } from '../io/observations/csv.ts'
import { type ObservationTable, observationTable } from '../io/observations/table.ts'
import { byVariable, errorsOf, type QualitySettings, qualityOf } from './qualityOptions.ts'
import { rejectionTable } from './rejectionTable.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quality-'))
})
afterAll(() => rm(folder, { recursive: true }))

const grid = Grid.equiangular(16, 32)
const channels = ChannelSet.of('t500,t850')
const normaliser = new Normaliser({ names: channels.names, mean: [250, 280], std: [10, 20] })
const world = { grid, channels, normaliser }
/** z-scored zero: 250 K and 280 K everywhere. */
const state = new Float32Array(2 * grid.size)
const time = Date.UTC(2020, 10, 1, 12)
const hour = 3_600_000

/** Ten stations 12 degrees apart, t at 500 hPa one kelvin above the background. */
const stations = (
  given: Partial<Record<'value' | 'error' | 'time' | 'pressure', (i: number) => number>> = {},
) =>
  observationTable({
    time: Array.from({ length: 10 }, (_, i) => given.time?.(i) ?? time),
    latitude: Array(10).fill(40),
    longitude: Array.from({ length: 10 }, (_, i) => 10 + 12 * i),
    pressure: Array.from({ length: 10 }, (_, i) => given.pressure?.(i) ?? 50_000),
    variable: Array(10).fill('t'),
    value: Array.from({ length: 10 }, (_, i) => given.value?.(i) ?? 251),
    error: Array.from({ length: 10 }, (_, i) => given.error?.(i) ?? 2),
    station: Array.from({ length: 10 }, (_, i) => `s${i}`),
  })

let files = 0
async function control(table: ObservationTable, quality: QualitySettings = {}, window = 3) {
  const path = join(folder, `${files++}.csv`)
  await writeObservationsCsv(path, table)
  const found = await prepareObservations(path, {
    ...{ world, state, time, window },
    quality: await qualityOf(quality),
    errors: await errorsOf(quality),
  })
  const counts = Object.fromEntries(found.summary.counts.map(({ reason, count }) => [reason, count]))
  return { ...found, counts, sigma: Array.from(found.R.sigma) }
}

describe('observations about a background', () => {
  it('have H, y and R in normalised units', async () => {
    const { y, sigma, counts, table } = await control(stations())
    expect(counts).toEqual({ kept: 10 })
    y.forEach((v) => {
      expect(v).toBeCloseTo(0.1, 9)
    })
    sigma.forEach((s) => {
      expect(s).toBeCloseTo(0.2, 12)
    })
    table.background.forEach((b) => {
      expect(b).toBeCloseTo(250, 9)
    })
  })

  it('are rejected with a reason, each counted once', async () => {
    const value = (i: number) => (i === 1 ? 90 : i === 2 ? 290 : 251)
    const pressure = (i: number) => (i === 3 ? 95_000 : i === 4 ? 10_000 : 50_000)
    const late = (i: number) => (i === 5 ? time + 5 * hour : time)
    const { counts, summary } = await control(stations({ value, pressure, time: late }))
    expect(counts).toEqual({
      'outside the time window': 1,
      'out of range': 1,
      'far from the background': 1,
      'no equivalent in the model: below the lowest level': 1,
      'no equivalent in the model: above the highest level': 1,
      kept: 5,
    })
    expect(summary.used).toBe(5)
    const rows = rejectionTable(summary.counts)
    expect([rows[0], rows.at(-1)]).toEqual([
      { '': 'observations', all: 10, t: 10 },
      { '': 'used', all: 5, t: 5 },
    ])
  })

  it('may all be unusable', async () => {
    const { operator, y, counts, summary } = await control(stations({ time: () => time + 240 * hour }))
    expect(counts).toEqual({ 'outside the time window': 10 })
    expect([summary.used, operator.outputs, y.length]).toEqual([0, 0, 0])
  })

  it('are used once where a station is there twice', async () => {
    const one = stations()
    const twice = { ...one, station: one.station.map(() => 's'), longitude: one.longitude.fill(10) }
    expect((await control(twice)).counts).toEqual({ duplicate: 9, kept: 1 })
  })

  it('with errors of zero or less are refused, naming the row, unless errors are given', async () => {
    for (const bad of [0, -1]) {
      const table = stations({ error: (i) => (i === 3 ? bad : 2) })
      await expect(control(table)).rejects.toThrow(
        `row 4 (t at station 's3') has an error of ${bad}; it must be above zero`,
      )
      expect((await control(table, { obsErrors: 't=1' })).sigma[3]).toBeCloseTo(0.1, 12)
    }
  })

  it('have the errors asked for, else their own, else the usual ones', async () => {
    const own = await control(stations({ error: () => Number.NaN }))
    expect(own.sigma[0]).toBeCloseTo(0.12, 12)
    const asked = { obsErrors: 't=3', representativeness: { t: 4 }, errorFactor: 2 }
    expect((await control(stations(), asked)).sigma[0]).toBeCloseTo(1, 12)
    // An observation 3 errors from the background has half its weight with Huber's 1.5.
    const far = await control(stations({ value: () => 256 }), { huber: true, buddy: false })
    expect(far.sigma[0]).toBeCloseTo(0.2 * Math.sqrt(2), 12)
    await expect(control(stations(), { errorFactor: 0 })).rejects.toThrow('--error-factor 0')
    await expect(control(stations(), { thin: -1 })).rejects.toThrow('--thin -1')
  })

  it('are checked by the limits asked for, thinned and averaged', async () => {
    expect((await control(stations(), { gross: byVariable('t=0.4') })).counts).toEqual({
      'far from the background': 10,
    })
    const thinned = await control(stations(), { thin: 3000 })
    expect(thinned.counts.thinned).toBeGreaterThan(3)
    const mean = await control(stations(), { superob: 3000 })
    expect([mean.counts.kept, mean.summary.used]).toEqual([10, thinned.counts.kept])
    expect(Math.min(...mean.sigma)).toBeLessThan(0.15)
  })
})

describe('numbers by variable', () => {
  it('are one for all, or one each', () => {
    expect(byVariable('t=1, u = 2.5')).toEqual({ t: 1, u: 2.5 })
    expect(byVariable('5').msl).toBe(5)
  })

  it.each([
    ['tt=1', "'tt' is no observed variable"],
    ['t=1=2', 'It must read t=1,u=2'],
    ['t=', 'must be a number'],
    ['t=1,u', 'It must read'],
  ])('refuse %s', (text, message) => expect(() => byVariable(text)).toThrow(message))
})
