import { ShapeError } from '../../base/errors.ts'

/** Error variances that departures speak for, in squared units of the observations. */
export interface DesroziersEstimates {
  readonly count: number
  /** R: E[(y - H x_a)(y - H x_b)]. */
  readonly observation: number
  /** H B Hᵀ: E[(H x_a - H x_b)(y - H x_b)]. */
  readonly background: number
  /** H A Hᵀ: E[(H x_a - H x_b)(y - H x_a)]. */
  readonly analysis: number
  /** H B Hᵀ + R: E[(y - H x_b)²]. */
  readonly innovation: number
}

/**
 * The consistency diagnostics of Desroziers, Berre, Chapnik and Poli (2005), "Diagnosis of observation, background
 * and analysis-error statistics in observation space", doi:10.1256/qj.05.108, eqs. 1-4: with the right B and R the
 * estimates equal the variances that the analysis assumed. Pool many observations of one kind, and many times.
 * Throws ShapeError for arrays of different length.
 */
export function desroziers(y: Float64Array, Hxb: Float64Array, Hxa: Float64Array): DesroziersEstimates {
  if (Hxb.length !== y.length || Hxa.length !== y.length)
    throw new ShapeError(`${y.length} observations, ${Hxb.length} H(x_b) and ${Hxa.length} H(x_a)`)
  let observation = 0
  let background = 0
  let analysis = 0
  let innovation = 0
  for (let i = 0; i < y.length; i++) {
    const ob = y[i] - Hxb[i]
    const oa = y[i] - Hxa[i]
    const ab = Hxa[i] - Hxb[i]
    observation += oa * ob
    background += ab * ob
    analysis += ab * oa
    innovation += ob * ob
  }
  const n = y.length
  return {
    count: n,
    observation: observation / n,
    background: background / n,
    analysis: analysis / n,
    innovation: innovation / n,
  }
}
