import { freemem } from 'node:os'
import { ConfigError } from '../base/errors.ts'
import type { LatentStatistics } from '../prior/index.ts'

/** Bytes that this process may still use. */
export function availableMemory(): number {
  return typeof process.availableMemory === 'function' ? process.availableMemory() : freemem()
}

/** What an analysis needs, in bytes. */
export interface MemoryNeed {
  readonly perMember: number
  /** Of a member while it is computed, and how many are at a time: all by default. */
  readonly working?: number
  readonly batch?: number
  /** Whatever the number of members. */
  readonly fixed?: number
}

/**
 * @throws ConfigError when an analysis of so many members is estimated to need more bytes than there are, with
 * how many members would fit
 */
export function refuseBeyondMemory(members: number, need: MemoryNeed & { available?: number }): void {
  const { perMember, working = 0, batch = Number.POSITIVE_INFINITY, fixed = 0 } = need
  const { available = availableMemory() } = need
  const needed = fixed + perMember * members + working * Math.min(batch, members)
  if (needed <= available) return
  const left = available - fixed
  const few = Math.floor(left / (perMember + working))
  const fit = few < batch ? Math.max(0, few) : Math.floor((left - working * batch) / perMember)
  throw new ConfigError(
    `${members} members need about ${size(needed)} of memory and ${size(available)} are available: ${
      fit > 0 ? `ask for at most ${fit}` : 'not even one fits'
    }`,
  )
}

/** What the program of an analysis holds, in numbers of four bytes. */
export interface ProgramSize {
  /** Of a state and a latent. */
  readonly state: number
  readonly latent: number
  /** Inputs of a member: noises and random numbers, which are large for methods that perturb observations at each step. */
  readonly inputs: number
  /** Inputs that members share, and what is written into the program: matrices of the increments. */
  readonly shared?: number
  readonly constants: number
  /** Whether it goes through decoder and H. */
  readonly guided: boolean
}

/**
 * The need of a program on the CPU. Inputs are held twice, as drawn and as handed over; constants in the graph, in the
 * ONNX file and by the thread that loads it, about five times. The session takes 50 MB. The rest are results that wait
 * for later operations: of a guided member twelve states and 75 latents, of a free one two and 25. These numbers come from
 * growths of the peak resident size in analyses with 79,872 numbers a state and 16,384 a latent, which memory.test.ts
 * lists; the estimates are 0.84 to 1.32 times as large.
 */
export function programNeed({
  state,
  latent,
  inputs,
  shared = 0,
  constants,
  guided,
}: ProgramSize): MemoryNeed {
  return {
    perMember: 4 * (3 * state + 2 * latent),
    working: 4 * ((guided ? 12 : 2) * state + (guided ? 75 : 25) * latent + 2 * inputs),
    fixed: 50e6 + 4 * (5 * constants + 2 * shared),
  }
}

/** Numbers that the change of variables writes into a program: matrices of rows, and those of wavenumbers unpacked. */
export function constantsOf({ increment, coupling }: LatentStatistics): number {
  return increment.length + (coupling ? 2 * (coupling.coupled.length + coupling.rest.length) : 0)
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
