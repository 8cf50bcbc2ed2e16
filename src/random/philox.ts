/**
 * Philox4x32-10, a counter-based generator: a bijection of 128-bit counters, chosen by a 64-bit key.
 * Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
 * It passes BigCrush, and any block can be had without the blocks before it.
 */

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const M0_LOW = M0 & 0xffff
const M0_HIGH = M0 >>> 16
const M1_LOW = M1 & 0xffff
const M1_HIGH = M1 >>> 16
const WEYL0 = 0x9e3779b9 | 0
const WEYL1 = 0xbb67ae85 | 0

/**
 * Fills `words` with the first `blocks` blocks of four words each: block b is Philox of the counter
 * (c0 + b, c1, c2, c3) under the key (k0, k1). All arguments are 32-bit words, signed or not; c0 + b must not pass
 * 2^32 (callers split there, so that the inner loop carries nothing).
 *
 * The high half of a 32 x 32-bit product is summed from 16-bit pieces: every piece fits 32 bits, so the whole
 * function compiles to integer arithmetic and allocates nothing.
 */
export function philoxBlocks(
  words: Uint32Array,
  blocks: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let b = 0; b < blocks; b++) {
    let x0 = (c0 + b) | 0
    let x1 = c1 | 0
    let x2 = c2 | 0
    let x3 = c3 | 0
    let key0 = k0 | 0
    let key1 = k1 | 0
    for (let round = 0; round < 10; round++) {
      const a = x0 & 0xffff
      const A = x0 >>> 16
      const c = x2 & 0xffff
      const C = x2 >>> 16
      const t = (Math.imul(M0_HIGH, a) + (Math.imul(M0_LOW, a) >>> 16)) | 0
      const u = (Math.imul(M1_HIGH, c) + (Math.imul(M1_LOW, c) >>> 16)) | 0
      const v = (Math.imul(M0_LOW, A) + (t & 0xffff)) | 0
      const w = (Math.imul(M1_LOW, C) + (u & 0xffff)) | 0
      const high0 = (Math.imul(M0_HIGH, A) + (t >>> 16) + (v >>> 16)) | 0
      const high1 = (Math.imul(M1_HIGH, C) + (u >>> 16) + (w >>> 16)) | 0
      const low0 = Math.imul(M0, x0)
      const low1 = Math.imul(M1, x2)
      x0 = high1 ^ x1 ^ key0
      x2 = high0 ^ x3 ^ key1
      x1 = low1
      x3 = low0
      key0 = (key0 + WEYL0) | 0
      key1 = (key1 + WEYL1) | 0
    }
    const at = 4 * b
    words[at] = x0
    words[at + 1] = x1
    words[at + 2] = x2
    words[at + 3] = x3
  }
}

/** One block: the four 32-bit words of Philox4x32-10 for a counter of four words and a key of two. */
export function philox4x32(
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  philoxBlocks(out, 1, counter[0], counter[1], counter[2], counter[3], key[0], key[1])
  return out
}
