import fc from 'fast-check'
import Blosc from 'numcodecs/blosc'
import Zstd from 'numcodecs/zstd'
import { beforeAll, describe, expect, it } from 'vitest'
import { FormatError } from '../../base/errors.ts'
import { fuzzRuns } from '../../base/testing.ts'
import { mutate, mutations } from '../testing/mutation.ts'
import { bloscHeader, bloscInto, isPlainBlosc } from './blosc.ts'
import { unshuffleIn } from './shuffle.ts'
import { startZstd, workspace, zstd, zstdInto } from './zstd.ts'

beforeAll(startZstd)

/** Bytes with structure: a codec finds something to do, and every bit occurs. */
function smooth(length: number): Uint8Array {
  const words = Uint32Array.from(
    { length: Math.ceil(length / 4) },
    (_, i) => (i * i * 2654435761) >>> (i % 29),
  )
  return new Uint8Array(words.buffer, 0, length)
}

/** `count` items of `size` bytes as planes of bytes. */
function planes(items: Uint8Array, size: number): Uint8Array {
  const count = items.length / size
  return Uint8Array.from(items, (_, at) => items[(at % count) * size + Math.floor(at / count)])
}

/** Planes as rows of bits: row 8 p + b holds bit b of plane p, the lowest bit first. */
function bitRows(bytes: Uint8Array, size: number): Uint8Array {
  const count = bytes.length / size
  const out = new Uint8Array(bytes.length)
  for (let plane = 0; plane < size; plane++)
    for (let i = 0; i < count; i++)
      for (let bit = 0; bit < 8; bit++) {
        const one = (bytes[plane * count + i] >> bit) & 1
        out[plane * count + bit * (count / 8) + (i >> 3)] |= one << (i & 7)
      }
  return out
}

describe('unshuffling undoes the definition', () => {
  const sizes = [1, 2, 3, 4, 8, 16]
  const within = (bytes: Uint8Array, work: (from: number, to: number) => void) => {
    const from = workspace(2 * bytes.length)
    new Uint8Array(zstd.memory.buffer).set(bytes, from)
    work(from, from + bytes.length)
    return new Uint8Array(zstd.memory.buffer).slice(from + bytes.length, from + 2 * bytes.length)
  }
  it.each(sizes)('of bytes, items of %d', (size) => {
    for (const count of [0, 1, 15, 16, 17, 31, 32, 128, 1000]) {
      const items = smooth(count * size)
      const back = within(planes(items, size), (from, to) =>
        unshuffleIn(zstd.memory).bytes(from, to, size, items.length),
      )
      expect(back).toEqual(items)
    }
  })
  it.each(sizes)('of bits, items of %d', (size) => {
    for (const count of [0, 8, 64, 120, 128, 136, 256, 1000]) {
      const items = smooth(count * size)
      const back = within(bitRows(items, size), (from, to) =>
        unshuffleIn(zstd.memory).bits(from, to, size, count),
      )
      expect(back).toEqual(items)
    }
  })
})

describe('Blosc', () => {
  const codec = (shuffle: number, blocksize: number, cname = 'zstd') =>
    Blosc.fromConfig({ id: 'blosc', cname, clevel: 5, shuffle, blocksize })

  it('decodes what c-blosc encodes, every shuffle, in one block and in many, whatever is left over', async () => {
    for (const shuffle of [0, 1, 2])
      for (const blocksize of [0, 512, 4096])
        for (const length of [0, 1, 7, 127, 128, 1000, 4096, 40_000, 100_003]) {
          const bytes = smooth(length)
          const encoded = await codec(shuffle, blocksize).encode(bytes)
          const header = bloscHeader(encoded)
          expect(isPlainBlosc(header)).toBe(true)
          const out = new Uint8Array(header.bytes)
          bloscInto(encoded, header, out)
          expect(Buffer.compare(out, bytes), `${shuffle} ${blocksize} ${length}`).toBe(0)
        }
  })

  it('leaves the other codecs to c-blosc', async () => {
    expect(isPlainBlosc(bloscHeader(await codec(1, 0, 'lz4').encode(smooth(40_000))))).toBe(false)
  })

  it('refuses damage, or decodes to as many bytes as its header says', async () => {
    const whole = new Uint8Array(await codec(2, 4096).encode(smooth(40_000)))
    let refused = 0
    fc.assert(
      fc.property(mutations, (list) => {
        const bytes = mutate(whole, list)
        try {
          const header = bloscHeader(bytes)
          if (header.bytes > 80_000 || !isPlainBlosc(header)) return
          bloscInto(bytes, header, new Uint8Array(header.bytes))
        } catch (error) {
          if (!(error instanceof FormatError)) throw error
          refused++
        }
      }),
      { numRuns: fuzzRuns },
    )
    expect(refused).toBeGreaterThan(fuzzRuns / 4)
    // The decoder is as good as before.
    const out = new Uint8Array(40_000)
    bloscInto(whole, bloscHeader(whole), out)
    expect(Buffer.compare(out, smooth(40_000))).toBe(0)
  })
})

describe('zstd', () => {
  it('decodes frames and refuses those that are damaged or of another size', async () => {
    const bytes = smooth(10_000)
    const frame = await Zstd.fromConfig({ id: 'zstd', level: 3 }).encode(bytes)
    const out = new Uint8Array(10_000)
    zstdInto(frame, out)
    expect(Buffer.compare(out, bytes)).toBe(0)
    expect(() => zstdInto(frame, new Uint8Array(9_999))).toThrow(FormatError)
    expect(() => zstdInto(frame, new Uint8Array(10_001))).toThrow('holds 10000 bytes instead of 10001')
    for (let cut = 0; cut < frame.length; cut += 97)
      expect(() => zstdInto(frame.subarray(0, cut), out)).toThrow(FormatError)
  })
})
