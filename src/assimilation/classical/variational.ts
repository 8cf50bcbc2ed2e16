import { ConfigError } from '../../base/errors.ts'
import type { BackgroundErrors } from './backgroundErrors.ts'
import { conjugateGradient } from './conjugateGradient.ts'
import { type CostAndGradient, lbfgs } from './lbfgs.ts'
import { dot } from './linalg.ts'
import type { ObservationErrors } from './observationErrors.ts'
import type { Operator } from './operators.ts'
import { checkObservations } from './problem.ts'

/** What the variational methods are given. */
export interface VariationalProblem {
  /** Background state, [n]. */
  readonly xb: Float64Array
  readonly B: BackgroundErrors
  /** Observation operator [n] to [m]; for 4D-Var it includes the model. */
  readonly H: Operator
  /** Observations, [m]. */
  readonly y: Float64Array
  readonly R: ObservationErrors
}

/** How long a minimisation goes on. */
export interface VariationalSettings {
  /** Gauss-Newton: linear problems solved in inner loops; L-BFGS: the non-linear cost minimised at once. */
  readonly minimiser?: 'gauss-newton' | 'l-bfgs'
  /** Most outer loops (linearisations), 10 by default: 1 is enough for a linear H. Gauss-Newton only. */
  readonly outerLoops?: number
  /** Outer loops end when the mean square of the change of v falls below this, 1e-10 by default. */
  readonly outerTolerance?: number
  /** Most inner iterations per outer loop (Gauss-Newton) or in all (L-BFGS), 200 by default. */
  readonly iterations?: number
  /** Fall of the gradient at which inner iterations end, 1e-8 by default. */
  readonly tolerance?: number
}

/** The minimum of a cost and how it was reached. */
export interface VariationalAnalysis {
  /** Analysis, [n]. */
  readonly xa: Float64Array
  /** Control vector, x_a = x_b + U v. */
  readonly v: Float64Array
  /** Background and observation terms of the cost at the background and at every linearisation after it. */
  readonly costs: readonly Cost[]
  readonly iterations: number
}

/** J = J_b + J_o, each with its factor ½. */
export interface Cost {
  readonly background: number
  readonly observations: number
}

/**
 * Minimises J(v) = ½ vᵀv + ½ |L⁻¹ (y - H(x_b + U v))|² over the control vector, with B = U Uᵀ and R = L Lᵀ.
 * Gauss-Newton: the incremental method of Courtier, Thépaut and Hollingsworth (1994), doi:10.1002/qj.49712051912, its
 * quadratic problems solved by conjugate gradients in v-space, where the background Hessian is the identity.
 * Without observations the analysis is the background. Throws ShapeError and DataError for what does not fit.
 */
export async function minimise(
  problem: VariationalProblem,
  settings: VariationalSettings = {},
): Promise<VariationalAnalysis> {
  const { xb, B, H, y, R } = problem
  checkObservations(y, R, H.outputs)
  if (settings.minimiser === 'l-bfgs') return minimiseWhole(problem, settings)
  const { outerLoops = 10, outerTolerance = 1e-10, iterations = 200, tolerance = 1e-8 } = settings
  if (!(outerLoops >= 1)) throw new ConfigError(`outer loops are one or more, not ${outerLoops}`)
  const v = new Float64Array(B.controls)
  const costs: Cost[] = []
  let inner = 0
  for (let outer = 0; outer < outerLoops; outer++) {
    const at = await H.linearise(await stateOf(problem, v))
    const d = R.whiten(y.map((yi, i) => yi - at.value[i]))
    costs.push(costOf(v, d))
    const toControl = async (whitened: Float64Array) => B.adjoint(await at.adjoint(R.whitenAdjoint(whitened)))
    const pulled = await toControl(d)
    const negativeGradient = pulled.map((g, i) => g - v[i])
    const hessian = async (p: Float64Array) => {
      const Hp = await toControl(R.whiten(await at.tangent(await B.transform(p))))
      return Hp.map((h, i) => h + p[i])
    }
    const step = await conjugateGradient(hessian, negativeGradient, { tolerance, iterations })
    inner += step.iterations
    for (let i = 0; i < v.length; i++) v[i] += step.x[i]
    if (dot(step.x, step.x) < outerTolerance * v.length) break
  }
  return { xa: v.some((c) => c !== 0) ? await stateOf(problem, v) : xb.slice(), v, costs, iterations: inner }
}

async function minimiseWhole(problem: VariationalProblem, { iterations, tolerance }: VariationalSettings) {
  const { B, H, y, R } = problem
  const terms: Cost[] = []
  const cost = async (v: Float64Array): Promise<CostAndGradient> => {
    const at = await H.linearise(await stateOf(problem, v))
    const d = R.whiten(y.map((yi, i) => yi - at.value[i]))
    const pulled = await B.adjoint(await at.adjoint(R.whitenAdjoint(d)))
    const term = costOf(v, d)
    terms.push(term)
    return { cost: term.background + term.observations, gradient: v.map((c, i) => c - pulled[i]) }
  }
  const found = await lbfgs(cost, new Float64Array(B.controls), { iterations, tolerance })
  return {
    xa: await stateOf(problem, found.x),
    v: found.x,
    costs: terms,
    iterations: found.iterations,
  }
}

/** J at the control vector v, [controls], by the full non-linear H. */
export async function costAt(problem: VariationalProblem, v: Float64Array): Promise<Cost> {
  const Hx = await problem.H.apply(await stateOf(problem, v))
  return costOf(v, problem.R.whiten(problem.y.map((yi, i) => yi - Hx[i])))
}

function costOf(v: Float64Array, whitened: Float64Array): Cost {
  return { background: dot(v, v) / 2, observations: dot(whitened, whitened) / 2 }
}

/** x_b + U v. */
async function stateOf({ xb, B }: VariationalProblem, v: Float64Array): Promise<Float64Array> {
  const dx = await B.transform(v)
  return xb.map((x, i) => x + dx[i])
}
