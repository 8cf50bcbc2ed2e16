import { ConfigError } from '../base/errors.ts'
import type { Forecaster } from '../forecast/forecaster.ts'
import { seasonOf } from '../forecast/surrogate.ts'
import { checkSameWorld, type World } from '../forecast/world.ts'
import { stream } from '../random/stream.ts'
import {
  compile,
  type Executable,
  input,
  jvp,
  type Program,
  type Runtime,
  type Store,
  vjp,
} from '../tensor/index.ts'
import {
  type Analysis,
  type AssimilationCase,
  type AssimilationOptions,
  type Assimilator,
  checkBackground,
  checkMembers,
  checkObserved,
  type Observations,
} from './assimilator.ts'
import type { BackgroundErrors } from './classical/backgroundErrors.ts'
import { stackErrors } from './classical/observationErrors.ts'
import type { Operator } from './classical/operators.ts'
import { var3d, variationalEnsemble } from './classical/var3d.ts'
import { windowOperator } from './classical/var4d.ts'
import type { VariationalSettings } from './classical/variational.ts'
import { analysisOf, meanOf } from './diagnostics.ts'
import { refuseBeyondMemory } from './memory.ts'

/** The forecast model, the background covariance and the minimisation of 4D-Var. */
export interface WindowVariationalOptions extends VariationalSettings {
  readonly world: World
  /** A model that can be differentiated. */
  readonly forecaster: Forecaster
  /** Of the background at the start of the window; see `nmcCovariance`. */
  readonly B: BackgroundErrors
  readonly memory?: number
}

/**
 * Strong-constraint 4D-Var (Le Dimet & Talagrand 1986; Courtier et al. 1994) through a learned forecast model: the state
 * at the time of the background whose forecast fits the observations of the case and of its window. One member is the
 * minimum, more are draws by perturbing background and observations. Without a window it is 3D-Var. The time of year is
 * that of the background throughout. Diagnostics are of the observations at the start; chiSquare is of all.
 */
export class WindowVariational implements Assimilator {
  readonly name = '4dvar'
  readonly settings: Readonly<Record<string, unknown>>
  private readonly runtime: Runtime
  private readonly options: WindowVariationalOptions
  private model: Promise<DifferentiableModel> | undefined

  /**
   * @throws ConfigError for a model without a differentiable step
   * @throws DataError for one of another world
   */
  constructor(runtime: Runtime, options: WindowVariationalOptions) {
    const { world, forecaster, outerLoops = 2, iterations = 40, tolerance = 1e-3 } = options
    if (!forecaster.step)
      throw new ConfigError(
        `4D-Var needs a forecast model that can be differentiated; ${forecaster.name} cannot`,
      )
    checkSameWorld(world, forecaster, ['the method', 'the forecast model'], { normaliser: true })
    this.runtime = runtime
    this.options = options
    this.settings = { forecaster: forecaster.name, outerLoops, iterations, tolerance }
  }

  async assimilate(
    given: AssimilationCase,
    { members, seed, onProgress }: AssimilationOptions,
  ): Promise<Analysis> {
    const { world, forecaster, B, minimiser, memory } = this.options
    const { outerLoops = 2, iterations = 40, tolerance = 1e-3, outerTolerance } = this.options
    checkMembers(members)
    const backgrounds = checkBackground(given, world)
    const { window, observations, background } = given
    const sets: { step: number; set: Observations }[] = [
      { step: 0, set: observations },
      ...(window?.later ?? []).map((set) => ({ step: set.hours / forecaster.stepHours, set })),
    ].sort((a, b) => a.step - b.step)
    for (const { step, set } of sets) {
      checkObserved(set, world, background.states)
      if (!Number.isInteger(step) || step < 0)
        throw new ConfigError(
          `observations ${step * forecaster.stepHours} h after the background: the model goes in steps of ${forecaster.stepHours} h`,
        )
    }
    const n = background.states.length / backgrounds
    refuseBeyondMemory(members, { perMember: 8 * 3 * n, fixed: 8 * 20 * n, available: memory })
    const xb = Float64Array.from(meanOf(background.states, n))
    const used = sets.filter(({ set }) => set.operator.outputs > 0)
    if (used.length === 0 && members === 1)
      return analysisOf(given, Float32Array.from(xb), 1, {
        message: 'no usable observation: the analysis is the background',
      })
    const last = used.at(-1)?.step ?? 0
    const model = last > 0 ? (await this.differentiated()).at(window?.time ?? 0) : unused(n)
    const H = windowOperator(
      model,
      used.map(({ step, set }) => ({ step, H: set.operator })),
    )
    // Directions are put near H(x_b), so that the departure is the short way round.
    const Hx = await H.apply(xb)
    const y = new Float64Array(H.outputs)
    let at = 0
    for (const { set } of used) {
      const own = Hx.subarray(at, at + set.y.length)
      const d = set.operator.innovation(set.y, own)
      y.set(
        own.map((v, i) => v + d[i]),
        at,
      )
      at += set.y.length
    }
    const problem = { xb, B, H, y, R: stackErrors(used.map(({ set }) => set.R)) }
    const settings = { outerLoops, iterations, tolerance, outerTolerance, minimiser }
    if (members > 1) {
      const random = stream(seed, '4dvar', given.index)
      const drawn = await variationalEnsemble(problem, { ...settings, members, random })
      onProgress?.(members, members)
      return analysisOf(given, Float32Array.from(drawn.data), members)
    }
    const { xa, v } = await var3d(problem, settings)
    const fitted = await H.apply(xa)
    const rest = problem.R.whiten(y.map((o, i) => o - fitted[i]))
    const cost = v.reduce((sum, c) => sum + c * c, 0) + rest.reduce((sum, e) => sum + e * e, 0)
    onProgress?.(1, 1)
    return analysisOf(given, Float32Array.from(xa), 1, { chiSquare: cost / y.length })
  }

  private differentiated(): Promise<DifferentiableModel> {
    this.model ??= differentiable(this.runtime, this.options)
    return this.model
  }

  async close(): Promise<void> {
    await (await this.model)?.close()
    this.model = undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Where all observations are of the start, no step is taken. */
function unused(n: number): Operator {
  const same = (x: Float64Array) => x
  return {
    inputs: n,
    outputs: n,
    apply: same,
    linearise: (value) => ({ value, tangent: same, adjoint: same }),
  }
}

interface DifferentiableModel {
  /** A step of the model at a time of year. */
  at(time: number): Operator
  close(): Promise<void>
}

/** The model's step, its tangent-linear and its adjoint as programs. */
async function differentiable(
  runtime: Runtime,
  { forecaster, world: { channels, grid } }: WindowVariationalOptions,
): Promise<DifferentiableModel> {
  const shape = [1, channels.length, grid.rows, grid.columns]
  const n = channels.length * grid.size
  const [x, season, given] = [input('x', shape), input('season', [1, 2]), input('given', shape)]
  const next = forecaster.step?.(x, season) as typeof x
  const store: Store = await runtime.createStore()
  if (forecaster.feeds) await store.put(forecaster.feeds)
  const load = (program: Program) => runtime.load(program, { store })
  const programs = {
    step: await load(compile({ out: next }, { name: 'step' })),
    tangent: await load(compile({ out: jvp([next], [x], [given])[0] }, { name: 'step tangent' })),
    adjoint: await load(compile({ out: vjp([next], [x], [given])[0] }, { name: 'step adjoint' })),
  }
  const run = async (program: Executable, feeds: Record<string, Float64Array>, time: number) => {
    const known = new Set(program.program.inputs.map(({ name }) => name))
    const all = { season: seasonOf([time]), ...mapValues(feeds, (v) => Float32Array.from(v)) }
    const { out } = await program.run(Object.fromEntries(Object.entries(all).filter(([k]) => known.has(k))))
    return Float64Array.from(out.data as Float32Array)
  }
  return {
    at: (time) => ({
      inputs: n,
      outputs: n,
      apply: (state) => run(programs.step, { x: state }, time),
      linearise: async (state) => ({
        value: await run(programs.step, { x: state }, time),
        tangent: (dx) => run(programs.tangent, { x: state, given: dx }, time),
        adjoint: (dy) => run(programs.adjoint, { x: state, given: dy }, time),
      }),
    }),
    async close() {
      for (const program of Object.values(programs)) await program.release()
      await store.release()
    },
  }
}

function mapValues<A, B>(record: Record<string, A>, f: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([k, v]) => [k, f(v)]))
}
