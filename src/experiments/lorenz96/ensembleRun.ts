import { type Ensemble, fromMembers, mapMembers, mean } from '../../assimilation/classical/ensemble.ts'
import { independentErrors } from '../../assimilation/classical/observationErrors.ts'
import type { EnsembleProblem } from '../../assimilation/classical/problem.ts'
import type { Seed } from '../../random/address.ts'
import { stream } from '../../random/stream.ts'
import { lorenz96 } from './model.ts'
import { type Score, scorer } from './score.ts'
import { perturbed, type Twin } from './twin.ts'

/** Cycles an ensemble method through a twin experiment; `report` is told of every finished cycle. */
export function runEnsemble(
  twin: Twin,
  members: number,
  method: (problem: EnsembleProblem) => Ensemble,
  seed: Seed,
  report: (cycle: number) => void = () => {},
): Score {
  const random = stream(seed, 'filter')
  const model = lorenz96(twin.n, { F: twin.F, dt: twin.dt, steps: twin.stepsPerCycle })
  const R = independentErrors(new Float64Array(twin.n).fill(1))
  const scores = scorer(twin)
  let e = fromMembers(
    Array.from({ length: members }, (_, i) =>
      perturbed(twin.first, random.child('first', i).normal(new Float64Array(twin.n))),
    ),
  )
  twin.observations.forEach((y, cycle) => {
    const background = mapMembers(e, model.apply)
    // Every variable is observed: H is the identity.
    e = method({ background, observed: background, y, R, random: random.child('analysis', cycle) })
    scores.add(cycle, mean(e))
    report(cycle + 1)
  })
  return scores.score()
}
