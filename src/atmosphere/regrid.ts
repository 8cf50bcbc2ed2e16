import { DataError } from '../base/errors.ts'
import { bilinearWeights } from './bilinear.ts'
import type { Grid } from './grid.ts'
import { SparseMatrix } from './sparse.ts'

/** What to do with NaN in the source. */
export interface NanRule {
  /** 'propagate': NaN wherever a NaN contributes (default). 'skip': the mean over what is not NaN. */
  nan?: 'propagate' | 'skip'
  /** With 'skip': the least share of the weight that must be valid, else NaN (default 0.5). */
  minimum?: number
}

/** A linear map of fields from one grid to another, with its exact adjoint. */
export class Regridder {
  readonly source: Grid
  readonly target: Grid
  /** [target.size, source.size], rows summing to one for scalars. */
  readonly matrix: SparseMatrix

  constructor(source: Grid, target: Grid, matrix: SparseMatrix) {
    this.source = source
    this.target = target
    this.matrix = matrix
  }

  /** [..., source rows, source columns] -> [..., target rows, target columns], of the same type. */
  apply<T extends Float32Array | Float64Array>(
    field: T,
    { nan = 'propagate', minimum = 0.5 }: NanRule = {},
  ): T {
    const out = blank(field, (field.length / this.source.size) * this.target.size)
    this.matrix.multiply(field, out)
    if (nan === 'skip') this.#fill(field, out, minimum)
    return out
  }

  /** The adjoint with respect to the plain inner product: [..., target] -> [..., source]. */
  adjoint<T extends Float32Array | Float64Array>(field: T): T {
    const out = blank(field, (field.length / this.target.size) * this.source.size)
    return this.matrix.transpose().multiply(field, out) as T
  }

  #fill(field: Float32Array | Float64Array, out: Float32Array | Float64Array, minimum: number) {
    const { rows, columns, starts, indices, values } = this.matrix
    for (let at = 0; at < out.length; at++) {
      if (!Number.isNaN(out[at])) continue
      const i = at % rows
      const base = ((at - i) / rows) * columns
      let sum = 0
      let valid = 0
      let total = 0
      for (let p = starts[i]; p < starts[i + 1]; p++) {
        const x = field[base + indices[p]]
        total += Math.abs(values[p])
        if (Number.isNaN(x)) continue
        sum += values[p] * x
        valid += Math.abs(values[p])
      }
      if (valid > 0 && valid >= minimum * total) out[at] = (sum * total) / valid
    }
  }
}

/**
 * First-order conservative regridding: a target cell takes the mean of the source over it, exact in spherical
 * area (Jones 1999, Mon. Wea. Rev. 127, 2204-2210). The area mean of the field is
 * kept.
 * @throws DataError when the source does not cover the target.
 */
export function conservative(source: Grid, target: Grid): Regridder {
  const rows = overlaps(source.sineEdges(), target.sineEdges(), 0)
  const columns = overlaps(columnEdges(source), columnEdges(target), source.periodic ? 360 : 0)
  const matrix = SparseMatrix.fromRows(target.size, source.size, function* (cell) {
    const i = Math.floor(cell / target.columns)
    for (const [row, a] of rows[i])
      for (const [column, b] of columns[cell % target.columns]) yield [row * source.columns + column, a * b]
  })
  return new Regridder(source, target, matrix)
}

/**
 * Bilinear interpolation in latitude and longitude, periodic in longitude; see `bilinearWeights` for the
 * poles.
 * @throws DataError when a target point lies outside a regional source.
 */
export function bilinear(
  source: Grid,
  target: Grid,
  options: { field?: 'scalar' | 'vector' } = {},
): Regridder {
  const latitude = new Float64Array(target.size)
  const longitude = new Float64Array(target.size)
  for (let i = 0; i < target.size; i++) {
    latitude[i] = target.latitude[Math.floor(i / target.columns)]
    longitude[i] = target.longitude[i % target.columns]
  }
  return new Regridder(source, target, bilinearWeights(source, latitude, longitude, options))
}

function blank<T extends Float32Array | Float64Array>(like: T, length: number): T {
  return (like instanceof Float32Array ? new Float32Array(length) : new Float64Array(length)) as T
}

function columnEdges(grid: Grid): Float64Array {
  const width = grid.longitudeSpacing
  return Float64Array.from({ length: grid.columns + 1 }, (_, j) => grid.longitude[0] + (j - 0.5) * width)
}

/** For each target interval, the source intervals it meets and the share of it that each covers. */
function overlaps(source: Float64Array, target: Float64Array, period: number): [number, number][][] {
  const low = (edges: Float64Array, i: number) => Math.min(edges[i], edges[i + 1])
  const high = (edges: Float64Array, i: number) => Math.max(edges[i], edges[i + 1])
  return Array.from({ length: target.length - 1 }, (_, i) => {
    const from = low(target, i)
    const to = high(target, i)
    const found: [number, number][] = []
    let covered = 0
    for (let j = 0; j < source.length - 1; j++) {
      let shared = 0
      // Axes stay within two turns of each other, so the source is met at most so many periods away.
      const turns = period ? Math.ceil((Math.abs(from - low(source, j)) + 360) / period) : 0
      for (let k = -turns; k <= turns; k++)
        shared += Math.max(
          0,
          Math.min(to, high(source, j) + k * period) - Math.max(from, low(source, j) + k * period),
        )
      if (shared > 1e-12 * (to - from)) {
        found.push([j, shared])
        covered += shared
      }
    }
    if (Math.abs(covered / (to - from) - 1) > 1e-3)
      throw new DataError(
        `the source grid covers only ${((100 * covered) / (to - from)).toFixed(1)} % of target interval ${i}`,
      )
    return found.map(([j, shared]) => [j, shared / covered])
  })
}
