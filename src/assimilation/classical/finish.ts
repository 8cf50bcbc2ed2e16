import type { Stream } from '../../random/stream.ts'
import { centre, combine, type Ensemble } from './ensemble.ts'
import { checkFactor } from './inflation.ts'
import { identity } from './linalg.ts'
import type { EnsembleSettings } from './problem.ts'
import { meanPreservingRotation } from './rotation.ts'

/** The inflation and rotation of `settings` applied to the anomalies of an analysis. */
export function inflateUpdated(
  e: Ensemble,
  { inflation = 1, rotation = false }: EnsembleSettings,
  random: Stream,
): Ensemble {
  checkFactor(inflation)
  if (inflation === 1 && !rotation) return e
  const { mean, X } = centre(e)
  const N = e.members
  const W = rotation ? meanPreservingRotation(N, random.child('rotation')) : identity(N)
  return combine(
    mean,
    W.map((w) => inflation * w),
    X,
    N,
  )
}
