import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../base/testing.ts'
import { parseMetarStations, parseStationJson, readStations } from './stations.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')

describe('station lists', () => {
  it('are read from JSON', () => {
    const stations = parseStationJson(fixture('raob-excerpt.json'))
    expect(stations.length).toBe(5)
    expect(stations.find((s) => s.id === '01001')).toEqual({
      id: '01001',
      name: 'JAN MAYEN',
      latitude: 70.93,
      longitude: 351.33,
      elevation: 9,
    })
  })

  it('are read from METAR reports, each station once', () => {
    const text = fixture('metar-excerpt.csv')
    const stations = parseMetarStations(text)
    expect(stations[0]).toEqual({
      id: 'CYGW',
      name: '',
      latitude: 55.27,
      longitude: 360 - 77.77,
      elevation: 12,
    })
    expect(parseMetarStations(text + text.split('\n').slice(1).join('\n'))).toEqual(stations)
  })

  it.each([
    [() => parseStationJson('{"a": '), /not JSON/],
    [() => parseStationJson('[]'), /an object of stations/],
    [() => parseStationJson('{"a": {"lat": 91, "lon": 0}}'), /station a: latitude 91 is not/],
    [() => parseStationJson('{"a": 3}'), /station a: latitude NaN is not/],
    [() => parseMetarStations('ICAO,Latitude,Longitude'), /lacks the column Elev/],
    [() => parseMetarStations('ICAO,Latitude,Longitude,Elev\nA,1,400,3'), /line 2: longitude 400 is not/],
    [
      () => parseMetarStations('ICAO,Latitude,Longitude,Elev\nA,1'),
      /line 2: 2 fields where the header has 4/,
    ],
  ])('tell what is wrong: %s', (read, message) => {
    expect(read).toThrow(message)
  })

  it('are refused by name when of no known kind', async () => {
    await expect(readStations(new URL('fixtures/README.md', import.meta.url).pathname)).rejects.toThrow(
      'ends in .json',
    )
  })

  it.skipIf(!sharedData)('are read whole (needs the shared data)', async () => {
    const sondes = await readStations(join(sharedData!, 'real/raob_stations.json'))
    const metars = await readStations(join(sharedData!, 'real/2020100106_metars.csv'))
    expect(sondes.length).toBeGreaterThan(1000)
    expect(metars.length).toBeGreaterThan(3000)
    expect(new Set(metars.map((s) => s.id)).size).toBe(metars.length)
  })
})
