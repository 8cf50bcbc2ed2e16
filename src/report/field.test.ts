import { describe, expect, it } from 'vitest'
import { DataError } from '../base/errors.ts'
import { type Interpolation, sampler } from './field.ts'
import { gridded, radians } from './testing/fields.ts'

const smooth = (lon: number, lat: number) => Math.cos(lat * radians) * Math.sin(2 * lon * radians) + lat / 90

describe('sampler', () => {
  it.each<Interpolation>(['nearest', 'linear', 'cubic'])('%s passes through the values, whatever the orientation', (how) => {
    for (const options of [{}, { ascending: true }, { origin: -180 }, { ascending: true, origin: -177.1875 }]) {
      const field = gridded(smooth, options)
      const sample = sampler(field, how)
      for (const [i, j] of [[0, 0], [5, 63], [16, 10], [31, 40]]) {
        const [lat, lon] = [field.latitude[i], field.longitude[j]]
        for (const turn of [0, 360, -360]) expect(sample(lon + turn, lat)).toBeCloseTo(field.values[i * 64 + j], 9)
      }
    }
  }) // biome-ignore format: index pairs

  it('reproduces what its order promises: linear functions of latitude, and second and third order errors', () => {
    const linear = sampler(
      gridded((_, lat) => 3 * lat + 1),
      'linear',
    )
    expect(linear(123.4, 12.3)).toBeCloseTo(3 * 12.3 + 1, 9)
    const worst = (how: Interpolation, columns: number) => {
      const sample = sampler(
        gridded((lon) => Math.sin(3 * lon * radians), { columns }),
        how,
      )
      let error = 0
      for (let lon = 0; lon < 360; lon += 0.7)
        error = Math.max(error, Math.abs(sample(lon, 10) - Math.sin(3 * lon * radians)))
      return error
    }
    expect(Math.log2(worst('linear', 48) / worst('linear', 96))).toBeCloseTo(2, 0)
    expect(Math.log2(worst('cubic', 48) / worst('cubic', 96))).toBeGreaterThan(2.7)
  })

  it('goes to the mean of the last row at a pole the grid does not hold', () => {
    const field = gridded((lon, lat) => (lat > 87 ? Math.sin(lon * radians) + 5 : 0))
    expect(sampler(field)(77, 90)).toBeCloseTo(5, 9)
    expect(sampler(field)(77, -90)).toBe(0)
  })

  it('fills nothing that is mostly missing, and knows the ends of a regional grid', () => {
    const field = gridded((lon, lat) => (lon > 100 && lon < 200 ? Number.NaN : lat))
    expect(sampler(field, 'cubic')(150, 10)).toBeNaN()
    expect(sampler(field, 'cubic')(50, 10)).toBeCloseTo(10, 6)
    const regional = { latitude: [40, 50], longitude: [350, 355, 360, 365], values: [1, 2, 3, 4, 1, 2, 3, 4] }
    const sample = sampler(regional)
    expect(sample(2.5, 45)).toBeCloseTo(3.5, 9)
    expect(sample(-10, 45)).toBeCloseTo(1, 9)
    expect(sample(20, 45)).toBeNaN()
    expect(sample(0, 60)).toBeNaN()
  })

  it('says what is wrong with a grid', () => {
    const field = gridded(smooth)
    expect(() => sampler({ ...field, values: [1, 2, 3] })).toThrow(DataError)
    expect(() => sampler({ ...field, values: [1, 2, 3] })).toThrow('32 latitudes x 64 longitudes')
    expect(() => sampler({ latitude: [0, 10, 5], longitude: [0, 1], values: new Array(6).fill(0) })).toThrow(
      'latitudes',
    )
    expect(() => sampler({ latitude: [0, 10], longitude: [0, -1], values: [0, 0, 0, 0] })).toThrow(
      'longitudes do not rise',
    )
  })
})
