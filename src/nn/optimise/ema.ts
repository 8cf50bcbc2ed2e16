import { ConfigError } from '../../base/errors.ts'
import { compile, input } from '../../tensor/index.ts'
import type { Parameters } from '../parameters.ts'
import type { StepProgram } from './trainStep.ts'

/** An exponential moving average of the weights. */
export interface Ema {
  /** Share of the average that is kept per training step. */
  readonly decay: number
  /** The average is updated every so many steps, which costs less and changes little. */
  readonly every: number
}

/** @throws ConfigError for values out of range */
export function ema({ decay = 0.999, every = 1 }: Partial<Ema> = {}): Ema {
  if (!(decay >= 0 && decay < 1))
    throw new ConfigError(`EMA decay ${decay}: it must be at least 0 and below 1`)
  if (!Number.isInteger(every) || every < 1)
    throw new ConfigError(`EMA every ${every} steps: it must be a whole number of at least 1`)
  return { decay, every }
}

export const emaEntry = (name: string) => `ema.${name}`

/** The program E <- E + take (w - E) over all parameters; `ema.take` is fed. */
export function emaStep(parameters: Parameters): StepProgram {
  const take = input('ema.take', [], parameters.dtype)
  const outputs = [...parameters.tensors].map(([name, w]) => {
    const average = input(emaEntry(parameters.inputName(name)), w.shape, w.dtype)
    return [emaEntry(parameters.inputName(name)), average.add(w.sub(average).mul(take))] as const
  })
  return {
    program: compile(Object.fromEntries(outputs.map(([entry, t]) => [`next.${entry}`, t])), { name: 'ema' }),
    updates: Object.fromEntries(outputs.map(([entry]) => [`next.${entry}`, entry])),
  }
}

/**
 * Share of the weights that goes into the average after step `step`. Early on the average forgets faster, so that it
 * is not dominated by the initial weights: the decay of a step is at most (1 + step) / (10 + step), as in TensorFlow.
 */
export function emaTake({ decay, every }: Ema, step: number): number {
  return 1 - Math.min(decay, (1 + step) / (10 + step)) ** every
}
