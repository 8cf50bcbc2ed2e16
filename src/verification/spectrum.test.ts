import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Grid } from '../atmosphere/grid.ts'
import { fourier } from './fourier.ts'
import { pointWeights } from './sample.ts'
import { rowSpectrum, zonalSpectrum, zonalWavelength } from './spectrum.ts'

describe('Fourier transform', () => {
  it.each([1, 2, 3, 7, 8, 12, 30, 97, 144])('of length %i equals its definition', (n) => {
    const values = Float64Array.from({ length: n }, (_, j) => Math.sin(j * j) + 0.1 * j)
    const [real, imaginary] = fourier(values)
    for (let k = 0; k < n; k++) {
      const angle = (j: number) => (-2 * Math.PI * ((j * k) % n)) / n
      expect(real[k]).toBeCloseTo(
        values.reduce((s, f, j) => s + f * Math.cos(angle(j)), 0),
        9,
      )
      expect(imaginary[k]).toBeCloseTo(
        values.reduce((s, f, j) => s + f * Math.sin(angle(j)), 0),
        9,
      )
    }
  })
})

describe('zonal spectrum', () => {
  it('obeys Parseval for rows of any length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 60 }),
        (row) => {
          const sum = rowSpectrum(row).reduce((s, e) => s + e, 0)
          const square = row.reduce((s, f) => s + f * f, 0) / row.length
          expect(Math.abs(sum - square)).toBeLessThanOrEqual(1e-12 * (1 + square))
        },
      ),
    )
  })

  it('of a wave holds half its squared amplitude at its wavenumber, also at n/2', () => {
    const wave = (n: number, k: number) =>
      Float64Array.from({ length: n }, (_, j) => 3 * Math.cos((2 * Math.PI * k * j) / n))
    const at4 = rowSpectrum(wave(45, 4))
    expect(at4[4]).toBeCloseTo(4.5, 12)
    expect(at4.filter((e) => e > 1e-20)).toHaveLength(1)
    expect(rowSpectrum(wave(44, 22))[22]).toBeCloseTo(9, 12)
  })

  it('of a field sums to the area mean of its square, band by band', () => {
    const grid = Grid.gaussian(12, 30)
    const field = Float32Array.from({ length: grid.size }, (_, i) => Math.cos(i * 1.7) + Math.sin(i * i))
    const total = zonalSpectrum(field, grid).reduce((s, e) => s + e, 0)
    const w = pointWeights(grid.areaWeights(), grid.columns)
    expect(total).toBeCloseTo(field.reduce((s, f, i) => s + w[i] * f * f, 0) / grid.size, 10)
    const tropics = grid.latitude.map((lat) => (Math.abs(lat) <= 30 ? 1 : 0))
    const areas = grid.areaWeights().map((area, i) => area * tropics[i])
    const inBand = pointWeights(areas, grid.columns)
    const weight = inBand.reduce((s, x) => s + x, 0)
    expect(zonalSpectrum(field, grid, { band: [0, 30] }).reduce((s, e) => s + e, 0)).toBeCloseTo(
      field.reduce((s, f, i) => s + inBand[i] * f * f, 0) / weight,
      10,
    )
  })

  it('refuses what has none, and knows its wavelengths', () => {
    const regional = Grid.fromCoordinates([50, 40], [0, 1, 2])
    expect(() => zonalSpectrum(new Float32Array(6), regional)).toThrow(/go round the Earth/)
    expect(() => zonalSpectrum(new Float32Array(6), Grid.equiangular(2, 4))).toThrow(/6 values/)
    expect(() => zonalSpectrum(new Float32Array(8), Grid.equiangular(2, 4), { band: [80, 90] })).toThrow(
      /no row/,
    )
    expect(zonalWavelength(1, 60) / 1000).toBeCloseTo(20015.8, 0)
  })
})
