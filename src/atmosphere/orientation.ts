import { Grid } from './grid.ts'

/**
 * How to read a field stored in one order into another: row i of the result is row `latitude[i]` of the
 * source.
 */
export interface Orientation {
  /** The grid after reordering. */
  grid: Grid
  latitude: Int32Array
  longitude: Int32Array
  /** Nothing moves. */
  identity: boolean
}

/**
 * The reordering of `grid` to the internal one: north to south, longitudes increasing from the smallest in
 * [0, 360) (regional grids keep their westernmost column first).
 */
export function canonicalOrientation(grid: Grid): Orientation {
  const { rows, columns } = grid
  const southFirst = rows > 1 && grid.latitude[0] < grid.latitude[1]
  const westward = grid.longitudeSpacing < 0
  // Rounded so that 359.99999 (a float32 zero) counts as zero.
  const east = grid.longitude.map((value) => (((Math.round(value * 1e4) / 1e4) % 360) + 360) % 360)
  const latitude = Int32Array.from({ length: rows }, (_, i) => (southFirst ? rows - 1 - i : i))
  let first = westward ? columns - 1 : 0
  if (grid.periodic) for (let j = 0; j < columns; j++) if (east[j] < east[first]) first = j
  const step = westward ? -1 : 1
  const longitude = Int32Array.from(
    { length: columns },
    (_, j) => (((first + step * j) % columns) + columns) % columns,
  )
  const start = grid.longitude[first] - Math.round((grid.longitude[first] - east[first]) / 360) * 360
  const target = Grid.fromCoordinates(
    Float64Array.from(latitude, (i) => grid.latitude[i]),
    Float64Array.from({ length: columns }, (_, j) => start + j * Math.abs(grid.longitudeSpacing)),
  )
  const identity = latitude.every((from, i) => from === i) && longitude.every((from, j) => from === j)
  return { grid: target, latitude, longitude, identity }
}

/** A copy of `field` [..., rows, columns] (the source's order) in the order of `orientation`. */
export function reorient<T extends Float32Array | Float64Array>(field: T, orientation: Orientation): T {
  const result = field.slice() as T
  if (orientation.identity) return result
  const rows = orientation.latitude.length
  const columns = orientation.longitude.length
  for (let base = 0; base < field.length; base += rows * columns)
    for (let i = 0; i < rows; i++) {
      const from = base + orientation.latitude[i] * columns
      const to = base + i * columns
      for (let j = 0; j < columns; j++) result[to + j] = field[from + orientation.longitude[j]]
    }
  return result
}

/** The inverse: a copy of `field` in canonical order, put back into the source's order. */
export function restore<T extends Float32Array | Float64Array>(field: T, orientation: Orientation): T {
  const result = field.slice() as T
  if (orientation.identity) return result
  const rows = orientation.latitude.length
  const columns = orientation.longitude.length
  for (let base = 0; base < field.length; base += rows * columns)
    for (let i = 0; i < rows; i++) {
      const to = base + orientation.latitude[i] * columns
      const from = base + i * columns
      for (let j = 0; j < columns; j++) result[to + orientation.longitude[j]] = field[from + j]
    }
  return result
}
