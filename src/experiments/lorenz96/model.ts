import type { Operator } from '../../assimilation/classical/operators.ts'

/**
 * Lorenz's 1996 model of n variables on a circle, dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F, in steps of the
 * classical fourth-order Runge-Kutta scheme, with its tangent-linear and adjoint.
 * Lorenz (1996), "Predictability: a problem partly solved", ECMWF seminar on predictability.
 */

/** dx/dt, [n]. */
export function tendency(x: Float64Array, F: number): Float64Array {
  const n = x.length
  const out = new Float64Array(n)
  let before2 = x[n - 2]
  let before = x[n - 1]
  for (let i = 0; i < n; i++) {
    const here = x[i]
    out[i] = ((i + 1 < n ? x[i + 1] : x[0]) - before2) * before - here + F
    before2 = before
    before = here
  }
  return out
}

/** The derivative of the tendency at x along dx, [n]. */
function tendencyTangent(x: Float64Array, dx: Float64Array): Float64Array {
  const n = x.length
  const out = new Float64Array(n)
  for (let i = 0, b = n - 1, c = n - 2; i < n; c = b, b = i++) {
    const a = i + 1 < n ? i + 1 : 0 // a, b, c: the places i + 1, i - 1, i - 2 on the circle
    out[i] = (dx[a] - dx[c]) * x[b] + (x[a] - x[c]) * dx[b] - dx[i]
  }
  return out
}

/** The transpose of tendencyTangent at x, applied to dy, [n]. */
function tendencyAdjoint(x: Float64Array, dy: Float64Array): Float64Array {
  const n = x.length
  const out = new Float64Array(n)
  for (let i = 0, b = n - 1, c = n - 2; i < n; c = b, b = i++) {
    const a = i + 1 < n ? i + 1 : 0
    const sensitivity = x[b] * dy[i]
    out[a] += sensitivity
    out[c] -= sensitivity
    out[b] += (x[a] - x[c]) * dy[i]
    out[i] -= dy[i]
  }
  return out
}

/** a + factor b, [n]. */
function plus(a: Float64Array, factor: number, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length)
  for (let i = 0; i < a.length; i++) out[i] = a[i] + factor * b[i]
  return out
}

/** One Runge-Kutta step of length dt, [n]. */
export function step(x: Float64Array, F: number, dt: number): Float64Array {
  return advance(x, dt, stages(x, F, dt).k)
}

/** The points at which the tendency is taken and its values there. */
function stages(x: Float64Array, F: number, dt: number) {
  const k1 = tendency(x, F)
  const x2 = plus(x, dt / 2, k1)
  const k2 = tendency(x2, F)
  const x3 = plus(x, dt / 2, k2)
  const k3 = tendency(x3, F)
  const x4 = plus(x, dt, k3)
  return { x: [x, x2, x3, x4], k: [k1, k2, k3, tendency(x4, F)] }
}

function advance(x: Float64Array, dt: number, [k1, k2, k3, k4]: Float64Array[]): Float64Array {
  const out = new Float64Array(x.length)
  for (let i = 0; i < x.length; i++) out[i] = x[i] + (dt / 6) * (k1[i] + 2 * (k2[i] + k3[i]) + k4[i])
  return out
}

/** `steps` Runge-Kutta steps as an operator from [n] to [n]. */
export function lorenz96(n = 40, { F = 8, dt = 0.05, steps = 1 } = {}) {
  const apply = (x: Float64Array) => {
    let y = x
    for (let s = 0; s < steps; s++) y = step(y, F, dt)
    return y
  }
  return {
    inputs: n,
    outputs: n,
    apply,
    linearise(x0: Float64Array) {
      const points: Float64Array[][] = []
      let x = x0
      for (let s = 0; s < steps; s++) {
        const at = stages(x, F, dt)
        points.push(at.x)
        x = advance(x, dt, at.k)
      }
      return {
        value: x,
        tangent: (dx: Float64Array) => points.reduce((d, at) => stepTangent(at, d, dt), dx),
        adjoint: (dy: Float64Array) => points.reduceRight((d, at) => stepAdjoint(at, d, dt), dy),
      }
    },
  } satisfies Operator
}

function stepTangent([x1, x2, x3, x4]: Float64Array[], dx: Float64Array, dt: number): Float64Array {
  const k1 = tendencyTangent(x1, dx)
  const k2 = tendencyTangent(x2, plus(dx, dt / 2, k1))
  const k3 = tendencyTangent(x3, plus(dx, dt / 2, k2))
  const k4 = tendencyTangent(x4, plus(dx, dt, k3))
  return advance(dx, dt, [k1, k2, k3, k4])
}

/** stepTangent read backwards: a_j is the sensitivity to the tendency k_j. */
function stepAdjoint([x1, x2, x3, x4]: Float64Array[], dy: Float64Array, dt: number): Float64Array {
  const b4 = tendencyAdjoint(x4, sum(dt / 6, dy))
  const b3 = tendencyAdjoint(x3, sum(dt / 3, dy, dt, b4))
  const b2 = tendencyAdjoint(x2, sum(dt / 3, dy, dt / 2, b3))
  const b1 = tendencyAdjoint(x1, sum(dt / 6, dy, dt / 2, b2))
  const out = new Float64Array(dy.length)
  for (let i = 0; i < out.length; i++) out[i] = dy[i] + b1[i] + b2[i] + b3[i] + b4[i]
  return out
}

/** s a + t b, [n]. */
function sum(s: number, a: Float64Array, t = 0, b = a): Float64Array {
  const out = new Float64Array(a.length)
  for (let i = 0; i < a.length; i++) out[i] = s * a[i] + t * b[i]
  return out
}
