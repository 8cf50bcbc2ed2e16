import { ShapeError } from '../base/errors.ts'
import { earthRadius } from './constants.ts'
import type { Grid } from './grid.ts'

/** A field [rows, columns] in the grid's order. */
export type Field = Float32Array | Float64Array

/**
 * How a field continues over a pole, where it meets the column on the other side: unchanged (scalars, and
 * u cos(lat), v cos(lat)) or with its sign reversed (wind components).
 */
export type Parity = 1 | -1

const radians = Math.PI / 180

/**
 * Meridional three-point stencil of one row: coefficients (per radian) of the rows before, here and after.
 */
interface Stencil {
  /** Rows of the three points. */
  rows: [number, number, number]
  weights: [number, number, number]
  /** Which of the three points lies over the pole (on the opposite meridian), or -1. */
  over: number
}

/**
 * Derivatives of fields on the sphere by second-order differences: centred and periodic along a row, three
 * points on any row spacing along a meridian. Next to a pole the third point is the one over the pole (an
 * even number of columns is needed for that); the edge rows of other grids use one-sided three-point
 * differences. On a row at the pole itself the eastward derivative does not exist: NaN. The radius is the
 * IFS's, 6371.229 km.
 */
export class Differences {
  readonly grid: Grid
  /** Cosine of latitude: [rows]; 0 at the poles. */
  readonly cosine: Float64Array
  /** @internal */
  readonly stencils: readonly Stencil[]

  constructor(grid: Grid) {
    if (grid.rows < 3 || grid.columns < 3)
      throw new ShapeError(`derivatives need at least 3 rows and 3 columns, not ${grid.rows}x${grid.columns}`)
    this.grid = grid
    this.cosine = grid.latitude.map((value) => (90 - Math.abs(value) < 1e-6 ? 0 : Math.cos(value * radians)))
    this.stencils = Array.from({ length: grid.rows }, (_, i) => stencil(grid, i))
  }

  /** Derivative towards the east, (1 / (a cos lat)) d/dlon, in units of the field per metre. */
  eastward(field: Field): Float64Array {
    const { rows, columns, periodic, longitudeSpacing } = this.#checked(field)
    const out = new Float64Array(rows * columns)
    for (let i = 0; i < rows; i++) {
      const at = i * columns
      const scale = this.cosine[i]
        ? 1 / (2 * longitudeSpacing * radians * earthRadius * this.cosine[i])
        : Number.NaN
      for (let j = 1; j < columns - 1; j++) out[at + j] = (field[at + j + 1] - field[at + j - 1]) * scale
      const [a, b, c] = [field[at], field[at + 1], field[at + 2]]
      const [x, y, z] = [field[at + columns - 3], field[at + columns - 2], field[at + columns - 1]]
      out[at] = (periodic ? b - z : 4 * b - 3 * a - c) * scale
      out[at + columns - 1] = (periodic ? a - y : 3 * z + x - 4 * y) * scale
    }
    return out
  }

  /** Derivative towards the north, (1 / a) d/dlat, in units of the field per metre. */
  northward(field: Field, parity: Parity = 1): Float64Array {
    const { rows, columns } = this.#checked(field)
    const out = new Float64Array(rows * columns)
    const half = columns / 2
    for (let i = 0; i < rows; i++) {
      const { rows: from, weights, over } = this.stencils[i]
      for (let k = 0; k < 3; k++) {
        const scale = (weights[k] * (k === over ? parity : 1)) / earthRadius
        const base = from[k] * columns
        for (let j = 0; j < columns; j++) {
          const column = k === over ? (j + half) % columns : j
          out[i * columns + j] += scale * field[base + column]
        }
      }
    }
    return out
  }

  #checked(field: Field): Grid {
    if (field.length !== this.grid.size)
      throw new ShapeError(
        `a field of ${field.length} values is not on the ${this.grid.columns}x${this.grid.rows} grid`,
      )
    return this.grid
  }
}

function stencil(grid: Grid, i: number): Stencil {
  const { latitude, rows } = grid
  const at = (row: number) => latitude[row] * radians
  const inner = 0 < i && i < rows - 1
  if (inner) return { rows: [i - 1, i, i + 1], weights: slope([at(i - 1), at(i), at(i + 1)], 1), over: -1 }
  const inward = i === 0 ? 1 : -1
  const pole = 90 * Math.sign(latitude[i] - latitude[i + inward])
  const spacing = Math.abs(latitude[i] - latitude[i + inward])
  const next = i + inward
  if (grid.periodic && grid.columns % 2 === 0 && Math.abs(pole - latitude[i]) < spacing) {
    // A row on the pole meets its own neighbour over the pole; any other row meets itself.
    const mirror = Math.abs(pole - latitude[i]) < 1e-6 ? next : i
    const beyond = 2 * pole * radians - at(mirror)
    return { rows: [mirror, i, next], weights: slope([beyond, at(i), at(next)], 1), over: 0 }
  }
  const third = next + inward
  return { rows: [i, next, third], weights: slope([at(i), at(next), at(third)], 0), over: -1 }
}

/** Weights of the values at three places for the derivative, at place `k`, of the parabola through them. */
function slope(x: [number, number, number], k: number): [number, number, number] {
  const weight = (i: number) => {
    const [a, b] = [0, 1, 2].filter((j) => j !== i)
    return (x[k] - x[a] + (x[k] - x[b])) / ((x[i] - x[a]) * (x[i] - x[b]))
  }
  return [weight(0), weight(1), weight(2)]
}
