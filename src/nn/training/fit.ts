import { ConfigError, DataError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import type { Seed } from '../../random/address.ts'
import type { Runtime } from '../../tensor/index.ts'
import { adamw } from '../optimise/adamw.ts'
import { type Ema, ema } from '../optimise/ema.ts'
import { learningRate, type Schedule, schedule } from '../optimise/schedule.ts'
import { type TrainStepOptions, trainStep } from '../optimise/trainStep.ts'
import type { Parameters } from '../parameters.ts'
import type { Weights } from '../weights.ts'
import type { Progressed } from './checkpoint.ts'
import type { DataSource } from './data.ts'
import { Interruption } from './interruption.ts'
import { RunFolder } from './runFolder.ts'
import { TrainingState } from './state.ts'
import { Stepper } from './stepper.ts'
import { type Validation, Validator } from './validation.ts'

/** Data, length, rate and validation of a training. */
export interface FitOptions extends TrainStepOptions {
  runtime: Runtime
  data: DataSource
  /** Updates of the weights. */
  steps: number
  seed: Seed
  /** Weights to begin from instead of random ones. */
  initial?: Weights
  /** The learning rate, or a schedule with warm-up and cosine decay over `steps`. */
  rate: number | (Partial<Schedule> & { rate: number })
  ema?: Partial<Ema>
  validation?: Validation
  /** Other networks in the loss; they stay as they are unless refreshed. */
  frozen?: readonly Frozen[]
  /** What the network is beyond the shapes of its parameters; a checkpoint of another is refused. */
  architecture?: unknown
  /**
   * Folder of the run: checkpoint.safetensors, metrics.jsonl, best.safetensors with validation, and at the end
   * weights.safetensors. A checkpoint that is there is gone on from. Nothing is saved without a folder.
   */
  folder?: string
  /** Steps from one checkpoint to the next. */
  checkpointEvery?: number
  /** Steps from one line of metrics, the means over these steps, to the next. */
  logEvery?: number
  /** Name in the progress line. */
  label?: string
  /** Stops after the current step with a checkpoint. Without a signal Ctrl-C does so and exits with 130. */
  signal?: AbortSignal
}

/** A network that is not trained, and its values. */
export interface Frozen {
  parameters: Parameters
  weights: Weights
  /** Takes over the trained weights, which are then like its own, every so many steps. */
  refreshEvery?: number
}

/** How a training ended. */
export interface FitResult {
  /** Finished steps. */
  step: number
  /** What to use: of the best validation, else the moving average, else the last weights. */
  weights: Weights
  /** The smallest validation loss, or criterion, and its step. */
  best?: { loss: number; step: number }
  stopped: 'finished' | 'early' | 'aborted'
}

/**
 * Trains until `steps` are done, validation stops it, or it is interrupted. A run that was killed at any moment and is
 * called again with the same options ends with the same bits as one that was not, on the same machine: the step
 * number is all that its order of data, noise and learning rate depend on.
 *
 * @throws DataError when the loss or a gradient is not finite; the last checkpoint stays
 * @throws ShapeError, FormatError or ConfigError for a checkpoint that does not fit, see loadCheckpoint
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  const { runtime, parameters, steps, seed, validation, accumulate = 1, clip = 1 } = options
  const { checkpointEvery = 500, logEvery = 10, frozen = [] } = options
  const refreshed = frozen.filter((other) => other.refreshEvery !== undefined)
  const refreshEvery = refreshed.map((other) => other.refreshEvery as number)
  for (const [name, n] of [
    ...Object.entries({ steps, checkpointEvery, logEvery }),
    ...refreshEvery.map((n) => ['refreshEvery', n] as const),
  ])
    if (!Number.isInteger(n) || n < 1)
      throw new ConfigError(`${name} is ${n}; it must be a whole number of at least 1`)
  const given = typeof options.rate === 'number' ? { rate: options.rate, steps: Infinity } : options.rate
  const plan = schedule({ steps, ...given })
  const average = options.ema && ema(options.ema)
  const programs = trainStep(options)
  const store = await runtime.createStore()
  const state = new TrainingState(runtime, store, parameters, programs, Boolean(average), refreshed)
  const { folder, found } = await RunFolder.open(options.folder, state.specs, {
    architecture: options.architecture,
    settings: {
      seed: String(seed),
      optimiser: adamw(options.optimiser),
      plan,
      clip,
      accumulate,
      ema: average,
      ...(refreshEvery.length && { refreshEvery }),
    },
  })
  const now: Changing<Progressed> = found?.progressed ?? { step: 0, running: {}, stoppedEarly: false }
  for (const other of frozen) await store.put(other.parameters.feeds(other.weights))
  if (found) await state.restore(found.tensors)
  else await state.begin(options.initial ?? parameters.initialise(seed))

  const stepper = await Stepper.load({
    ...{ runtime, store, parameters, programs, accumulate, steps },
    ...{ data: options.data, schedule: plan, ema: average, from: now.step },
  })
  const validator =
    validation &&
    (await Validator.load(runtime, store, parameters, options.loss, validation, Boolean(average)))
  const interruption = new Interruption(options.signal)
  const bar = progress(options.label ?? 'training', steps)
  const save = () => folder.save(now, () => state.snapshot())

  const validate = async () => {
    if (!validator || !validation || now.step % validation.every) return
    const scores = await validator.scores(now.step, () => state.weights())
    await folder.log({ step: now.step, validation: scores })
    const loss = validation.criterion ? validation.criterion(scores) : scores.loss
    if (!(loss >= (now.best?.loss ?? Infinity))) {
      now.best = { loss, step: now.step }
      await folder.saveBest(await state.weights(), now.step)
    }
    const waited = (now.step - (now.best?.step ?? 0)) / validation.every
    now.stoppedEarly = waited >= (validation.patience ?? Infinity)
  }

  try {
    if (!found && validation?.atStart) await validate()
    while (now.step < steps && !now.stoppedEarly && !interruption.requested) {
      const means = await stepper.run(now.step + 1)
      now.step++
      for (const [name, v] of Object.entries(means)) now.running[name] = (now.running[name] ?? 0) + v
      if (now.step % logEvery === 0 || now.step === steps) {
        const count = now.step % logEvery || logEvery
        const line = Object.fromEntries(Object.entries(now.running).map(([name, v]) => [name, v / count]))
        await folder.log({ step: now.step, ...line, rate: learningRate(plan, now.step) })
        now.running = {}
      }
      bar.update(now.step, `loss ${means.loss.toPrecision(4)}`)
      for (const other of refreshed)
        if (now.step % (other.refreshEvery as number) === 0) await state.refresh(other.parameters)
      await validate()
      if (now.step % checkpointEvery === 0) await save()
    }
    await save()
    const stopped = now.stoppedEarly ? 'early' : now.step < steps ? 'aborted' : 'finished'
    if (stopped === 'aborted') {
      const where = `stopped after step ${now.step} of ${steps}; ${folder.lastGood}`
      process.stderr.write(`\n${where}${folder.path ? '; the same command goes on from there' : ''}\n`)
      if (interruption.byUser) process.exit(130)
    } else bar.end(stopped === 'early' ? `stopped early after step ${now.step}` : '')
    const weights = now.best ? await folder.loadBest() : await state.weights()
    if (stopped !== 'aborted') await folder.saveResult(weights, now.best?.step ?? now.step)
    // Pressed during the last step: what would follow this training must not begin.
    if (interruption.byUser) process.exit(130)
    return { step: now.step, weights, ...(now.best && { best: now.best }), stopped }
  } catch (error) {
    if (error instanceof DataError) error.message += `; ${folder.lastGood}`
    throw error
  } finally {
    interruption.end()
    await folder.close()
    await stepper.release()
    await validator?.release()
    await store.release()
  }
}

type Changing<T> = { -readonly [K in keyof T]: T[K] }
