import { DataError } from '../../base/errors.ts'
import type { Executable, Runtime, Store } from '../../tensor/index.ts'
import { type Ema, emaStep, emaTake } from '../optimise/ema.ts'
import { learningRate, type Schedule } from '../optimise/schedule.ts'
import type { StepProgram, TrainStep } from '../optimise/trainStep.ts'
import type { Parameters } from '../parameters.ts'
import type { DataSource } from './data.ts'
import { Prefetcher } from './prefetcher.ts'

export interface StepperOptions {
  runtime: Runtime
  store: Store
  parameters: Parameters
  programs: TrainStep
  data: DataSource
  accumulate: number
  schedule: Schedule
  ema: Ema | undefined
  /** Finished steps, and where to end. */
  from: number
  steps: number
}

/** Runs the programs of one training step after the other. */
export class Stepper {
  private readonly options: StepperOptions
  private readonly batches: Prefetcher
  private readonly batch: Executable
  private readonly update: Executable | undefined
  private readonly average: Executable | undefined

  private constructor(options: StepperOptions, executables: (Executable | undefined)[]) {
    this.options = options
    const { data, from, steps, accumulate } = options
    this.batches = new Prefetcher(data, from * accumulate, steps * accumulate)
    ;[this.batch, this.update, this.average] = executables as [Executable, Executable?, Executable?]
  }

  static async load(options: StepperOptions): Promise<Stepper> {
    const { runtime, store, programs, parameters } = options
    const load = async (step: StepProgram | undefined) =>
      step && (await runtime.load(step.program, { store, updates: step.updates }))
    const average = options.ema && emaStep(parameters)
    return new Stepper(options, [
      await load(programs.batch),
      await load(programs.update),
      await load(average),
    ])
  }

  /**
   * Step `step`, counted from 1: means over its batches of the loss and the metrics, and the gradients' norm.
   * @throws DataError when the loss or a gradient is not finite, naming step and batch
   */
  async run(step: number): Promise<Record<string, number>> {
    const { accumulate, programs, schedule, ema } = this.options
    const scalars = programs.scalars(learningRate(schedule, step), step)
    const means: Record<string, number> = {}
    for (let i = 0; i < accumulate; i++) {
      const feeds = await this.batches.next()
      const out = await this.batch.run({ ...feeds, ...(this.update ? programs.accumulation(i) : scalars) })
      for (const [name, { data }] of Object.entries(out))
        means[name] = (means[name] ?? 0) + Number(data[0]) / (name === 'gradientNorm' ? 1 : accumulate)
      this.checkFinite(means, step, (step - 1) * accumulate + i)
    }
    if (this.update) {
      means.gradientNorm = Number((await this.update.run(scalars)).gradientNorm.data[0])
      this.checkFinite(means, step, step * accumulate - 1)
    }
    if (ema && step % ema.every === 0)
      await this.average?.run({ 'ema.take': this.scalar(emaTake(ema, step)) })
    return means
  }

  async release(): Promise<void> {
    for (const e of [this.batch, this.update, this.average]) await e?.release()
  }

  private scalar(value: number) {
    return this.options.parameters.dtype === 'float64' ? Float64Array.of(value) : Float32Array.of(value)
  }

  private checkFinite(means: Record<string, number>, step: number, batch: number): void {
    const bad = ['loss', 'gradientNorm'].find((name) => name in means && !Number.isFinite(means[name]))
    if (!bad) return
    const { data, accumulate } = this.options
    const first = bad === 'gradientNorm' ? (step - 1) * accumulate : batch
    const numbers = first === batch ? `batch ${batch}` : `batches ${first} to ${batch}`
    const described = first === batch && data.describe ? ` (${data.describe(batch)})` : ''
    const what = bad === 'loss' ? 'the loss' : "the gradients' norm"
    throw new DataError(
      `step ${step}: ${what} became ${means[bad]} in ${numbers}${described}` +
        (bad === 'gradientNorm' && Number.isFinite(means.loss) ? `, where the loss is ${means.loss}` : ''),
    )
  }
}
