import { covarianceMatrix, independentBackground } from '../../assimilation/classical/backgroundErrors.ts'
import { identity } from '../../assimilation/classical/linalg.ts'
import { independentErrors } from '../../assimilation/classical/observationErrors.ts'
import { selection } from '../../assimilation/classical/operators.ts'
import { optimalInterpolation } from '../../assimilation/classical/optimalInterpolation.ts'
import { var3d } from '../../assimilation/classical/var3d.ts'
import { var4d } from '../../assimilation/classical/var4d.ts'
import { lorenz96 } from './model.ts'
import { type Score, scorer } from './score.ts'
import type { Twin } from './twin.ts'

/** Methods with a constant B, cycled through a twin experiment; `report` is told of every finished cycle. */
type Report = (cycle: number) => void
const silent: Report = () => {}

/** The climatological mean as every analysis. */
export function runClimatology(twin: Twin, report = silent): Score {
  const scores = scorer(twin)
  twin.truth.forEach((_, cycle) => {
    scores.add(cycle, twin.climate.mean)
    report(cycle + 1)
  })
  return scores.score()
}

/** Optimal interpolation: the climatological mean and covariance as background at every time. */
export function runOptimalInterpolation(twin: Twin, report = silent): Score {
  const { n, climate } = twin
  const scores = scorer(twin)
  const R = independentErrors(new Float64Array(n).fill(1))
  const H = identity(n)
  twin.observations.forEach((y, cycle) => {
    scores.add(cycle, optimalInterpolation({ xb: climate.mean, B: climate.covariance, H, y, R }).xa)
    report(cycle + 1)
  })
  return scores.score()
}

/** 3D-Var: the forecast from the last analysis, with `scale` times the climatological covariance. */
export async function runVar3d(twin: Twin, scale: number, report = silent): Promise<Score> {
  const { n, climate } = twin
  const model = modelOf(twin)
  const scores = scorer(twin)
  const R = independentErrors(new Float64Array(n).fill(1))
  const B = covarianceMatrix(
    climate.covariance.map((c) => scale * c),
    n,
  )
  const H = selection(
    Array.from({ length: n }, (_, i) => i),
    n,
  )
  let x = twin.first
  for (const [cycle, y] of twin.observations.entries()) {
    x = (await var3d({ xb: model.apply(x), B, H, y, R }, { outerLoops: 1 })).xa
    scores.add(cycle, x)
    report(cycle + 1)
  }
  return scores.score()
}

/**
 * 4D-Var with a window of `lag` cycles that slides by one: each window's background is the last one's analysis run
 * on by a cycle, with errors of `variance`, independent of one another, and only the newest observations, at its end,
 * are assimilated, so that each is used once. The analysis is scored at the end of the window. Bocquet and Sakov
 * (2013), "Joint state and parameter estimation with an iterative ensemble Kalman smoother",
 * doi:10.5194/npg-20-803-2013, figure 4.
 */
export async function runVar4d(
  twin: Twin,
  { lag, variance }: { lag: number; variance: number },
  report = silent,
): Promise<Score> {
  const { n } = twin
  const model = modelOf(twin)
  const scores = scorer(twin)
  const R = independentErrors(new Float64Array(n).fill(1))
  const B = independentBackground(new Float64Array(n).fill(variance))
  const H = selection(
    Array.from({ length: n }, (_, i) => i),
    n,
  )
  let xb = twin.first
  for (const [cycle, y] of twin.observations.entries()) {
    // The first windows are shorter: they all start at the beginning.
    const length = Math.min(lag, cycle + 1)
    const { xa } = await var4d(
      { xb, B, model, observations: [{ step: length, H, y, R }] },
      { outerLoops: 10, outerTolerance: 1e-6, tolerance: 1e-4, iterations: 40 },
    )
    let x = xa
    for (let k = 0; k < length; k++) x = model.apply(x)
    scores.add(cycle, x)
    xb = length < lag ? xa : model.apply(xa)
    report(cycle + 1)
  }
  return scores.score()
}

function modelOf({ n, F, dt, stepsPerCycle }: Twin) {
  return lorenz96(n, { F, dt, steps: stepsPerCycle })
}
