import { type Address, address, type Seed } from './address.ts'
import { fillNormal, fillUniform } from './draws.ts'
import { choice, fillIntegers, permutation, shuffle } from './integers.ts'

/**
 * A named stream of random numbers, for example stream(seed, 'noise', case, candidate, step). It has no state:
 * the same call gives the same numbers, in any order and any process; other numbers come from another path or
 * another `offset`. See draws.ts and integers.ts for what each method draws.
 */
export interface Stream {
  readonly address: Address
  /** The stream of this path with more parts after it. */
  child(...path: (string | number)[]): Stream
  /** Uniform on [0, 1); element 0 of `out` is element `offset` of the stream. */
  uniform<T extends Float32Array | Float64Array>(out: T, offset?: number): T
  /** Standard normal. */
  normal<T extends Float32Array | Float64Array>(out: T, offset?: number): T
  /** Integers from `low` up to but not including `high`. */
  integers<T extends Int32Array | Uint32Array | Float64Array>(
    out: T,
    low: number,
    high: number,
    offset?: number,
  ): T
  /** The integers 0 .. n - 1 in random order. */
  permutation(n: number): Uint32Array
  /** `count` different integers of 0 .. n - 1: the beginning of permutation(n). */
  choice(n: number, count: number): Uint32Array
  /** Puts `items` in random order, in place. */
  shuffle<T>(items: T[]): T[]
}

/** The stream of a seed and a path. Throws ConfigError for a bad seed or part (see Seed, StreamPath). */
export function stream(seed: Seed, ...path: (string | number)[]): Stream {
  const at = address(seed, path)
  return {
    address: at,
    child: (...more) => stream(seed, ...path, ...more),
    uniform: (out, offset) => fillUniform(out, at, offset),
    normal: (out, offset) => fillNormal(out, at, offset),
    integers: (out, low, high, offset) => fillIntegers(out, at, low, high, offset),
    permutation: (n) => permutation(n, at),
    choice: (n, count) => choice(n, count, at),
    shuffle: (items) => shuffle(items, at),
  }
}
