import { DataError, ShapeError } from '../base/errors.ts'
import type { Grid } from './grid.ts'
import { SparseMatrix } from './sparse.ts'

/**
 * Bilinear interpolation weights from the points of `grid` to any places (degrees): [places, grid.size].
 *
 * Longitude is periodic. Between the last row and the pole the field is interpolated linearly towards its
 * value at the pole: for a scalar the row's mean, for a wind component (`field: 'vector'`) the row's
 * wavenumber one, which is how a smooth vector looks from around the pole. Rows sum to one for scalars.
 * @throws DataError for a place outside a regional grid or with a latitude beyond the poles.
 */
export function bilinearWeights(
  grid: Grid,
  latitude: ArrayLike<number>,
  longitude: ArrayLike<number>,
  { field = 'scalar' }: { field?: 'scalar' | 'vector' } = {},
): SparseMatrix {
  if (latitude.length !== longitude.length)
    throw new ShapeError(`${latitude.length} latitudes and ${longitude.length} longitudes`)
  const { columns } = grid
  return SparseMatrix.fromRows(latitude.length, grid.size, function* (place) {
    const across = inLongitude(grid, longitude[place])
    for (const [row, weight] of inLatitude(grid, latitude[place])) {
      if (row !== 'pole') for (const [column, w] of across) yield [row * columns + column, weight * w]
      else {
        const last = edgeRow(grid, latitude[place] > 0)
        for (let j = 0; j < columns; j++) {
          const angle = ((longitude[place] - grid.longitude[j]) * Math.PI) / 180
          yield [last * columns + j, (weight * (field === 'vector' ? 2 * Math.cos(angle) : 1)) / columns]
        }
      }
    }
  })
}

/** The row nearest the north (or south) pole. */
function edgeRow(grid: Grid, north: boolean): number {
  if (grid.rows === 1) return 0
  return grid.latitude[0] > grid.latitude[1] === north ? 0 : grid.rows - 1
}

function inLatitude(grid: Grid, value: number): [number | 'pole', number][] {
  const { latitude, rows } = grid
  if (!(Math.abs(value) <= 90 + 1e-6)) throw new DataError(`latitude ${value} is outside -90..90`)
  const direction = rows > 1 && latitude[1] < latitude[0] ? -1 : 1
  // The first row past the place, walking in storage order.
  let low = 0
  let high = rows
  while (low < high) {
    const middle = (low + high) >> 1
    if ((latitude[middle] - value) * direction > 0) high = middle
    else low = middle + 1
  }
  if (low > 0 && low < rows) {
    const t = (value - latitude[low - 1]) / (latitude[low] - latitude[low - 1])
    return [[low - 1, 1 - t], [low, t]] // biome-ignore format: a pair
  }
  const last = low === 0 ? 0 : rows - 1
  const pole = value > latitude[last] ? 90 : -90
  const t = value === latitude[last] ? 0 : (value - latitude[last]) / (pole - latitude[last])
  if (t < 1e-9) return [[last, 1]]
  // A regional grid ends within half a spacing of its last row.
  const spacing = rows > 1 ? Math.abs(latitude[1] - latitude[0]) : 180
  if (!grid.periodic || Math.abs(pole - latitude[last]) > 1.5 * spacing)
    throw new DataError(`latitude ${value} is outside the grid, which ends at ${latitude[last]}`)
  return [[last, 1 - t], ['pole', t]] // biome-ignore format: a pair
}

function inLongitude(grid: Grid, value: number): [number, number][] {
  if (!Number.isFinite(value)) throw new DataError(`longitude ${value} is not a finite number`)
  const { columns, longitude, longitudeSpacing } = grid
  if (columns === 1) return [[0, 1]]
  let position = (value - longitude[0]) / longitudeSpacing
  const turn = 360 / Math.abs(longitudeSpacing)
  position -= Math.floor(position / turn) * turn
  if (!grid.periodic) {
    if (position > columns - 1 + 1e-6 && position < turn - 1e-6)
      throw new DataError(
        `longitude ${value} is outside the grid, ${longitude[0]}..${longitude[columns - 1]}`,
      )
    if (position >= turn - 1e-6) position = 0
    position = Math.min(position, columns - 1)
  }
  // Within rounding of a column, that column alone: points on the grid give identity rows.
  if (Math.abs(position - Math.round(position)) < 1e-9) return [[Math.round(position) % columns, 1]]
  const j = Math.floor(position)
  const t = position - j
  return [[j % columns, 1 - t], [(j + 1) % columns, t]] // biome-ignore format: a pair
}
