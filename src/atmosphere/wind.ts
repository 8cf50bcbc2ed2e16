import type { Differences, Field } from './differences.ts'

// Second order in area-weighted norms. In the rows next to a pole, where 1 / cos(lat) grows as the spacing
// shrinks, a flow across the pole leaves an error of first order.

/**
 * Horizontal divergence (1 / (a cos)) (du/dlon + d(v cos)/dlat), s-1, of winds in m s-1; NaN on pole rows.
 */
export function divergence(u: Field, v: Field, d: Differences): Float64Array {
  const out = d.eastward(u)
  const flux = d.northward(timesCosine(v, d))
  const { columns } = d.grid
  for (let i = 0; i < out.length; i++) out[i] += flux[i] / d.cosine[Math.floor(i / columns)]
  return out
}

/** Relative vorticity (1 / (a cos)) (dv/dlon - d(u cos)/dlat), s-1, of winds in m s-1; NaN on pole rows. */
export function vorticity(u: Field, v: Field, d: Differences): Float64Array {
  const out = d.eastward(v)
  const circulation = d.northward(timesCosine(u, d))
  const { columns } = d.grid
  for (let i = 0; i < out.length; i++) out[i] -= circulation[i] / d.cosine[Math.floor(i / columns)]
  return out
}

/** Kinetic energy per mass (u^2 + v^2) / 2, m2 s-2. */
export function kineticEnergy(u: Field, v: Field): Float64Array {
  return Float64Array.from(u, (x, i) => 0.5 * (x * x + v[i] * v[i]))
}

function timesCosine(field: Field, d: Differences): Float64Array {
  const { columns } = d.grid
  return Float64Array.from(field, (x, i) => x * d.cosine[Math.floor(i / columns)])
}
