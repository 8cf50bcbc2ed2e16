import { SparseMatrix } from '../atmosphere/sparse.ts'
import { DataError, ShapeError } from '../base/errors.ts'
import { concat, constant, gather, type Tensor, where } from '../tensor/index.ts'
import { checkRecipes } from './check-recipes.ts'
import type { Predictor } from './interpolation.ts'
import type { ObservedQuantity } from './quantities.ts'
import { SparseProgram } from './sparse-program.ts'

/**
 * How one observation comes about: weighted sums of a state, and what is measured of them.
 *
 * ```ts
 * // Temperature at point 17 in normalised states: std * x[i] + mean, in K.
 * const i = channels.index('t500') * grid.size + 17
 * const t: Predictor = { indices: [i], weights: [std], offset: mean }
 * const recipe: Recipe = { predictors: [t], mean, std }
 * ```
 */
export interface Recipe {
  /** One without `quantity`, as many as it takes with one. */
  readonly predictors: readonly Predictor[]
  /** A non-linear function of the predictors; without one the observation is the predictor itself. */
  readonly quantity?: ObservedQuantity
  /** The constant of the quantity, such as the height of a station, m; 0 where none is given. */
  readonly constant?: number
  /** Physical units after which the observed value starts anew: 360 for directions in degrees. */
  readonly period?: number
  /**
   * Mean and standard deviation of the observed value over the climate, physical units: normalised it is
   * (value - mean) / std. Assimilation takes what is many std from its background for a mistake of units.
   */
  readonly mean: number
  readonly std: number
}

/** The operator at one state: its value there, its tangent-linear and its adjoint. */
export interface LinearisedOperator {
  /** H(x): [outputs] */
  readonly value: Float64Array
  /** Jacobian times a perturbation of the state: [inputs] -> [outputs] */
  tangent(dx: Float64Array): Float64Array
  /** Transposed Jacobian times a sensitivity: [outputs] -> [inputs] */
  adjoint(dy: Float64Array): Float64Array
}

/** Recipes of one quantity and number of predictors, which follow one another in the program. */
interface Group {
  readonly quantity: ObservedQuantity | undefined
  readonly arity: number
  /** Observations of the group. */
  readonly rows: number[]
}

/**
 * The observation operator H: states to the values of m observations.
 *
 * A state is [channel, latitude, longitude], z-scored or physical as the interpolation that made the recipes; H
 * computes in physical units and gives the observations in `units`: SI (degrees for directions), or normalised by the
 * interpolated mean and standard deviation of the observed channel, which at a grid point gives the state itself.
 * Interpolations become one sparse matrix, of which `forward` makes a gather and a weighted sum; only observations
 * of a non-linear quantity pass through that.
 */
export class ObservationOperator {
  /** Size of a state. */
  readonly inputs: number
  /** Number of observations m; 0 when none is usable. */
  readonly outputs: number
  readonly units: 'physical' | 'normalised'
  readonly linear: boolean
  /** y in `units` is (y - offset) / scale: [outputs] */
  readonly offset: Float64Array
  readonly scale: Float64Array
  /** What each observed value varies by, in `units`: 1 where they are normalised. [outputs] */
  readonly deviation: Float64Array
  /** In `units`; 0 for what is not periodic: [outputs] */
  readonly period: Float64Array
  readonly #recipes: readonly Recipe[]
  readonly #groups: readonly Group[]
  /** Interpolated values, group by group and predictor by predictor: matrix times state plus bias. */
  readonly #matrix: SparseMatrix
  readonly #bias: Float64Array
  /** Row of the matrix of an observation's k-th predictor, [k][observation]. */
  readonly #starts: readonly Int32Array[]
  #program: SparseProgram | undefined

  /**
   * @param recipes of the m observations, in their order; `buildOperator` makes those of a table
   * @param inputs size of a state, channels * grid.size
   * @throws {DataError} for a recipe that does not fit the state or itself, naming its position
   */
  constructor(recipes: readonly Recipe[], inputs: number, units: 'physical' | 'normalised' = 'physical') {
    checkRecipes(recipes, inputs)
    this.inputs = inputs
    this.outputs = recipes.length
    this.units = units
    const physical = units === 'physical'
    this.offset = Float64Array.from(recipes, ({ mean }) => (physical ? 0 : mean))
    this.scale = Float64Array.from(recipes, ({ std }) => (physical ? 1 : std))
    this.deviation = Float64Array.from(recipes, ({ std }) => (physical ? std : 1))
    this.period = Float64Array.from(recipes, ({ period = 0 }, i) => period / this.scale[i])
    this.#recipes = recipes
    this.#groups = groupsOf(recipes)
    this.linear = this.#groups.every(({ quantity }) => !quantity)
    const rows: { predictor: Predictor; observation: number; linear: boolean }[] = []
    const most = this.#groups.reduce((largest, { arity }) => Math.max(largest, arity), 0)
    this.#starts = Array.from({ length: most }, () => new Int32Array(recipes.length))
    for (const { quantity, arity, rows: observations } of this.#groups)
      for (let k = 0; k < arity; k++)
        for (const observation of observations) {
          this.#starts[k][observation] = rows.length
          rows.push({ predictor: recipes[observation].predictors[k], observation, linear: !quantity })
        }
    // The units of linear observations are part of the matrix.
    const scale = rows.map(({ linear, observation }) => (linear ? this.scale[observation] : 1))
    this.#bias = Float64Array.from(rows, ({ predictor, observation, linear }, r) => {
      return (predictor.offset - (linear ? this.offset[observation] : 0)) / scale[r]
    })
    this.#matrix = SparseMatrix.fromRows(rows.length, inputs, (r) => {
      const { indices, weights } = rows[r].predictor
      return indices.map((j, k) => [j, weights[k] / scale[r]] as const)
    })
  }

  /** H(x) on the host, in float64, of stacked states: [..., inputs] -> [..., outputs]. Throws ShapeError. */
  apply(x: Float32Array | Float64Array): Float64Array {
    if (x.length % this.inputs !== 0)
      throw new ShapeError(`${x.length} values are not states of ${this.inputs}; ${this}`)
    const stack = x.length / this.inputs
    const out = new Float64Array(stack * this.outputs)
    if (this.outputs === 0) return out
    for (let s = 0; s < stack; s++) {
      const p = this.#interpolate(x.subarray(s * this.inputs, (s + 1) * this.inputs))
      for (let i = 0; i < this.outputs; i++) out[s * this.outputs + i] = this.#value(p, i)
    }
    return out
  }

  /** H about a state, on the host. Throws ShapeError. */
  linearise(x: Float64Array): LinearisedOperator {
    if (x.length !== this.inputs)
      throw new ShapeError(`a state of ${x.length} values does not fit; ${this} takes ${this.inputs}`)
    const p = this.#interpolate(x)
    // d y / d predictor, by row of the matrix.
    const slopes = new Float64Array(p.length)
    this.#recipes.forEach((recipe, i) => {
      const partials = recipe.quantity?.partials(this.#predictors(p, i), recipe.constant ?? 0)
      recipe.predictors.forEach((_, k) => {
        slopes[this.#starts[k][i]] = partials ? partials[k] / this.scale[i] : 1
      })
    })
    const each = (visit: (i: number, row: number) => void) =>
      this.#recipes.forEach(({ predictors }, i) => {
        for (let k = 0; k < predictors.length; k++) visit(i, this.#starts[k][i])
      })
    return {
      value: Float64Array.from(this.#recipes, (_, i) => this.#value(p, i)),
      tangent: (dx) => {
        const dp = this.#matrix.multiply(dx, new Float64Array(p.length))
        const dy = new Float64Array(this.outputs)
        each((i, row) => {
          dy[i] += slopes[row] * dp[row]
        })
        return dy
      },
      adjoint: (dy) => {
        const dp = new Float64Array(p.length)
        each((i, row) => {
          dp[row] = slopes[row] * dy[i]
        })
        const dx = new Float64Array(this.inputs)
        if (this.outputs > 0) this.#matrix.transpose().multiply(dp, dx)
        return dx
      },
    }
  }

  /**
   * H(x) as part of a program, of states [..., channel, latitude, longitude] or [..., inputs]: [..., outputs].
   * Throws ShapeError, and DataError without observations, for which there is no program.
   */
  forward(x: Tensor): Tensor {
    if (this.outputs === 0)
      throw new DataError('there is no usable observation; the analysis is the background')
    const flat = x.shape.at(-1) === this.inputs ? 1 : 3
    if (x.rank < flat || x.shape.slice(-flat).reduce((a, b) => a * b, 1) !== this.inputs)
      throw new ShapeError(
        `a state of shape [${x.shape.join(', ')}] does not fit; ${this} takes ${this.inputs}`,
      )
    const batch = x.shape.slice(0, x.rank - flat)
    const members = batch.reduce((a, b) => a * b, 1)
    this.#program ??= new SparseProgram(this.#matrix)
    const columns = members === 1 ? x.reshape(this.inputs, 1) : x.reshape(members, this.inputs).transpose()
    const values = this.#program.apply(columns)
    const bias = this.#bias.some((b) => b !== 0) ? this.#column(this.#bias, x) : undefined
    const p = bias ? values.add(bias) : values
    const observed = this.#arrange(this.linear ? p : this.#measure(p))
    return (members === 1 ? observed : observed.transpose()).reshape(...batch, this.outputs)
  }

  /** y - H(x) in `units`, directions the short way round: [outputs]. */
  innovation(y: ArrayLike<number>, observed: ArrayLike<number>): Float64Array {
    if (y.length !== this.outputs || observed.length !== this.outputs)
      throw new ShapeError(`${y.length} observations and ${observed.length} equivalents; ${this}`)
    return this.period.map((period, i) => difference(y[i], observed[i], period))
  }

  /** The same of tensors [..., outputs]. */
  innovationTensor(y: Tensor, observed: Tensor): Tensor {
    const d = y.sub(observed)
    if (this.period.every((period) => period === 0)) return d
    const row = (f: (period: number) => number) =>
      constant(this.period.map(f), { shape: [this.outputs], dtype: d.dtype })
    const turns = d.div(row((period) => period || 1)).add(0.5)
    const whole = turns.stopGradient().floor()
    return where(row((period) => Number(period > 0)).greater(0), d.sub(whole.mul(row((period) => period))), d)
  }

  /** Observed values in SI units (and degrees) to `units`. */
  toUnits(values: ArrayLike<number>): Float64Array {
    return this.offset.map((offset, i) => (values[i] - offset) / this.scale[i])
  }

  /** Back to SI units. */
  fromUnits(values: ArrayLike<number>): Float64Array {
    return this.offset.map((offset, i) => offset + values[i] * this.scale[i])
  }

  toString(): string {
    return `an operator for ${this.outputs} observations in ${this.units} units`
  }

  #interpolate(x: Float32Array | Float64Array): Float64Array {
    const p = this.#matrix.multiply(x, new Float64Array(this.#bias.length)) as Float64Array
    for (let r = 0; r < p.length; r++) p[r] += this.#bias[r]
    return p
  }

  #predictors(p: Float64Array, i: number): number[] {
    return this.#recipes[i].predictors.map((_, k) => p[this.#starts[k][i]])
  }

  #value(p: Float64Array, i: number): number {
    const { quantity, constant: c = 0 } = this.#recipes[i]
    if (!quantity) return p[this.#starts[0][i]]
    return (quantity.value(this.#predictors(p, i), c) - this.offset[i]) / this.scale[i]
  }

  /** The quantities of interpolated values [predictors, batch], group by group: [outputs, batch]. */
  #measure(p: Tensor): Tensor {
    let at = 0
    const parts = this.#groups.map(({ quantity, arity, rows }) => {
      const first = at
      const n = rows.length
      at += arity * n
      const values = Array.from({ length: arity }, (_, k) => p.slice([first + k * n, first + (k + 1) * n]))
      if (!quantity) return values[0]
      const of = (f: (i: number) => number) => this.#column(Float64Array.from(rows, f), p)
      const y = quantity.tensor(
        values,
        of((i) => this.#recipes[i].constant ?? 0),
      )
      return this.units === 'physical' ? y : y.sub(of((i) => this.offset[i])).div(of((i) => this.scale[i]))
    })
    return concat(parts)
  }

  /** From the order of the groups to that of the observations. */
  #arrange(y: Tensor): Tensor {
    const order = this.#groups.flatMap(({ rows }) => rows)
    if (order.every((row, at) => row === at)) return y
    const place = new Float64Array(order.length)
    order.forEach((row, at) => {
      place[row] = at
    })
    return gather(y, constant(place, { dtype: 'int64' }))
  }

  #column(values: Float64Array, like: Tensor): Tensor {
    return constant(values, { shape: [values.length, 1], dtype: like.dtype })
  }
}

/** a - b; on a circle of the given period (0: a line) the short way round, in [-period / 2, period / 2). */
export function difference(a: number, b: number, period: number): number {
  return period > 0 ? a - b - period * Math.floor((a - b) / period + 0.5) : a - b
}

function groupsOf(recipes: readonly Recipe[]): Group[] {
  const groups = new Map<ObservedQuantity | undefined, Map<number, Group>>()
  recipes.forEach(({ quantity, predictors: { length: arity } }, i) => {
    const own = groups.get(quantity) ?? new Map<number, Group>()
    groups.set(quantity, own)
    const group = own.get(arity)
    if (group) group.rows.push(i)
    else own.set(arity, { quantity, arity, rows: [i] })
  })
  // The linear ones first: an operator without others then needs no reordering.
  return [...groups.values()]
    .flatMap((own) => [...own.values()])
    .sort((a, b) => Number(Boolean(a.quantity)) - Number(Boolean(b.quantity)))
}
