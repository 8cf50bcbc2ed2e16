import type { Stream } from '../../random/stream.ts'
import { type Ensemble, fromMembers } from './ensemble.ts'
import {
  minimise,
  type VariationalAnalysis,
  type VariationalProblem,
  type VariationalSettings,
} from './variational.ts'

/**
 * 3D-Var: the minimum of the cost function at one time. Lorenc (1986), "Analysis methods for numerical weather
 * prediction", doi:10.1002/qj.49711247414. For a linear H and a dense B the minimum has the closed form of
 * optimalInterpolation().
 */
export function var3d(
  problem: VariationalProblem,
  settings: VariationalSettings = {},
): Promise<VariationalAnalysis> {
  return minimise(problem, settings)
}

/**
 * An ensemble of variational analyses, [members, n]: each from its own background x_b + U e and observations
 * y + L e', which for a linear H makes them draws from the posterior. Žagar et al. (2005); Bardsley et al. (2014),
 * "Randomize-then-optimize", doi:10.1137/140964023.
 */
export async function variationalEnsemble(
  problem: VariationalProblem,
  { members, random, ...settings }: VariationalSettings & { members: number; random: Stream },
): Promise<Ensemble> {
  const { xb, B, y, R } = problem
  const analyses: Float64Array[] = []
  for (let i = 0; i < members; i++) {
    const dx = await B.transform(random.child('background', i).normal(new Float64Array(B.controls)))
    const dy = R.colour(random.child('observations', i).normal(new Float64Array(y.length)))
    const drawn = { ...problem, xb: xb.map((x, k) => x + dx[k]), y: y.map((o, k) => o + dy[k]) }
    analyses.push((await minimise(drawn, settings)).xa)
  }
  return fromMembers(analyses)
}
