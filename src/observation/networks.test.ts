import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { sharedData } from '../base/testing.ts'
import { readObservationsParquet, writeObservationsParquet } from '../io/observations/parquet.ts'
import { parseStationJson, readStations } from '../io/observations/stations.ts'
import { filter } from '../io/observations/table.ts'
import { decodePrepbufr } from '../io/prepbufr/prepbufr.ts'
import { stream } from '../random/stream.ts'
import { buildOperator } from './build.ts'
import { ErrorCovariance } from './error-covariance.ts'
import * as networks from './networks.ts'
import { simulate } from './simulate.ts'
import { swath } from './swath.ts'
import { channels, grid, normaliser, normals } from './testing/worlds.ts'

const noon = Date.UTC(1984, 3, 1, 12)
const random = stream(3, 'network', 0)

describe('random columns', () => {
  it('are as many as asked for, all different, and a denser network goes on where a thinner one ends', () => {
    const big = Grid.equiangular(32, 64)
    const [few, many] = [0.01, 0.2].map((density) => networks.randomColumns(big, density, random))
    expect([few.length, many.length, new Set(many).size]).toEqual([20, 410, 410])
    expect(many.slice(0, 20)).toEqual(few)
    expect(networks.randomColumns(big, 0.01, stream(3, 'network', 1))).not.toEqual(few)
    expect(networks.randomElements(big, channels, 0.01, random).length).toBe(
      Math.round(0.01 * 2048 * channels.length),
    )
    for (const density of [0, -1, 1.5, Number.NaN])
      expect(() => networks.randomColumns(big, density, random)).toThrow(`a density of ${density} is none`)
  })

  it('observed without error in normalised units are the state itself, and survive Parquet', async () => {
    const columns = networks.randomColumns(grid, 0.1, random)
    const network = networks.columnNetwork(grid, channels, columns, noon)
    const built = buildOperator(network, grid, channels, normaliser, { units: 'normalised' })
    const x = normals('truth', channels.length * grid.size)
    const { table, y } = simulate(built.table, built.operator, x, { error: 0, random })
    const expected = [...columns].flatMap((column) => channels.names.map((_, c) => x[c * grid.size + column]))
    expect(y.length).toBe(expected.length)
    y.forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 12)
    })
    const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
    const path = join(folder, 'network.parquet')
    await writeObservationsParquet(path, table)
    expect(await readObservationsParquet(path)).toEqual(table)
    await writeObservationsParquet(path, network)
    expect(await readObservationsParquet(path)).toEqual(network)
    await rm(folder, { recursive: true })
  })

  it('single elements are observed alone', () => {
    const elements = networks.randomElements(grid, channels, 0.05, random)
    const network = networks.elementNetwork(grid, channels, elements, noon)
    const x = normals('truth', channels.length * grid.size)
    const { operator } = buildOperator(network, grid, channels)
    expect([...operator.apply(x)]).toEqual([...elements].map((e) => x[e]))
    expect(() => networks.elementNetwork(grid, channels, [x.length], noon)).toThrow('is not one of a state')
    expect(() => networks.columnNetwork(grid, channels, [grid.size], noon)).toThrow('is not one of 96')
    expect(() => networks.columnNetwork(grid, ChannelSet.of('sst'), [0], noon)).toThrow(
      'channel sst cannot be observed',
    )
  })
})

describe('simulated errors', () => {
  const build = (density: number) => {
    const columns = networks.randomColumns(grid, density, random)
    const network = networks.columnNetwork(grid, channels, columns, noon)
    return buildOperator(network, grid, channels, normaliser, { units: 'normalised' })
  }
  const x = normals('truth', channels.length * grid.size)

  it('have the size asked for, are the same for the same stream and repeat in a denser network', () => {
    const { operator, table } = build(1)
    const exact = operator.apply(x)
    const [a, b] = [1, 1].map(() => simulate(table, operator, x, { error: 0.05, random }))
    expect(a).toEqual(b)
    const errors = a.y.map((v, i) => v - exact[i])
    const variance = errors.reduce((sum, e) => sum + e * e, 0) / errors.length
    expect(Math.sqrt(variance)).toBeCloseTo(0.05, 2)
    a.table.error.forEach((e, i) => {
      expect(e).toBeCloseTo(0.05 * operator.scale[i], 12)
    })
    const few = build(0.1)
    const part = simulate(few.table, few.operator, x, { error: 0.05, random })
    expect(a.y.slice(0, part.y.length)).toEqual(part.y)
    expect(simulate(table, operator, x, { error: 0.05, random: stream(4) }).y).not.toEqual(a.y)
  })

  it('of R have its standard deviations; bad errors are refused', () => {
    const { operator, table } = build(0.1)
    const R = new ErrorCovariance(new Float64Array(operator.outputs).fill(2))
    const { y, table: made } = simulate(table, operator, x, { error: R, random })
    const e = random.normal(new Float64Array(operator.outputs))
    operator.apply(x).forEach((v, i) => {
      expect(y[i]).toBeCloseTo(v + 2 * e[i], 12)
      expect(made.error[i]).toBeCloseTo(2 * operator.scale[i], 9)
    })
    for (const error of [-1, Number.NaN, R.select([0])])
      expect(() => simulate(table, operator, x, { error, random })).toThrow('cannot be simulated')
  })
})

describe('real places', () => {
  it('stations of one position count once, and become columns of a grid once', () => {
    const stations = parseStationJson(
      '{"1": {"lat": 50, "lon": 359.9, "elev": 3}, "2": {"lat": 50, "lon": -0.1}, "3": {"lat": -89.9, "lon": 7}}',
    )
    const places = networks.stationPlaces(stations)
    expect(places.map((p) => p.id)).toEqual(['1', '3'])
    const row = 1
    expect(grid.latitude[row]).toBeCloseTo(56.25, 10)
    expect([...networks.nearestColumns(grid, places)]).toEqual([row * 12, 7 * 12])
    expect(networks.placeNetwork(places, channels, noon).length).toBe(2 * channels.length)
  })

  it.skipIf(!sharedData)('of radiosondes and METARs (needs the shared data)', async () => {
    const real = join(sharedData!, 'real')
    const table = decodePrepbufr(await readFile(join(real, 'gdas.20201101.t12z.ADPUPA.prepbufr')))
    const sondes = networks.soundingStations(table)
    expect(sondes.length).toBe(634)
    expect(networks.nearestColumns(Grid.equiangular(32, 64), sondes).length).toBeGreaterThan(250)
    const metars = networks.stationPlaces(await readStations(join(real, '2020100106_metars.csv')))
    expect(metars.length).toBeGreaterThan(1000)
    const network = networks.placeNetwork(sondes, channels, noon)
    expect(buildOperator(network, grid, channels).accepted.length).toBe(634 * channels.length)
    expect(filter(network, (i) => network.variable[i] === 'z').length).toBe(3 * 634)
  })
})

describe('a swath', () => {
  const start = noon
  const places = swath({ start, end: start + 24 * 3_600_000, width: 0, spacing: 100 })

  it('turns at the latitude of the inclination and comes back after one orbit, the Earth having turned', () => {
    const highest = Math.max(...places.map((p) => p.latitude))
    expect(highest).toBeCloseTo(180 - 98.7, 1)
    expect(places[0]).toMatchObject({ latitude: 0, longitude: 0, time: start })
    const next = places.findIndex((p, i) => i > 10 && p.latitude >= 0 && places[i - 1].latitude < 0)
    const crossing = places[next]
    expect((crossing.time! - start) / 60_000).toBeCloseTo(101.3, 0)
    expect(360 - crossing.longitude).toBeCloseTo((360 * 101.3) / 1440, 0)
  })

  it('is as wide as asked for and covers the Earth in a day', () => {
    const wide = swath({ start, end: start, width: 2200, spacing: 250 })
    expect(wide.length).toBe(9)
    const all = swath({ start, end: start + 24 * 3_600_000 })
    expect(networks.nearestColumns(grid, all).length).toBe(grid.size)
    expect(() => swath({ start, end: start - 1 })).toThrow('a swath needs')
  })
})
