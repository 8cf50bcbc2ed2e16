import { constant, type DType, matmul, roll, type Tensor } from '../tensor/index.ts'
import { earthRadius } from './constants.ts'
import { Differences, type Parity } from './differences.ts'
import type { Grid } from './grid.ts'

/**
 * `Differences` as tensor programs on fields [..., rows, columns]: the same stencils written as products with
 * small constant matrices, so that they run on any device and are differentiated. Where a derivative does not
 * exist (the eastward one on a pole row) the program gives 0, not NaN, which would spoil every gradient.
 */
export class DifferenceProgram {
  readonly grid: Grid
  readonly differences: Differences
  readonly #constants = new Map<string, Tensor>()

  constructor(grid: Grid) {
    this.grid = grid
    this.differences = new Differences(grid)
  }

  /** (1 / (a cos lat)) d/dlon, per metre: [..., rows, columns] -> the same. */
  eastward(x: Tensor): Tensor {
    const { cosine } = this.differences
    const scale = this.rows('eastward', x.dtype, (i) => (cosine[i] ? 1 / (earthRadius * cosine[i]) : 0))
    const { columns } = this.grid
    const zonal = this.matrix('zonal', x.dtype, columns, (out) => zonalStencil(this.grid, out))
    return matmul(x, zonal).mul(scale)
  }

  /** (1 / a) d/dlat, per metre: [..., rows, columns] -> the same. */
  northward(x: Tensor, parity: Parity = 1): Tensor {
    const { stencils } = this.differences
    const { rows, columns } = this.grid
    const fill = (over: boolean) => (out: Float64Array) =>
      stencils.forEach(({ rows: from, weights, over: polar }, i) => {
        for (let k = 0; k < 3; k++)
          if ((k === polar) === over) out[i * rows + from[k]] += weights[k] / earthRadius
      })
    const slope = matmul(this.matrix('meridional', x.dtype, rows, fill(false)), x)
    if (stencils.every(({ over }) => over < 0)) return slope
    const beyond = matmul(this.matrix('over', x.dtype, rows, fill(true)), roll(x, columns / 2, x.rank - 1))
    return parity === 1 ? slope.add(beyond) : slope.sub(beyond)
  }

  /** A constant [rows, 1], made once for each name and dtype. */
  rows(name: string, dtype: DType, value: (row: number) => number): Tensor {
    return this.#once(`${name} ${dtype}`, () =>
      constant(
        Float64Array.from({ length: this.grid.rows }, (_, i) => value(i)),
        { shape: [this.grid.rows, 1], dtype },
      ),
    )
  }

  /** 1 / ln(p_(k+1) / p_k) of each layer between neighbouring levels: [levels - 1, 1, 1]. */
  levels(dtype: DType, levels: readonly number[]): Tensor {
    const inverse = levels.slice(1).map((p, k) => 1 / Math.log(p / levels[k]))
    return this.#once(`levels ${levels} ${dtype}`, () =>
      constant(inverse, { dtype }).reshape(inverse.length, 1, 1),
    )
  }

  /** A constant [n, n], made once for each name and dtype. */
  matrix(name: string, dtype: DType, n: number, fill: (out: Float64Array) => void): Tensor {
    return this.#once(`${name} ${dtype}`, () => {
      const values = new Float64Array(n * n)
      fill(values)
      return constant(values, { shape: [n, n], dtype })
    })
  }

  #once(key: string, make: () => Tensor): Tensor {
    const known = this.#constants.get(key) ?? make()
    this.#constants.set(key, known)
    return known
  }
}

/** d/dlon (per radian) as the right factor of a product: out[from, to]. */
function zonalStencil({ columns, periodic, longitudeSpacing }: Grid, out: Float64Array) {
  const scale = 90 / (Math.PI * longitudeSpacing)
  const put = (to: number, from: number, weight: number) => {
    out[((from + columns) % columns) * columns + to] += weight * scale
  }
  for (let to = 0; to < columns; to++) {
    if (periodic || (to > 0 && to < columns - 1)) {
      put(to, to + 1, 1)
      put(to, to - 1, -1)
    } else {
      const inward = to === 0 ? 1 : -1
      put(to, to, -3 * inward)
      put(to, to + inward, 4 * inward)
      put(to, to + 2 * inward, -inward)
    }
  }
}
