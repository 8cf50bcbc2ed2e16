import { dot } from './linalg.ts'
import type { Maybe } from './operators.ts'

export interface CgResult {
  readonly x: Float64Array
  readonly iterations: number
  /** |b - A x| / |b|. */
  readonly residual: number
}

/**
 * Solves A x = b for a symmetric positive definite A from x = 0, until the residual has fallen by `tolerance` or
 * `iterations` are done. Hestenes and Stiefel (1952), "Methods of conjugate gradients for solving linear systems".
 */
export async function conjugateGradient(
  A: (x: Float64Array) => Maybe<Float64Array>,
  b: Float64Array,
  { tolerance = 1e-8, iterations = 200 } = {},
): Promise<CgResult> {
  const x = new Float64Array(b.length)
  const r = b.slice()
  const p = b.slice()
  const norm = Math.sqrt(dot(b, b))
  let rr = norm * norm
  let k = 0
  while (k < iterations && Math.sqrt(rr) > tolerance * norm) {
    const Ap = await A(p)
    const alpha = rr / dot(p, Ap)
    for (let i = 0; i < x.length; i++) {
      x[i] += alpha * p[i]
      r[i] -= alpha * Ap[i]
    }
    const next = dot(r, r)
    const beta = next / rr
    for (let i = 0; i < x.length; i++) p[i] = r[i] + beta * p[i]
    rr = next
    k++
  }
  return { x, iterations: k, residual: norm > 0 ? Math.sqrt(rr) / norm : 0 }
}
