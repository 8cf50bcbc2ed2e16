import { ConfigError } from '../../base/errors.ts'
import {
  compile,
  type Feeds,
  grad,
  type HostTensor,
  input,
  type Program,
  type Tensor,
} from '../../tensor/index.ts'
import { convert } from '../../tensor/ops/source.ts'
import { shapeError, show, sizeOf } from '../../tensor/shape.ts'
import type { Parameters } from '../parameters.ts'
import { type AdamW, adamw, adamwScalars, adamwUpdate } from './adamw.ts'
import { clipFactor, globalNorm } from './clip.ts'

/** A program that changes a store: outputs that replace entries, by entry. The others are returned. */
export interface StepProgram {
  readonly program: Program
  readonly updates: Readonly<Record<string, string>>
}

/** What a step of training minimises, and how. */
export interface TrainStepOptions {
  parameters: Parameters
  /** A scalar, the mean over the batch. */
  loss: Tensor
  /** Scalars that are reported beside the loss. */
  metrics?: Readonly<Record<string, Tensor>>
  optimiser?: Partial<AdamW>
  /** Largest global norm of the gradients; larger ones are scaled down. Infinity does not clip. */
  clip?: number
  /** Batches whose gradients are averaged for one update. */
  accumulate?: number
  /** Which parameters are trained, by name; all by default. */
  trainable?: (name: string) => boolean
}

/** The programs of a step of training. */
export interface TrainStep {
  /**
   * Returns `loss` and the metrics. Without accumulation it is the whole step and also returns `gradientNorm` (before
   * clipping) and takes `scalars`; with accumulation it adds to gradient sums and takes `accumulation(i)`.
   */
  readonly batch: StepProgram
  /** With accumulation, the update from the sums: takes `scalars`, returns `gradientNorm`. */
  readonly update: StepProgram | undefined
  /** The optimiser's state before the first step, to be put in the store beside the weights. */
  state(): Record<string, HostTensor>
  /** Names of the entries in `state` that have to be kept to go on later. */
  readonly kept: readonly string[]
  /** Feeds of update `step`, counted from 1, at a learning rate. */
  scalars(rate: number, step: number): Feeds
  /** Feeds of the i-th batch of an update, counted from 0. */
  accumulation(i: number): Feeds
}

/** Builds the programs of a training step. Throws ShapeError when the loss or a metric is not a scalar. */
export function trainStep({
  parameters,
  loss,
  metrics = {},
  clip = 1,
  accumulate = 1,
  trainable = () => true,
  ...options
}: TrainStepOptions): TrainStep {
  const optimiser = adamw(options.optimiser)
  if (!(clip > 0)) throw new ConfigError(`gradients clipped at ${clip}: the limit must be positive`)
  if (!Number.isInteger(accumulate) || accumulate < 1)
    throw new ConfigError(`accumulation of ${accumulate} batches: it must be a whole number of at least 1`)
  for (const [name, t] of Object.entries({ loss, ...metrics }))
    if (t.size !== 1)
      throw shapeError('trainStep', `${name} has shape ${show(t.shape)} instead of one number`)
  for (const taken of ['loss', 'gradientNorm'])
    if (taken in metrics) throw new ConfigError(`a metric cannot be named ${taken}`)
  const { dtype } = parameters
  const specs = parameters.specs.filter((s) => trainable(s.name))
  if (specs.length === 0) throw new ConfigError('no parameter is trainable')
  const weights = specs.map((s) => parameters.tensors.get(s.name) as Tensor)
  const names = specs.map((s) => parameters.inputName(s.name))
  const entry = (kind: string) => names.map((name) => `${kind}.${name}`)
  const state = (kind: string) => entry(kind).map((name, i) => input(name, weights[i].shape, dtype))
  const scalar = (name: string) => input(name, [], dtype)
  const reported = { loss, ...metrics }

  const gradients = grad(loss, weights)
  const sums = accumulate > 1 ? state('sum') : gradients
  const norm = globalNorm(sums).mul(1 / accumulate)
  // One factor for the mean over batches and for clipping.
  const factor = clip === Infinity ? undefined : clipFactor(norm, clip).mul(1 / accumulate)
  const given = sums.map((g) => (factor ? g.mul(factor) : g.mul(1 / accumulate)))
  const scalars = { size: scalar('adamw.size'), epsilon: scalar('adamw.epsilon'), keep: scalar('adamw.keep') }
  const [moment1, moment2] = [state('moment1'), state('moment2')]
  const after = weights.map((weight, i) =>
    adamwUpdate(
      { weight, moment1: moment1[i], moment2: moment2[i] },
      given[i],
      optimiser,
      scalars,
      specs[i].decay,
    ),
  )
  const next = new Map<string, Tensor>()
  for (const [i, t] of after.entries()) {
    next.set(names[i], t.weight)
    next.set(`moment1.${names[i]}`, t.moment1)
    next.set(`moment2.${names[i]}`, t.moment2)
  }
  const keep = scalar('sum.keep')
  const summed = new Map(
    accumulate > 1 ? sums.map((s, i) => [`sum.${names[i]}`, s.mul(keep).add(gradients[i])]) : [],
  )
  const kinds = accumulate > 1 ? ['moment1', 'moment2', 'sum'] : ['moment1', 'moment2']
  const batch =
    accumulate > 1
      ? stepProgram('gradient', reported, summed)
      : stepProgram('train', { ...reported, gradientNorm: norm }, next)
  const update = accumulate > 1 ? stepProgram('update', { gradientNorm: norm }, next) : undefined
  // Without decay the program has no use for `keep`.
  const wanted = new Set((update ?? batch).program.inputs.map((signature) => signature.name))
  return {
    batch,
    update,
    state: () =>
      Object.fromEntries(
        kinds.flatMap((kind) =>
          entry(kind).map((name, i) => {
            const { shape } = weights[i]
            return [name, { dtype, shape, data: convert(new Float32Array(sizeOf(shape)), dtype) }]
          }),
        ),
      ),
    kept: [...entry('moment1'), ...entry('moment2')],
    scalars(rate, step) {
      const values = Object.entries(adamwScalars(optimiser, rate, step))
      const named = values.map(([name, v]) => [`adamw.${name}`, convert([v], dtype)] as const)
      return Object.fromEntries(named.filter(([name]) => wanted.has(name)))
    },
    accumulation(i): Feeds {
      return accumulate > 1 ? { 'sum.keep': convert([i === 0 ? 0 : 1], dtype) } : {}
    },
  }
}

function stepProgram(
  name: string,
  returned: Record<string, Tensor>,
  next: ReadonlyMap<string, Tensor>,
): StepProgram {
  const outputs = [...next].map(([entry, t]) => [`next.${entry}`, t] as const)
  return {
    program: compile({ ...returned, ...Object.fromEntries(outputs) }, { name }),
    updates: Object.fromEntries([...next.keys()].map((entry) => [`next.${entry}`, entry])),
  }
}
