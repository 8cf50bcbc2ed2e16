import type { World } from '../forecast/world.ts'
import { stream } from '../random/stream.ts'
import {
  type Analysis,
  type AssimilationCase,
  type AssimilationOptions,
  type Assimilator,
  checkBackground,
  checkMembers,
  checkObserved,
} from './assimilator.ts'
import type { BackgroundErrors } from './classical/backgroundErrors.ts'
import { var3d, variationalEnsemble } from './classical/var3d.ts'
import type { VariationalSettings } from './classical/variational.ts'
import { analysisOf, meanOf } from './diagnostics.ts'
import { refuseBeyondMemory } from './memory.ts'

/** The world, the background covariance and the minimisation of 3D-Var in model space. */
export interface ModelVariationalOptions extends VariationalSettings {
  readonly world: World
  /** See `nmcCovariance`. */
  readonly B: BackgroundErrors
  readonly memory?: number
  readonly settings?: Readonly<Record<string, unknown>>
}

/**
 * 3D-Var in model space: one member is the minimum of the cost function about the mean background, more are draws by
 * perturbing background and observations. chiSquare is twice the cost at the minimum over the number of observations.
 */
export class ModelVariational implements Assimilator {
  readonly name = '3dvar'
  readonly settings: Readonly<Record<string, unknown>>
  private readonly options: ModelVariationalOptions

  constructor(options: ModelVariationalOptions) {
    this.options = options
    this.settings = {
      iterations: options.iterations ?? 60,
      tolerance: options.tolerance ?? 1e-4,
      ...options.settings,
    }
  }

  async assimilate(
    given: AssimilationCase,
    { members, seed, onProgress }: AssimilationOptions,
  ): Promise<Analysis> {
    const { world, B, iterations = 60, tolerance = 1e-4, outerLoops, minimiser, memory } = this.options
    checkMembers(members)
    const backgrounds = checkBackground(given, world)
    const { operator, y, R } = given.observations
    checkObserved(given.observations, world, given.background.states)
    const n = given.background.states.length / backgrounds
    refuseBeyondMemory(members, { perMember: 8 * 3 * n, fixed: 8 * 12 * n, available: memory })
    const xb = Float64Array.from(meanOf(given.background.states, n))
    // Directions are put near H(x_b), so that the departure is the short way round.
    const Hx = operator.apply(xb)
    const d = operator.innovation(y, Hx)
    const problem = { xb, B, H: operator, y: Hx.map((v, i) => v + d[i]), R }
    const settings = { iterations, tolerance, minimiser, outerLoops: outerLoops ?? (operator.linear ? 1 : 3) }
    const what = members > 1 ? 'the members are draws of background errors' : 'the analysis is the background'
    const message = y.length === 0 ? `no usable observation: ${what}` : undefined
    if (members > 1) {
      const random = stream(seed, '3dvar', given.index)
      const drawn = await variationalEnsemble(problem, { ...settings, members, random })
      onProgress?.(members, members)
      return analysisOf(given, Float32Array.from(drawn.data), members, message ? { message } : {})
    }
    if (message) return analysisOf(given, Float32Array.from(xb), 1, { message })
    const { xa, v } = await var3d(problem, settings)
    const rest = R.whiten(operator.innovation(problem.y, operator.apply(xa)))
    const cost = v.reduce((sum, c) => sum + c * c, 0) + rest.reduce((sum, e) => sum + e * e, 0)
    onProgress?.(1, 1)
    return analysisOf(given, Float32Array.from(xa), 1, { chiSquare: cost / y.length })
  }

  async close(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
