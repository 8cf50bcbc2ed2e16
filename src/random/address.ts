import { ConfigError } from '../base/errors.ts'
import { philox4x32 } from './philox.ts'

/** A 64-bit seed: an integer from 0 to 2^53 - 1, or a bigint from 0 to 2^64 - 1. */
export type Seed = number | bigint

/**
 * Names a stream: an integer, a string, or a path of them such as ['noise', case, candidate, step].
 * A lone part is the path of that one part; 1 and '1' are different parts.
 */
export type StreamPath = string | number | readonly (string | number)[]

/** Where a stream lies in Philox: the key is the seed, the upper half of the counter is the hashed path. */
export interface Address {
  readonly key: readonly [number, number]
  readonly path: readonly [number, number]
}

/** The address of a stream. Throws ConfigError for a seed or a part that is not as described above. */
export function address(seed: Seed, stream: StreamPath): Address {
  return { key: seedWords(seed), path: hashPath(typeof stream === 'object' ? stream : [stream]) }
}

/** The seed as two 32-bit words, low first. */
export function seedWords(seed: Seed): [number, number] {
  const big = typeof seed === 'bigint' ? seed : Number.isSafeInteger(seed) ? BigInt(seed) : -1n
  if (big < 0n || big >= 1n << 64n)
    throw new ConfigError(
      `seed ${seed} cannot be used: a seed is an integer from 0 to 2^53 - 1, or a bigint below 2^64`,
    )
  return [Number(big & 0xffffffffn), Number(big >> 32n)]
}

/**
 * The stable 64-bit hash of a path: a CBC-MAC with Philox4x32-10 as the block function.
 *
 * The path is written as 32-bit words, and the number of those words is put in front (so that no message is the
 * beginning of another, which CBC-MAC needs). An integer is 0 and its two's complement, low word first; a string
 * is 1, its length in bytes of UTF-8, and those bytes, four to a word, the first in the lowest eight bits, zeros
 * after the last. From a state of four zeros, each four words (zeros after the last) are XORed into the state,
 * which is then replaced by its Philox block under the key of the bytes 'align-da'. The hash is the first two
 * words. Among a million streams of one seed two coincide with probability 3e-8.
 */
export function hashPath(path: readonly (string | number)[]): [number, number] {
  const message = [0]
  for (const part of path) {
    if (typeof part === 'number') appendInteger(message, part)
    else appendString(message, part)
  }
  message[0] = message.length - 1
  const state = new Uint32Array(4)
  for (let at = 0; at < message.length; at += 4) {
    for (let i = 0; i < 4; i++) state[i] ^= message[at + i] ?? 0
    philox4x32(state, HASH_KEY, state)
  }
  return [state[0], state[1]]
}

const HASH_KEY = [0x67696c61, 0x61642d6e]
const utf8 = new TextEncoder()

function appendInteger(message: number[], part: number) {
  if (!Number.isSafeInteger(part))
    throw new ConfigError(`${part} cannot be part of a random stream's path: only integers and strings can`)
  message.push(0, part >>> 0, Math.floor(part / 2 ** 32) >>> 0)
}

function appendString(message: number[], part: string) {
  if (/\p{Surrogate}/u.test(part))
    throw new ConfigError(
      `${JSON.stringify(part)} cannot be part of a random stream's path: not valid Unicode`,
    )
  const bytes = utf8.encode(part)
  message.push(1, bytes.length)
  for (let at = 0; at < bytes.length; at += 4)
    message.push(
      (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0,
    )
}
