import { dot } from './linalg.ts'
import type { Maybe } from './operators.ts'

export interface CostAndGradient {
  readonly cost: number
  readonly gradient: Float64Array
}

export interface LbfgsResult extends CostAndGradient {
  readonly x: Float64Array
  readonly iterations: number
  readonly evaluations: number
  readonly converged: boolean
}

/**
 * Minimises a smooth function by limited-memory BFGS with a line search for the strong Wolfe conditions.
 * Nocedal and Wright (2006), "Numerical Optimization", algorithms 7.4, 7.5 (two-loop recursion), 3.5 and 3.6.
 * Stops when |gradient| has fallen by `tolerance`, after `iterations`, or when no step lowers the cost.
 */
export async function lbfgs(
  f: (x: Float64Array) => Maybe<CostAndGradient>,
  x0: Float64Array,
  { tolerance = 1e-8, iterations = 200, memory = 10 } = {},
): Promise<LbfgsResult> {
  let x = x0.slice()
  let at = await f(x)
  let evaluations = 1
  const goal = tolerance * Math.sqrt(dot(at.gradient, at.gradient))
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = []
  let k = 0
  let converged = Math.sqrt(dot(at.gradient, at.gradient)) <= goal
  while (!converged && k < iterations) {
    const p = direction(at.gradient, pairs)
    const first = pairs.length ? 1 : 1 / Math.max(1, Math.sqrt(dot(at.gradient, at.gradient)))
    const found = await strongWolfe(f, x, at, p, first)
    evaluations += found.evaluations
    if (!found.step) break
    const s = p.map((v) => found.step * v)
    const y = found.at.gradient.map((g, i) => g - at.gradient[i])
    x = x.map((v, i) => v + s[i])
    at = found.at
    const sy = dot(s, y)
    if (sy > 0) pairs.push({ s, y, rho: 1 / sy })
    if (pairs.length > memory) pairs.shift()
    k++
    converged = Math.sqrt(dot(at.gradient, at.gradient)) <= goal
  }
  return { x, ...at, iterations: k, evaluations, converged }
}

/** -H g with the inverse Hessian H of the last pairs. */
function direction(g: Float64Array, pairs: { s: Float64Array; y: Float64Array; rho: number }[]) {
  const q = g.map((v) => -v)
  const alphas: number[] = []
  for (const { s, y, rho } of pairs.toReversed()) {
    const alpha = rho * dot(s, q)
    alphas.push(alpha)
    for (let i = 0; i < q.length; i++) q[i] -= alpha * y[i]
  }
  const last = pairs.at(-1)
  if (last) {
    const gamma = 1 / (last.rho * dot(last.y, last.y))
    for (let i = 0; i < q.length; i++) q[i] *= gamma
  }
  for (const { s, y, rho } of pairs) {
    const beta = rho * dot(y, q)
    const alpha = alphas.pop() as number
    for (let i = 0; i < q.length; i++) q[i] += (alpha - beta) * s[i]
  }
  return q
}

/** A step along p that satisfies the strong Wolfe conditions (c1 = 1e-4, c2 = 0.9); 0 when none is found. */
async function strongWolfe(
  f: (x: Float64Array) => Maybe<CostAndGradient>,
  x: Float64Array,
  start: CostAndGradient,
  p: Float64Array,
  first: number,
): Promise<{ step: number; at: CostAndGradient; evaluations: number }> {
  const slope0 = dot(start.gradient, p)
  // Near the minimum costs differ by rounding alone: then the slopes decide (Hager and Zhang 2005).
  const rounding = 1e-14 * Math.abs(start.cost)
  const bound = (step: number) => start.cost + 1e-4 * step * slope0 + rounding
  let evaluations = 0
  const probe = async (step: number) => {
    evaluations++
    const at = await f(x.map((v, i) => v + step * p[i]))
    return { step, at, slope: dot(at.gradient, p) }
  }
  let low = { step: 0, at: start, slope: slope0 }
  let high: typeof low | undefined
  let trial = await probe(first)
  // Each turn shrinks the bracket [low, high], or moves on while the function still falls.
  while (evaluations < 30) {
    const falls = trial.at.cost <= bound(trial.step) && trial.at.cost < low.at.cost + rounding
    if (!falls) high = trial
    else {
      if (Math.abs(trial.slope) <= -0.9 * slope0) return { step: trial.step, at: trial.at, evaluations }
      if (trial.slope * ((high?.step ?? Infinity) - low.step) >= 0) high = low
      low = trial
    }
    if (high && Math.abs(high.step - low.step) < 1e-14 * low.step) break
    trial = await probe(high ? interpolate(low, high) : 2 * low.step)
  }
  return { step: low.step, at: low.at, evaluations }
}

/** The minimum of the parabola through cost and slope at `low` and cost at `high`, kept off the ends. */
function interpolate(
  low: { step: number; at: CostAndGradient; slope: number },
  high: { step: number; at: CostAndGradient },
): number {
  const width = high.step - low.step
  const curve = high.at.cost - low.at.cost - low.slope * width
  const guess = (-low.slope * width) / (2 * curve)
  return low.step + width * (Number.isFinite(guess) ? Math.min(0.9, Math.max(0.1, guess)) : 0.5)
}
