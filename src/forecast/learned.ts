import { z } from 'zod'
import { ShapeError } from '../base/errors.ts'
import { loadModel, Parameters, saveModel, type Weights } from '../nn/index.ts'
import { compile, type Executable, input, type Runtime, type Store, type Tensor } from '../tensor/index.ts'
import { forecastSchema } from './config.ts'
import type { EachStep, Forecaster } from './forecaster.ts'
import { type SurrogateContext, type SurrogateSize, seasonOf, surrogateStep } from './surrogate.ts'
import { type World, worldFromJson, worldSchema, worldToJson } from './world.ts'

const kind = 'align-da forecast 1'
const schema = z.strictObject({
  world: worldSchema,
  size: forecastSchema.pick({ patch: true, width: true, blocks: true, hidden: true }),
  stepHours: z.number().positive(),
  provenance: z.record(z.string(), z.unknown()),
})

/** A learned forecast model as it is stored. */
export interface ForecastModel {
  readonly world: World
  readonly size: SurrogateSize
  readonly stepHours: number
  readonly context: SurrogateContext
  readonly weights: Weights
  /** Data, period, command, seed, scores: what a model card says. */
  readonly provenance: Readonly<Record<string, unknown>>
}

export async function saveForecastModel(path: string, model: ForecastModel, options?: { half?: boolean }) {
  const { world, size, stepHours, context, provenance, weights } = model
  const [lat, lon] = context.grid
  const { patch, width, blocks, hidden } = size
  await saveModel(
    path,
    kind,
    {
      weights,
      context: new Map([
        [
          'statics',
          {
            dtype: 'float32',
            shape: [context.statics.length / (lat * lon), lat, lon],
            data: context.statics,
          },
        ],
        ['changeStd', { dtype: 'float32', shape: [context.changeStd.length], data: context.changeStd }],
      ]),
      description: {
        world: worldToJson(world),
        size: { patch, width, blocks, hidden },
        stepHours,
        provenance,
      },
    },
    options,
  )
}

/** @throws FormatError when the file is damaged or no forecast model */
export async function loadForecastModel(path: string): Promise<ForecastModel> {
  const { weights, context, description } = await loadModel(path, kind, schema)
  const world = worldFromJson(description.world)
  const statics = context.get('statics')
  const changeStd = context.get('changeStd')
  if (!statics || !changeStd) throw new ShapeError(`${path}: its constant fields are missing`)
  return {
    ...description,
    world,
    weights,
    context: {
      statics: statics.data as Float32Array,
      changeStd: changeStd.data as Float32Array,
      grid: [world.grid.latitude.length, world.grid.longitude.length],
    },
  }
}

/** The learned model as a Forecaster on a device. Programs are made for each size of batch and kept. */
export class LearnedForecaster implements Forecaster {
  readonly name = 'learned'
  readonly stepHours: number
  readonly channels
  readonly grid
  readonly normaliser
  readonly parameters: Parameters
  private readonly model: ForecastModel
  private readonly runtime: Runtime
  private readonly store: Store
  private readonly programs = new Map<number, Executable>()
  /** States forecast together; more are done in several runs. */
  private readonly batch: number

  private constructor(
    runtime: Runtime,
    model: ForecastModel,
    store: Store,
    parameters: Parameters,
    batch: number,
  ) {
    this.runtime = runtime
    this.model = model
    this.store = store
    this.parameters = parameters
    this.batch = batch
    this.stepHours = model.stepHours
    this.channels = model.world.channels
    this.grid = model.world.grid
    this.normaliser = model.world.normaliser
  }

  /** Loads the weights onto a device. */
  static async create(
    runtime: Runtime,
    model: ForecastModel,
    { batch = 8 } = {},
  ): Promise<LearnedForecaster> {
    const parameters = new Parameters({ prefix: 'forecast.' })
    const forecaster = new LearnedForecaster(runtime, model, await runtime.createStore(), parameters, batch)
    forecaster.step(forecaster.state(1), input('season', [1, 2]))
    await forecaster.store.put(parameters.feeds(model.weights, 'the forecast model'))
    return forecaster
  }

  /** The weights under the names of the program inputs that `step` makes. */
  get feeds() {
    return this.parameters.feeds(this.model.weights)
  }

  step(states: Tensor, season: Tensor): Tensor {
    return surrogateStep(this.parameters, states, season, this.model.context, this.model.size)
  }

  async forecast(
    states: Float32Array,
    times: ArrayLike<number>,
    steps: number,
    onStep?: EachStep,
  ): Promise<Float32Array> {
    const one = this.channels.length * this.grid.size
    const count = states.length / one
    if (!Number.isInteger(count) || count !== times.length)
      throw new ShapeError(`${states.length} values are no ${times.length} states of ${one} values`)
    const current = states.slice()
    for (let step = 1; step <= steps; step++) {
      for (let from = 0; from < count; from += this.batch) {
        const n = Math.min(this.batch, count - from)
        const valid = Float64Array.from(
          { length: n },
          (_, i) => times[from + i] + (step - 1) * this.stepHours * 3.6e6,
        )
        const program = await this.program(n)
        const out = await program.run({
          states: current.subarray(from * one, (from + n) * one),
          season: seasonOf(valid),
        })
        current.set(out.next.data as Float32Array, from * one)
      }
      onStep?.(step, current)
    }
    return current
  }

  private async program(batch: number): Promise<Executable> {
    const known = this.programs.get(batch)
    if (known) return known
    const next = this.step(this.state(batch), input('season', [batch, 2]))
    const made = await this.runtime.load(compile({ next }, { name: 'forecast' }), { store: this.store })
    this.programs.set(batch, made)
    return made
  }

  private state(batch: number): Tensor {
    return input('states', [
      batch,
      this.channels.length,
      this.grid.latitude.length,
      this.grid.longitude.length,
    ])
  }

  async close(): Promise<void> {
    for (const program of this.programs.values()) await program.release()
    await this.store.release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
