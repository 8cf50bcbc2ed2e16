import { earthRadius } from '../../atmosphere/constants.ts'
import type { Grid } from '../../atmosphere/grid.ts'
import { eigenSymmetric, spectral } from '../classical/linalg.ts'

/** A symmetric operator on fields [rows, columns] of a grid; in place of a copy it returns a new field. */
export type FieldOperator = (field: Float64Array) => Float64Array

/**
 * The symmetric square root of the correlation exp(-d² / 2 L²), d the chord between points (km): a Gaussian in space, so
 * positive on the sphere, with variance 1 at every point. Along a circle of latitude it is the same everywhere, so it
 * is diagonal in zonal wavenumber and leaves one matrix [rows, rows] for each.
 */
export function gaussianCorrelationRoot(grid: Grid, length: number): FieldOperator {
  const { rows: h, columns: w } = grid
  const radius = earthRadius / 1000
  const phi = Array.from(grid.latitude, (v) => (v * Math.PI) / 180)
  const waves = Math.floor(w / 2) + 1
  const wave = (f: (angle: number) => number) =>
    Float64Array.from({ length: waves * waves }, (_, p) =>
      f((2 * Math.PI * ((Math.floor(p / waves) * (p % waves)) % w)) / w),
    )
  const [cosines, sines] = [wave(Math.cos), wave(Math.sin)]
  const matrices = Array.from({ length: waves }, () => new Float64Array(h * h))
  for (let i = 0; i < h; i++)
    for (let k = 0; k <= i; k++)
      for (let j = 0; j < waves; j++) {
        const along = Math.cos((2 * Math.PI * j) / w)
        const dot = Math.sin(phi[i]) * Math.sin(phi[k]) + Math.cos(phi[i]) * Math.cos(phi[k]) * along
        const rho = Math.exp((-radius * radius * (1 - Math.min(1, dot))) / (length * length))
        for (let q = 0; q < waves; q++) {
          const part = twice(j, w) * rho * cosines[q * waves + j]
          matrices[q][i * h + k] += part
          if (i !== k) matrices[q][k * h + i] += part
        }
      }
  const roots = matrices.map((C, q) => {
    const { values, vectors } = eigenSymmetric(C, h)
    return spectral(values, vectors, (v) => (Math.sqrt(Math.max(v, 0)) * twice(q, w)) / w)
  })
  // What is even about the first column is a sum of cosines, what is odd one of sines: half the products of a row.
  return (field) => {
    const parts = new Float64Array(2 * h * waves)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < waves; j++) {
        const here = field[i * w + j]
        const there = twice(j, w) === 2 ? field[i * w + w - j] : 0
        parts[i * waves + j] = here + there
        parts[(h + i) * waves + j] = here - there
      }
    // [wave, cosine or sine, row], then [cosine or sine, row, wave], then as the parts.
    const waved = new Float64Array(2 * h * waves)
    apply(cosines, waves, h, parts, 0, waved, { to: 0, element: 2 * h, vector: 1 })
    apply(sines, waves, h, parts, h * waves, waved, { to: h, element: 2 * h, vector: 1 })
    const smooth = new Float64Array(2 * h * waves)
    roots.forEach((root, q) => {
      apply(root, h, 2, waved, 2 * h * q, smooth, { to: q, element: waves, vector: h * waves })
    })
    apply(cosines, waves, h, smooth, 0, parts, { to: 0, element: 1, vector: waves })
    apply(sines, waves, h, smooth, h * waves, parts, { to: h * waves, element: 1, vector: waves })
    const out = new Float64Array(h * w)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < waves; j++) {
        const even = parts[i * waves + j]
        const odd = parts[(h + i) * waves + j]
        if (twice(j, w) === 2) out[i * w + w - j] = even - odd
        out[i * w + j] = even + odd
      }
    return out
  }
}

/** How often j and -j stand among w points of a circle, or a wavenumber among w coefficients. */
const twice = (j: number, w: number) => (j === 0 || 2 * j === w ? 1 : 2)

/**
 * A matrix [n, n] times `count` vectors that follow each other in x; element k of vector v goes to
 * `to + k element + v vector`. Two rows and two vectors at a time, the last ones twice where there is an odd number.
 */
function apply(
  A: Float64Array,
  n: number,
  count: number,
  x: Float64Array,
  from: number,
  out: Float64Array,
  { to, element, vector }: { to: number; element: number; vector: number },
): void {
  for (let v = 0; v < count; v += 2) {
    const u = Math.min(v + 1, count - 1)
    for (let k = 0; k < n; k += 2) {
      const l = Math.min(k + 1, n - 1)
      let kv = 0
      let ku = 0
      let lv = 0
      let lu = 0
      for (let j = 0, a = k * n, b = l * n, p = from + v * n, q = from + u * n; j < n; j++) {
        const s = A[a++]
        const t = A[b++]
        const f = x[p++]
        const g = x[q++]
        kv += s * f
        ku += s * g
        lv += t * f
        lu += t * g
      }
      out[to + k * element + v * vector] = kv
      out[to + k * element + u * vector] = ku
      out[to + l * element + v * vector] = lv
      out[to + l * element + u * vector] = lu
    }
  }
}

/**
 * The length L (km) of exp(-d² / 2 L²) that gives the mean correlation of zonal neighbours of fields
 * [samples, rows, columns], rows within 70 degrees of the equator, weighted by area.
 */
export function correlationLength(fields: Float64Array, grid: Grid): number {
  const { rows: h, columns: w } = grid
  const [variance, covariance] = [new Float64Array(h), new Float64Array(h)]
  for (let p = 0; p < fields.length; p++) {
    const [i, j] = [Math.floor(p / w) % h, p % w]
    variance[i] += fields[p] ** 2
    covariance[i] += fields[p] * fields[p - j + ((j + 1) % w)]
  }
  let [sum, weights] = [0, 0]
  for (let i = 0; i < h; i++) {
    const cosine = Math.cos((grid.latitude[i] * Math.PI) / 180)
    const rho = covariance[i] / variance[i]
    if (Math.abs(grid.latitude[i]) > 70 || !(rho > 0.05)) continue
    const d = (2 * earthRadius * cosine * Math.sin(Math.PI / w)) / 1000
    sum += (cosine * d) / Math.sqrt(-2 * Math.log(Math.min(rho, 0.9999)))
    weights += cosine
  }
  return weights > 0 ? sum / weights : earthRadius / 1000 / w
}
