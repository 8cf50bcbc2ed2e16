import { ShapeError } from '../base/errors.ts'
import type { Address } from './address.ts'
import { fillWords, LANE } from './draws.ts'

/**
 * Whole numbers without bias: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019),
 * algorithm 5. The result is the high half of word x range; a word whose low half is below 2^32 mod range is
 * refused, and the element's next word is taken, which is the same element of the next lane: so a refusal moves
 * no other element. A word is refused with probability below 1/2, so 112 lanes never run out.
 */

/** Integers from `low` up to but not including `high`, at most 2^32 of them. Returns `out`. */
export function fillIntegers<T extends Int32Array | Uint32Array | Float64Array>(
  out: T,
  from: Address,
  low: number,
  high: number,
  offset = 0,
): T {
  const range = high - low
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || range < 1 || range > 2 ** 32)
    throw new ShapeError(`random integers need low < high, at most 2^32 apart, not [${low}, ${high})`)
  const [least, most] =
    out instanceof Int32Array
      ? [-(2 ** 31), 2 ** 31]
      : out instanceof Uint32Array
        ? [0, 2 ** 32]
        : [-(2 ** 53), 2 ** 53]
  if (low < least || high > most)
    throw new ShapeError(`integers of [${low}, ${high}) do not fit a ${out.constructor.name}`)
  const words = fillWords(new Uint32Array(out.length), from, LANE.integers, offset)
  for (let i = 0; i < out.length; i++)
    out[i] = low + integer(words[i], range, from, LANE.integers, offset + i)
  return out
}

/** The integers 0 .. n - 1 in random order. */
export function permutation(n: number, from: Address): Uint32Array {
  return choice(n, n, from)
}

/**
 * `count` different integers of 0 .. n - 1, in random order (Fisher and Yates, from the front): the first `count`
 * of the permutation of n, so a smaller choice is the beginning of a larger one.
 */
export function choice(n: number, count: number, from: Address): Uint32Array {
  if (!Number.isInteger(n) || n < 0 || n > 2 ** 32 || !Number.isInteger(count) || count < 0 || count > n)
    throw new ShapeError(`cannot choose ${count} different integers out of ${n}`)
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  shuffleFront(order, count, from)
  return order.slice(0, count)
}

/** Puts `items` in random order, in place: items[i] becomes items[permutation(n)[i]]. Returns `items`. */
export function shuffle<T>(items: T[], from: Address): T[] {
  shuffleFront(items, items.length, from)
  return items
}

function shuffleFront(items: unknown[] | Uint32Array, count: number, from: Address) {
  const list = items as unknown[]
  const words = fillWords(new Uint32Array(count), from, LANE.permutation)
  for (let i = 0; i < count; i++) {
    const j = i + integer(words[i], list.length - i, from, LANE.permutation, i)
    const item = list[i]
    list[i] = list[j]
    list[j] = item
  }
}

const again = new Uint32Array(1)

/** An integer of [0, range) from a word, and from the same element of the next lanes while words are refused. */
function integer(word: number, range: number, from: Address, lane: number, index: number): number {
  if (range === 2 ** 32) return word
  let low = Math.imul(word, range) >>> 0
  let accepted = word
  if (low < range) {
    const least = 2 ** 32 % range
    for (let next = lane + 1; low < least; next++) {
      accepted = fillWords(again, from, next, index)[0]
      low = Math.imul(accepted, range) >>> 0
    }
  }
  // word * range - low is a multiple of 2^32 that the rounding of the product, below 2^11, cannot move to another.
  return Math.round((accepted * range - low) * 2 ** -32)
}
