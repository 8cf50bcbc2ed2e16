import { ShapeError } from '../base/errors.ts'
import { concat, constant, type Tensor } from '../tensor/index.ts'
import type { Coupling } from './coupling.ts'

/**
 * A coupling as part of programs: white fields u [batch, d, h, w] to fields with its covariances, and back. In each
 * row a Fourier transform, at each zonal wavenumber one product with L_q or its inverse, and the transform back.
 * @throws ShapeError for a coupling of latents of another size
 */
export function waveCoupling({ axes, coupled, rest }: Coupling, [d, h, w]: readonly number[]) {
  const waves = Math.floor(w / 2) + 1
  const n = axes * h
  if (coupled.length !== waves * n * (n + 1) || rest.length !== waves * (d - axes) * h)
    throw new ShapeError(
      `a coupling of ${axes} axes with ${coupled.length} and ${rest.length} numbers does not fit latents ${d} x ${h} x ${w}`,
    )
  // Made once: programs hold equal tables once when they are the same array, and these are most of their constants.
  let matrices: Float32Array | undefined
  const forward = () => {
    matrices ??= stacked(waves, n, (q, put) => unpack(coupled, q, n, put))
    return matrices
  }
  let inverse: Float32Array | undefined
  // Only training and what encodes states need the inverse, and it takes seconds.
  const backward = () => {
    inverse ??= stacked(waves, n, (q, put) => invert(coupled, q, n, put))
    return inverse
  }
  const [cosines, partners] = bases(w)
  const apply = (x: Tensor, matrices: Float32Array, deviations: Float32Array): Tensor => {
    const [batch] = x.shape
    const { dtype } = x
    const basis = (values: Float64Array) => constant(values, { shape: [w, 2 * waves], dtype })
    const back = basis(cosines).transpose()
    const parts: Tensor[] = []
    if (axes > 0) {
      const own = x.slice([0, batch], [0, axes])
      const byWave = (values: Float64Array) =>
        own
          .matmul(basis(values))
          .reshape(batch, n, waves, 2)
          .transpose(2, 0, 3, 1)
          .reshape(waves, 2 * batch, n)
      const M = constant(matrices, { shape: [waves, 2 * n, n], dtype })
      const y = concat([byWave(cosines), byWave(partners)], 2).matmul(M)
      parts.push(
        y
          .reshape(waves, batch, 2, n)
          .transpose(1, 3, 0, 2)
          .reshape(batch, axes, h, 2 * waves)
          .matmul(back),
      )
    }
    if (axes < d) {
      const scale = constant(byColumn(deviations, waves, (d - axes) * h), {
        shape: [d - axes, h, 2 * waves],
        dtype,
      })
      parts.push(x.slice([0, batch], [axes, d]).matmul(basis(cosines)).mul(scale).matmul(back))
    }
    return parts.length > 1 ? concat(parts, 1) : parts[0]
  }
  const reciprocal = rest.map((v) => 1 / v)
  return {
    /** u white -> correlated. */
    colour: (u: Tensor) => apply(u, forward(), rest),
    /** The inverse of `colour`. */
    whiten: (x: Tensor) => apply(x, backward(), reciprocal),
  }
}

/**
 * The real Fourier basis of a ring of w points, orthonormal, by wavenumber: cos q, sin q, with zeros where there is no
 * sine, [w, 2 (w / 2 + 1)]; and what is multiplied by the imaginary part of a matrix: for the coefficients a - i b of
 * a cos + b sin, (A + i B)(a - i b) = (A a + B b) - i (A b - B a).
 */
function bases(w: number): [Float64Array, Float64Array] {
  const waves = Math.floor(w / 2) + 1
  const [own, partner] = [new Float64Array(w * 2 * waves), new Float64Array(w * 2 * waves)]
  for (let q = 0; q < waves; q++) {
    const single = q === 0 || 2 * q === w
    const scale = Math.sqrt((single ? 1 : 2) / w)
    for (let k = 0; k < w; k++) {
      const angle = (2 * Math.PI * ((q * k) % w)) / w
      const at = k * 2 * waves + 2 * q
      own[at] = scale * Math.cos(angle)
      if (single) continue
      own[at + 1] = scale * Math.sin(angle)
      partner[at] = own[at + 1]
      partner[at + 1] = -own[at]
    }
  }
  return [own, partner]
}

type Put = (row: number, column: number, re: number, im: number) => void

/** Matrices by wavenumber as rows times [Re' ; Im']: [waves, 2 n, n]. */
function stacked(waves: number, n: number, fill: (q: number, put: Put) => void): Float32Array {
  const out = new Float32Array(waves * 2 * n * n)
  for (let q = 0; q < waves; q++)
    fill(q, (row, column, re, im) => {
      out[(2 * q * n + column) * n + row] = re
      out[((2 * q + 1) * n + column) * n + row] = im
    })
  return out
}

function unpack(coupled: Float32Array, q: number, n: number, put: Put) {
  let at = q * n * (n + 1)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++, at += 2) put(i, j, coupled[at], coupled[at + 1])
}

/** The inverse of a lower triangle, by rows: X_ij = -(Σ_k L_ik X_kj) / L_ii. */
function invert(coupled: Float32Array, q: number, n: number, put: Put) {
  const [re, im] = [new Float64Array(n * n), new Float64Array(n * n)]
  const row = [new Float64Array(n), new Float64Array(n)]
  let at = q * n * (n + 1)
  for (let i = 0; i < n; i++) {
    row[0].fill(0)
    row[1].fill(0)
    for (let k = 0; k < i; k++, at += 2) {
      const [a, b] = [coupled[at], coupled[at + 1]]
      for (let j = 0, p = k * n; j <= k; j++, p++) {
        row[0][j] += a * re[p] - b * im[p]
        row[1][j] += a * im[p] + b * re[p]
      }
    }
    const pivot = coupled[at]
    at += 2
    for (let j = 0; j < i; j++) {
      re[i * n + j] = -row[0][j] / pivot
      im[i * n + j] = -row[1][j] / pivot
      put(i, j, re[i * n + j], im[i * n + j])
    }
    re[i * n + i] = 1 / pivot
    put(i, i, 1 / pivot, 0)
  }
}

/** [waves, n] -> [n, 2 waves]: a deviation serves cosine and sine. */
function byColumn(values: Float32Array, waves: number, n: number): Float32Array {
  const out = new Float32Array(n * 2 * waves)
  for (let q = 0; q < waves; q++)
    for (let i = 0; i < n; i++) out.fill(values[q * n + i], (i * waves + q) * 2, (i * waves + q) * 2 + 2)
  return out
}
