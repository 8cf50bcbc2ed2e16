import {
  assemble,
  type Code,
  compile,
  get,
  i32,
  set,
  v128,
  type WasmFunction,
  type WasmMemory,
  whileLoop,
} from './wasm.ts'

/**
 * Undoing the byte and bit shuffles of Blosc 1 (F. Alted, blosc.org; K. Masui et al. 2015, arXiv 1503.00638),
 * 16 bytes at a time, in a WebAssembly memory. Shuffled elements of S bytes lie as S planes, one per byte of the
 * element; with the bit shuffle each plane lies as 8 rows, one per bit, element 0 in the lowest bit of byte 0.
 */
export interface Unshuffle {
  /** Planes to elements: `count` elements of `size` bytes from address `from` to `to`, all bytes beyond copied. */
  bytes(from: number, to: number, size: number, bytes: number): void
  /** Bit rows to planes; elements beyond a multiple of 8 are Blosc's business. `count` is a multiple of 8. */
  bits(from: number, to: number, size: number, count: number): void
}

const [from, to, rest, step] = [0, 1, 2, 3].map(get)
const firstVector = 4
const vectors = (first: number, n: number) => Array.from({ length: n }, (_, i) => firstVector + first + i)

const low = Array.from({ length: 16 }, (_, i) => (i >> 1) + 16 * (i & 1))
const high = low.map((lane) => lane + 8)

/**
 * n vectors seen as one row of 16 n bytes: byte i of vector v goes to place i n + v. Each of the log2 n rounds
 * interleaves the halves, which turns the binary address of every byte left by one place.
 */
function interleave(
  source: readonly number[],
  spare: readonly number[],
): { code: Code; result: readonly number[] } {
  const half = source.length / 2
  let [a, b] = [source, spare]
  const code: number[] = []
  for (let round = 1; round < source.length; round *= 2) {
    for (let i = 0; i < half; i++) {
      code.push(...set(b[2 * i], v128.shuffle(get(a[i]), get(a[i + half]), low)))
      code.push(...set(b[2 * i + 1], v128.shuffle(get(a[i]), get(a[i + half]), high)))
    }
    ;[a, b] = [b, a]
  }
  return { code, result: a }
}

/** Transposes the 8 x 8 bits (vector, bit) at every byte place (H. S. Warren, Hacker's Delight, section 7-3). */
function transposeBits(rows: readonly number[], spare: number): Code {
  const code: number[] = []
  for (const [shift, mask] of [[4, 0x0f], [2, 0x33], [1, 0x55]]) // biome-ignore format: a table
    for (let k = 0; k < 8; k++) {
      if (k & shift) continue
      const [a, b, t] = [get(rows[k]), get(rows[k + shift]), get(spare)]
      const differing = v128.and(v128.xor(v128.shiftRight(a, shift), b), v128.splat(mask))
      code.push(...set(spare, differing), ...set(rows[k + shift], v128.xor(b, t)))
      code.push(...set(rows[k], v128.xor(a, v128.shiftLeft(t, shift))))
    }
  return code
}

/** (from, to, rest, step): while rest >= 16, takes 16 bytes each of `n` rows that lie `step` apart. */
function kernel(n: number, bits: boolean): WasmFunction {
  const [rows, spare] = [vectors(1, n), vectors(1 + n, n)]
  // The address of the next row stands in the fifth parameter, which callers leave 0.
  const address = firstVector
  const loads = rows.flatMap((row) => [
    ...set(row, v128.load(get(address))),
    ...set(address, i32.add(get(address), step)),
  ])
  const { code, result } = interleave(rows, spare)
  return {
    parameters: 5,
    vectors: 2 * n,
    body: whileLoop(i32.lessOrEqual(i32.const(16), rest), [
      ...set(address, from),
      ...loads,
      ...(bits ? transposeBits(rows, spare[0]) : []),
      ...code,
      ...result.flatMap((vector, i) => v128.store(to, 16 * i, get(vector))),
      ...set(0, i32.add(from, i32.const(16))),
      ...set(1, i32.add(to, i32.const(16 * n))),
      ...set(2, i32.add(rest, i32.const(-16))),
    ]),
  }
}

type Kernel = (from: number, to: number, rest: number, step: number, zero: number) => void

const instantiate = compile(
  assemble({
    bits: kernel(8, true),
    bytes2: kernel(2, false),
    bytes4: kernel(4, false),
    bytes8: kernel(8, false),
  }),
)

/** The kernels over `memory`, which may grow between calls. */
export function unshuffleIn(memory: WasmMemory): Unshuffle {
  const kernels = instantiate(memory)
  const bitRows = kernels.bits as Kernel
  return {
    bits(from, to, size, count) {
      const row = count / 8
      const done = row - (row % 16)
      const heap = new Uint8Array(memory.buffer)
      for (let plane = 0; plane < size; plane++) {
        const [source, target] = [from + plane * count, to + plane * count]
        bitRows(source, target, row, row, 0)
        heap.fill(0, target + 8 * done, target + count)
        for (let i = done; i < row; i++)
          for (let bit = 0; bit < 8; bit++) {
            const byte = heap[source + bit * row + i]
            for (let m = 0; m < 8; m++) heap[target + 8 * i + m] |= ((byte >> m) & 1) << bit
          }
      }
    },
    bytes(from, to, size, bytes) {
      const count = Math.floor(bytes / size)
      const known = kernels[`bytes${size}`] as Kernel | undefined
      known?.(from, to, count, count, 0)
      const heap = new Uint8Array(memory.buffer)
      for (let i = known ? count - (count % 16) : 0; i < count; i++)
        for (let plane = 0; plane < size; plane++)
          heap[to + i * size + plane] = heap[from + plane * count + i]
      heap.copyWithin(to + count * size, from + count * size, from + bytes)
    },
  }
}
