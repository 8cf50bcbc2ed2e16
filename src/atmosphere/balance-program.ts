import { DataError, ShapeError } from '../base/errors.ts'
import { type Range, slice, type Tensor } from '../tensor/index.ts'
import { type MismatchOptions, mismatchDefaults } from './balance.ts'
import { coriolis, epsilon, Rd } from './constants.ts'
import { DifferenceProgram } from './difference-program.ts'
import type { Grid } from './grid.ts'

/** Eastward and northward components, m s-1. */
export interface WindTensors {
  u: Tensor
  v: Tensor
}

/** A column of levels as tensors [..., levels, rows, columns]. See `Column`. */
export interface ColumnTensors {
  /** Pressures, hPa. */
  levels: readonly number[]
  geopotential: Tensor
  temperature: Tensor
  humidity?: Tensor
}

/**
 * The balance diagnostics of balance.ts, wind.ts and hydrostatic.ts as tensor programs on fields [..., rows,
 * columns] in SI units, with gradients. Formulas, units and choices are theirs, with two differences: what
 * they give as NaN (no geostrophic wind near the equator, pole rows) is 0 here and weighs nothing in the
 * mismatches, and fields must hold no NaN.
 */
export class BalanceProgram {
  readonly grid: Grid
  readonly d: DifferenceProgram

  constructor(grid: Grid) {
    this.grid = grid
    this.d = new DifferenceProgram(grid)
  }

  geostrophicWind(geopotential: Tensor, { equator = 5 }: { equator?: number } = {}): WindTensors {
    const f = this.#inverseCoriolis(geopotential, equator)
    return {
      u: this.d.northward(geopotential).mul(f).neg(),
      v: this.d.eastward(geopotential).mul(f),
    }
  }

  thermalWind(
    meanTemperature: Tensor,
    upper: number,
    lower: number,
    options: { equator?: number } = {},
  ): WindTensors {
    return this.geostrophicWind(meanTemperature.mul(Rd * Math.log(lower / upper)), options)
  }

  divergence(u: Tensor, v: Tensor): Tensor {
    return this.d.eastward(u).add(this.#perCosine(this.d.northward(v.mul(this.#cosine(v)))))
  }

  vorticity(u: Tensor, v: Tensor): Tensor {
    return this.d.eastward(v).sub(this.#perCosine(this.d.northward(u.mul(this.#cosine(u)))))
  }

  kineticEnergy(u: Tensor, v: Tensor): Tensor {
    return u.square().add(v.square()).mul(0.5)
  }

  /** D of each field: [..., rows, columns] -> [...]. */
  geostrophicMismatch(
    geopotential: Tensor,
    u: Tensor,
    v: Tensor,
    { band = mismatchDefaults.band, guard = mismatchDefaults.guard }: MismatchOptions = {},
  ): Tensor {
    const wind = this.geostrophicWind(geopotential, { equator: 0 })
    const relative = (x: Tensor, balanced: Tensor) => x.sub(balanced).abs().div(x.abs().maximum(guard))
    const mismatch = relative(u, wind.u).add(relative(v, wind.v)).mul(0.5)
    return this.#areaMean(`band ${band}`, mismatch, (latitude) => {
      const from = Math.abs(latitude)
      // Rows where a component does not exist weigh nothing, as a NaN does in the plain function.
      return from >= band[0] && from <= band[1] && from > 1e-9 && 90 - from > 1e-6
    })
  }

  /** D of each column: [..., levels, rows, columns] -> [...], all layers counting the same. */
  hydrostaticMismatch(column: ColumnTensors): Tensor {
    return this.#areaMean('all', this.hydrostaticResidual(column).abs(), () => true).mean(-1)
  }

  /** [..., levels, rows, columns] -> [..., levels - 1, rows, columns]. */
  hydrostaticResidual({ levels, geopotential, temperature, humidity }: ColumnTensors): Tensor {
    const layers = levels.length - 1
    if (layers < 1) throw new DataError('hydrostatic balance needs at least two levels')
    for (const t of [geopotential, temperature, ...(humidity ? [humidity] : [])])
      if (t.shape.at(-3) !== levels.length)
        throw new ShapeError(`${levels.length} levels do not fit a tensor of shape [${t.shape.join(', ')}]`)
    const part = (x: Tensor, range: Range) =>
      slice(x, ...x.shape.map((_, axis) => (axis === x.rank - 3 ? range : null)))
    const here = (x: Tensor) => part(x, [0, layers])
    const next = (x: Tensor) => part(x, [1, null])
    const virtual = humidity ? temperature.mul(humidity.mul(1 / epsilon - 1).add(1)) : temperature
    const energy = here(virtual)
      .add(next(virtual))
      .mul(Rd / 2)
    const perThickness = this.d.levels(geopotential.dtype, levels)
    const slope = next(geopotential).sub(here(geopotential)).mul(perThickness)
    return slope.div(energy).add(1)
  }

  #inverseCoriolis(x: Tensor, equator: number): Tensor {
    const { latitude } = this.grid
    return this.d.rows(`1/f beyond ${equator}`, x.dtype, (i) =>
      Math.abs(latitude[i]) < Math.max(equator, 1e-9) ? 0 : 1 / coriolis(latitude[i]),
    )
  }

  #cosine(x: Tensor): Tensor {
    return this.d.rows('cosine', x.dtype, (i) => this.d.differences.cosine[i])
  }

  #perCosine(x: Tensor): Tensor {
    const { cosine } = this.d.differences
    return x.mul(this.d.rows('1/cosine', x.dtype, (i) => (cosine[i] ? 1 / cosine[i] : 0)))
  }

  #areaMean(name: string, x: Tensor, counts: (latitude: number) => boolean): Tensor {
    const { latitude, columns } = this.grid
    const areas = this.grid.cellAreas().map((area, i) => (counts(latitude[i]) ? area : 0))
    const total = areas.reduce((sum, area) => sum + area, 0) * columns
    if (!(total > 0)) throw new DataError(`no row of the grid counts in the mean over ${name}`)
    return x.mul(this.d.rows(`area ${name}`, x.dtype, (i) => areas[i] / total)).sum([-2, -1])
  }
}
