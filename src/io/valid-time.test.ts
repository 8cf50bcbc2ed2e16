import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VariableLayout } from './layout.ts'
import { openStates } from './states.ts'
import { createZarr } from './zarr/write.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-valid-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Coordinate = [dimensions: string[], values: number[], attributes: Record<string, string>]

/** States with the coordinates given; fields lie along `leading` and the grid. */
async function open(leading: string[], coordinates: Record<string, Coordinate>) {
  const path = join(folder, `${count++}.zarr`)
  const latitudes = [67.5, 22.5, -22.5, -67.5]
  const longitudes = [0, 90, 180, 270]
  const all: Record<string, Coordinate> = {
    ...coordinates,
    latitude: [['latitude'], latitudes, { units: 'degrees_north' }],
    longitude: [['longitude'], longitudes, { units: 'degrees_east' }],
  }
  const dimensions: Record<string, number> = {}
  for (const [names, values] of Object.values(all)) for (const name of names) dimensions[name] = values.length
  const variables = Object.entries(all).map(
    ([name, [names, values, attributes]]): VariableLayout => ({
      ...{ name, dimensions: names, dtype: 'float64', data: Float64Array.from(values), attributes },
    }),
  )
  const along = [...leading, 'latitude', 'longitude']
  const data = new Float64Array(along.reduce((n, d) => n * dimensions[d], 1)).fill(280)
  variables.push({ name: 't2m', dimensions: along, dtype: 'float64', data, attributes: { units: 'K' } })
  const writer = await createZarr(path, { dimensions, variables })
  await writer.close()
  return openStates(path)
}

const hours = 'hours since 1984-05-01'
const start = { units: hours, standard_name: 'forecast_reference_time' }
const time = { units: hours, standard_name: 'time' }
const period = { units: 'hours', standard_name: 'forecast_period' }
const day = (d: number) => Date.UTC(1984, 4, d)

describe('a forecast is dated by when it is valid', () => {
  const cases: [string, string[], Record<string, Coordinate>][] = [
    ['a start beside a time', [], { forecast_reference_time: [[], [0], start], time: [[], [48], time] }],
    [
      "cfgrib's scalars",
      [],
      {
        time: [[], [0], { ...time, long_name: 'initial time of forecast' }],
        step: [[], [2], { units: 'days' }],
        valid_time: [[], [48], time],
      },
    ],
    ["cfgrib's without valid_time", [], { time: [[], [0], time], step: [[], [48], { units: 'hours' }] }],
    [
      "WeatherBench2's time and lead",
      ['time', 'prediction_timedelta'],
      {
        time: [['time'], [0], time],
        prediction_timedelta: [['prediction_timedelta'], [48 * 3.6e12], { units: 'nanoseconds' }],
      },
    ],
    ['a start and a lead', [], { init_time: [[], [0], { units: hours }], lead_time: [[], [48], period] }],
    [
      'a CF time and its period',
      ['time'],
      { time: [['time'], [48], time], forecast_period: [[], [48], period] },
    ],
    [
      'all three of CF',
      ['time'],
      {
        forecast_reference_time: [[], [0], start],
        forecast_period: [[], [48], period],
        time: [['time'], [48], { units: hours }],
      },
    ],
    [
      'an axis of starts before one of times',
      ['forecast_reference_time', 'time'],
      { forecast_reference_time: [['forecast_reference_time'], [0], start], time: [['time'], [48], time] },
    ],
  ]
  it.each(cases)('%s', async (_, leading, coordinates) => {
    expect([...(await open(leading, coordinates)).times]).toEqual([day(3)])
  })

  it('along an axis of starts', async () => {
    const states = await open(['time', 'step'], {
      time: [['time'], [0, 24], time],
      step: [['step'], [48], { units: 'hours' }],
    })
    expect([...states.times]).toEqual([day(3), day(4)])
    expect(states.remarks).toContain('step of 48 h is added to time, the start of a forecast')
  })

  it('is refused where it does not say', async () => {
    const coordinates: Record<string, Coordinate> = {
      time: [[], [0], { units: hours }],
      lead_time: [[], [48], { units: 'hours' }],
    }
    await expect(open([], coordinates)).rejects.toThrow(
      'has a lead_time of 48 h and does not say whether time is before or after it',
    )
    const odd: Record<string, Coordinate> = { time: [[], [0], time], step: [[], [8], {}] }
    await expect(open([], odd)).rejects.toThrow("step is 8 in units 'undefined'")
  })

  it('and an analysis by its time', async () => {
    const states = await open([], { time: [[], [48], start], step: [[], [0], { units: 'hours' }] })
    expect([...states.times]).toEqual([day(3)])
    expect((await open([], { time: [[], [48], start] })).remarks).toContain(
      'time is the start of a forecast without lead: taken as the time',
    )
  })
})
