import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashPath } from './address.ts'
import { philox4x32 } from './philox.ts'
import { stream } from './stream.ts'

const noise = stream(42, 'noise', 3, 1, 7)
const sha = (a: Float32Array | Float64Array | Int32Array | Uint32Array) =>
  createHash('sha256').update(new Uint8Array(a.buffer)).digest('hex').slice(0, 16)
const bits = (a: Float32Array | Float64Array) =>
  a instanceof Float32Array
    ? [...new Uint32Array(a.buffer)].map((b) => b.toString(16).padStart(8, '0'))
    : [...new BigUint64Array(a.buffer)].map((b) => b.toString(16).padStart(16, '0'))

it('draws sit at the documented place: path and seed hashed and keyed, kind and block counted', () => {
  // Three words (a string, of 3 bytes, and those bytes) with their number in front, absorbed as one block.
  const path = philox4x32([3, 1, 3, 0x636261], [0x67696c61, 0x61642d6e])
  const block = philox4x32([5, 1 << 24, path[0], path[1]], [42, 7])
  const [u] = stream(42n + (7n << 32n), 'abc').uniform(new Float64Array(1), 10)
  expect(u).toBe(Number((BigInt(block[0]) << 21n) + BigInt(block[1] >>> 11)) / 2 ** 53)
})

// Changing any of these values breaks every run that was made before: they are part of the format.
describe('pinned streams', () => {
  it('paths', () => {
    expect([hashPath([]), hashPath(['noise', 3, 1, 7]), hashPath([-1, 2 ** 40, 'é'])]).toMatchInlineSnapshot(`
      [
        [
          967090803,
          220585871,
        ],
        [
          3902486961,
          2118390130,
        ],
        [
          1442116585,
          458792015,
        ],
      ]
    `)
  })
  it('draws', () => {
    expect({
      uniform32: bits(noise.uniform(new Float32Array(4))),
      uniform64: bits(noise.uniform(new Float64Array(2))),
      normal32: bits(noise.normal(new Float32Array(4))),
      normal64: bits(noise.normal(new Float64Array(2))),
      far: bits(noise.normal(new Float32Array(2), 2 ** 52)),
      integers: [...noise.integers(new Int32Array(6), -10, 10)],
      wide: [...noise.integers(new Uint32Array(3), 0, 3e9)],
      permutation: [...noise.permutation(8)],
    }).toMatchInlineSnapshot(`
      {
        "far": [
          "3cd316fe",
          "3f1b5093",
        ],
        "integers": [
          2,
          -10,
          4,
          1,
          4,
          4,
        ],
        "normal32": [
          "3f50d5c7",
          "bf781177",
          "3e2cab2c",
          "bf257e66",
        ],
        "normal64": [
          "3ff58694134d8652",
          "bfd8e26f72cca760",
        ],
        "permutation": [
          7,
          5,
          0,
          3,
          6,
          2,
          4,
          1,
        ],
        "uniform32": [
          "3f728f77",
          "3f3b1624",
          "3f2f5dc0",
          "3e52266c",
        ],
        "uniform64": [
          "3fe002cc8ada269e",
          "3fe4e4bbe4f8d3f2",
        ],
        "wide": [
          1821664916,
          783194551,
          2120363264,
        ],
      }
    `)
  })
  it('a hundred thousand of each', () => {
    expect([
      sha(noise.uniform(new Float32Array(1e5))),
      sha(noise.uniform(new Float64Array(1e5))),
      sha(noise.normal(new Float32Array(1e5))),
      sha(noise.normal(new Float64Array(1e5))),
      sha(noise.integers(new Uint32Array(1e5), 0, 3e9)),
      sha(noise.permutation(1e5)),
    ]).toMatchInlineSnapshot(`
      [
        "cf9a1c3e0424b4af",
        "3a5d07e79fb4e73a",
        "ab7743bb13a8403f",
        "b1537d5db829d9ce",
        "cf696fccc8740d13",
        "35a76c1d9879eb91",
      ]
    `)
  })
})

describe('element i depends on seed, stream and i alone', () => {
  const draws = {
    uniform32: (n: number, at: number) => noise.uniform(new Float32Array(n), at),
    uniform64: (n: number, at: number) => noise.uniform(new Float64Array(n), at),
    normal32: (n: number, at: number) => noise.normal(new Float32Array(n), at),
    normal64: (n: number, at: number) => noise.normal(new Float64Array(n), at),
    // A third of the words is refused and drawn again.
    integers: (n: number, at: number) => noise.integers(new Uint32Array(n), 0, 3e9, at),
  }
  it.each(Object.entries(draws))('%s: the whole is its parts, in any order', (_, draw) => {
    fc.assert(
      fc.property(
        // The second start crosses the end of the counter's first word.
        fc.constantFrom(0, 2 ** 34 - 1500, 2 ** 33 - 1500),
        fc.integer({ min: 0, max: 3000 }),
        fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 5 }),
        (start, n, cuts) => {
          const edges = [0, ...cuts.filter((c) => c < n).sort((a, b) => a - b), n]
          const parts = edges
            .slice(1)
            .map((end, i) => ({ end, at: edges[i] }))
            .reverse()
            .map(({ end, at }) => [...draw(end - at, start + at)])
          expect(parts.reverse().flat()).toEqual([...draw(n, start)])
        },
      ),
      { numRuns: 60, seed: 2 },
    )
  })
})

describe('streams', () => {
  const first = (s: ReturnType<typeof stream>) => bits(s.normal(new Float64Array(2))).join()
  it('are apart when seed or path differ in anything', () => {
    const all = [
      stream(0),
      stream(1),
      stream(2n ** 32n),
      stream(2n ** 63n),
      stream(0, 0),
      stream(0, 0, 0),
      stream(0, '0'),
      stream(0, ''),
      stream(0, 'a', 'b'),
      stream(0, 'ab'),
      stream(0, 'a\0'),
      stream(0, 'a'),
      stream(0, 1, 2),
      stream(0, 2, 1),
      stream(0, -1),
      stream(0, 2 ** 32),
      stream(0, 2 ** 32 - 1),
    ].map(first)
    expect(new Set(all).size).toBe(all.length)
  })
  it('are the same when named the same way', () => {
    expect(first(stream(5n, 'a', 1).child(2))).toBe(first(stream(5, 'a', 1, 2)))
    expect(first(stream(5, -0))).toBe(first(stream(5, 0)))
  })
  it('have no twins among two hundred thousand neighbouring paths', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 200; i++)
      for (let j = 0; j < 1000; j++) {
        const [low, high] = hashPath(['noise', i, j])
        seen.add(low * 2 ** 21 + (high >>> 11))
      }
    expect(seen.size).toBe(200_000)
  })
  it.each([-1, 0.5, Number.NaN, 2 ** 53, 2n ** 64n, -1n])('refuse the seed %s', (seed) => {
    expect(() => stream(seed)).toThrow('a seed is an integer from 0')
  })
  it('refuse paths and ranges that cannot be meant', () => {
    expect(() => stream(0, 0.5)).toThrow('only integers and strings')
    expect(() => stream(0, '\ud800')).toThrow('not valid Unicode')
    expect(() => noise.uniform(new Float32Array(1), -1)).toThrow('integer offset')
    expect(() => noise.integers(new Int32Array(1), 3, 3)).toThrow('low < high')
    expect(() => noise.integers(new Int32Array(1), 0, 2 ** 32)).toThrow('do not fit a Int32Array')
    expect(() => noise.choice(3, 4)).toThrow('cannot choose 4')
  })
})

describe('permutations', () => {
  it('hold every integer once, and begin with every smaller choice', () => {
    const order = noise.permutation(1000)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    expect([...noise.choice(1000, 37)]).toEqual([...order.slice(0, 37)])
    const items = Array.from({ length: 1000 }, (_, i) => `item ${i}`)
    expect(noise.shuffle([...items])).toEqual([...order].map((i) => items[i]))
    expect(noise.permutation(0)).toHaveLength(0)
  })
})
