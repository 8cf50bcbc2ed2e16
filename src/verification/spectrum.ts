import { earthRadius } from '../atmosphere/constants.ts'
import type { Grid } from '../atmosphere/grid.ts'
import { DataError, ShapeError } from '../base/errors.ts'
import { fourier } from './fourier.ts'
import type { Values } from './sample.ts'

/**
 * Zonal power of one row at wavenumbers 0..floor(n/2): |c_0|^2, 2 |c_k|^2, and |c_(n/2)|^2 for even n, where
 * c is the Fourier transform divided by n. Parseval: the sum over wavenumbers is the mean of the squares
 * along the row. Units: those of the field, squared.
 */
export function rowSpectrum(row: ArrayLike<number>): Float64Array {
  const n = row.length
  const [real, imaginary] = fourier(row)
  return Float64Array.from({ length: Math.floor(n / 2) + 1 }, (_, k) => {
    const twice = k === 0 || 2 * k === n ? 1 : 2
    return (twice * (real[k] ** 2 + imaginary[k] ** 2)) / n ** 2
  })
}

/**
 * Zonal energy spectrum of a field [rows, columns]: the mean of the rows' spectra weighted by cell area, over
 * the rows with `band[0]` <= |latitude| <= `band[1]` degrees (all by default). Summed over wavenumbers it is
 * the area mean of the field's square. Not scaled to wavelengths (WeatherBench2 multiplies each row by its
 * circumference). The kinetic energy spectrum is half the sum of those of u and v. A NaN in a row makes the
 * spectrum NaN.
 */
export function zonalSpectrum(
  field: Values,
  grid: Grid,
  { band = [0, 90] }: { band?: readonly [number, number] } = {},
): Float64Array {
  const { rows, columns, latitude } = grid
  if (field.length !== grid.size)
    throw new ShapeError(`${field.length} values are not on a grid of ${grid.size}`)
  if (!grid.periodic) throw new DataError('a zonal spectrum needs rows that go round the Earth')
  const areas = grid.cellAreas()
  const mean = new Float64Array(Math.floor(columns / 2) + 1)
  let total = 0
  for (let i = 0; i < rows; i++) {
    if (Math.abs(latitude[i]) < band[0] || Math.abs(latitude[i]) > band[1]) continue
    total += areas[i]
    const row = rowSpectrum(field.subarray(i * columns, (i + 1) * columns))
    for (let k = 0; k < mean.length; k++) mean[k] += areas[i] * row[k]
  }
  if (total === 0)
    throw new DataError(`no row lies between ${band[0]} and ${band[1]} degrees from the equator`)
  return mean.map((x) => x / total)
}

/** Zonal wavelength of wavenumber k at a latitude (degrees), m; infinite for k = 0. */
export function zonalWavelength(k: number, latitude: number): number {
  return (2 * Math.PI * earthRadius * Math.cos((latitude * Math.PI) / 180)) / k
}
