import fc from 'fast-check'
import { expect, it } from 'vitest'
import { address } from './address.ts'
import { fillWords, LANE } from './draws.ts'
import { fillIntegers } from './integers.ts'

it('are those of Lemire in exact integers, refused words included', () => {
  const from = address(11, 'integers')
  const n = 200
  const lanes = Array.from({ length: 64 }, (_, lane) =>
    fillWords(new Uint32Array(n), from, LANE.integers + lane),
  )
  const lemire = (i: number, range: bigint) => {
    for (const words of lanes) {
      const product = BigInt(words[i]) * range
      if ((product & 0xffffffffn) >= (1n << 32n) % range) return Number(product >> 32n)
    }
    throw new Error('sixty-four words refused')
  }
  const sizes = fc.oneof(
    fc.integer({ min: 1, max: 2 ** 32 }),
    fc.integer({ min: 1, max: 1000 }),
    fc.constantFrom(2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 3e9),
  )
  fc.assert(
    fc.property(sizes, (range) => {
      const drawn = fillIntegers(new Uint32Array(n), from, 0, range)
      expect([...drawn]).toEqual(Array.from(drawn, (_, i) => lemire(i, BigInt(range))))
    }),
    { numRuns: 200, seed: 4 },
  )
})
