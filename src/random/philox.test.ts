import fc from 'fast-check'
import { expect, it } from 'vitest'
import { philox4x32, philoxBlocks } from './philox.ts'

// The known-answer vectors of Random123 1.14 (tests/kat_vectors, philox4x32 10).
it.each([
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
])('Philox of %s under %s is %s', (counter, key, answer) => {
  const words = (text: string) => text.split(' ').map((w) => Number.parseInt(w, 16))
  expect([...philox4x32(words(counter), words(key))]).toEqual(words(answer))
})

/** Philox4x32-10 in the notation of the paper, with exact integers. */
function textbook(counter: number[], key: number[]): number[] {
  let [l0, r0, l1, r1] = counter.map(BigInt)
  let [k0, k1] = key.map(BigInt)
  const word = 0xffffffffn
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * l0
    const p1 = 0xcd9e8d57n * l1
    ;[l0, r0, l1, r1] = [(p1 >> 32n) ^ r0 ^ k0, p1 & word, (p0 >> 32n) ^ r1 ^ k1, p0 & word]
    k0 = (k0 + 0x9e3779b9n) & word
    k1 = (k1 + 0xbb67ae85n) & word
  }
  return [l0, r0, l1, r1].map(Number)
}

it('equals the textbook in exact integers for any counter and key', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff })
  fc.assert(
    fc.property(fc.array(word, { minLength: 6, maxLength: 6 }), (w) => {
      const counter = w.slice(0, 4)
      expect([...philox4x32(counter, w.slice(4))]).toEqual(textbook(counter, w.slice(4)))
    }),
    { numRuns: 2000, seed: 1 },
  )
})

it('counts blocks in the first word', () => {
  const words = new Uint32Array(12)
  philoxBlocks(words, 3, 0xfffffffd, 5, 6, 7, 8, 9)
  for (let b = 0; b < 3; b++)
    expect([...words.slice(4 * b, 4 * b + 4)]).toEqual(textbook([0xfffffffd + b, 5, 6, 7], [8, 9]))
})
