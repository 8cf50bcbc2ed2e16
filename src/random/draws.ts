import { ShapeError } from '../base/errors.ts'
import type { Address } from './address.ts'
import { normals32, normals64 } from './boxmuller.ts'
import { philoxBlocks } from './philox.ts'

/**
 * Draws that fill an array. Element i of a stream depends on (seed, stream, i) and the kind of draw alone:
 * `offset` is the i of the array's first element, so filling [0, n) equals filling any pieces of it, in any order
 * and any process.
 *
 * Philox counter: words 2 and 3 are the stream; words 0 and 1 are the block, an integer below 2^56, with the kind
 * ("lane") in the top eight bits of word 1. Kinds never share a block, so a normal and a uniform of one stream are
 * independent; so are the single- and the double-precision draws, which are different numbers.
 */
export const LANE = {
  uniform32: 0,
  uniform64: 1,
  normal32: 2,
  normal64: 3,
  integers: 16,
  permutation: 128,
} as const

/** Uniform on [0, 1): multiples of 2^-24 in single, of 2^-53 in double precision. Returns `out`. */
export function fillUniform<T extends Float32Array | Float64Array>(out: T, from: Address, offset = 0): T {
  if (out instanceof Float32Array) fill(out, from, LANE.uniform32, 4, offset, uniforms32)
  else fill(out as Float64Array, from, LANE.uniform64, 2, offset, uniforms64)
  return out
}

/** Standard normal, by Box and Muller's method; elements 2j and 2j + 1 are made together. Returns `out`. */
export function fillNormal<T extends Float32Array | Float64Array>(out: T, from: Address, offset = 0): T {
  if (out instanceof Float32Array) fill(out, from, LANE.normal32, 4, offset, normals32)
  else fill(out as Float64Array, from, LANE.normal64, 2, offset, normals64)
  return out
}

/** `out` filled with 32-bit words of one lane, one word an element. */
export function fillWords(out: Uint32Array, from: Address, lane: number, offset = 0): Uint32Array {
  fill(out, from, lane, 4, offset, copyWords)
  return out
}

const CHUNK = 256
const words = new Uint32Array(4 * CHUNK)

/**
 * Fills `out` by a kernel that turns whole blocks of words into `per` elements each: a chunk at a time straight
 * into `out`, and the cut blocks at either end by way of a small array.
 */
function fill<T extends Float32Array | Float64Array | Uint32Array>(
  out: T,
  from: Address,
  lane: number,
  per: number,
  offset: number,
  kernel: (words: Uint32Array, blocks: number, out: T, at: number) => void,
): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(offset + out.length))
    throw new ShapeError(`random draws start at an integer offset from 0 to 2^53 - 1, not at ${offset}`)
  let at = 0
  while (at < out.length) {
    const block = Math.floor((offset + at) / per)
    const skip = offset + at - block * per
    const left = out.length - at
    const low = block >>> 0
    const high = Math.floor(block / 2 ** 32)
    // A chunk ends where word 0 of the counter is full.
    const blocks = Math.min(CHUNK, 2 ** 32 - low, skip ? 1 : Math.max(1, Math.floor(left / per)))
    philoxBlocks(
      words,
      blocks,
      low,
      (lane << 24) | high,
      from.path[0],
      from.path[1],
      from.key[0],
      from.key[1],
    )
    if (skip || left < per) {
      const cut = new (out.constructor as new (length: number) => T)(per)
      kernel(words, 1, cut, 0)
      const taken = cut.subarray(skip, skip + left)
      out.set(taken, at)
      at += taken.length
    } else {
      kernel(words, blocks, out, at)
      at += blocks * per
    }
  }
}

function uniforms32(words: Uint32Array, blocks: number, out: Float32Array, at: number) {
  for (let i = 0; i < 4 * blocks; i++) out[at + i] = (words[i] >>> 8) * 2 ** -24
}

function uniforms64(words: Uint32Array, blocks: number, out: Float64Array, at: number) {
  for (let i = 0; i < 2 * blocks; i++)
    out[at + i] = (words[2 * i] * 2 ** 21 + (words[2 * i + 1] >>> 11)) * 2 ** -53
}

function copyWords(words: Uint32Array, blocks: number, out: Uint32Array, at: number) {
  for (let i = 0; i < 4 * blocks; i++) out[at + i] = words[i]
}
