import { snappyUncompress } from 'hyparquet'
import { snappyCompress } from 'hyparquet-writer/src/snappy.js'
import { expect, it } from 'vitest'
import { snappyDecode } from './snappy.ts'

it('undoes what another implementation packs, as another implementation does', () => {
  for (const length of [0, 1, 59, 60, 61, 300, 70_000, 200_000])
    for (const period of [1, 2, 7, 1000, 69_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => ((i % period) * 2_654_435_761) >>> 24)
      const packed = snappyCompress(bytes)
      const theirs = new Uint8Array(length)
      snappyUncompress(packed, theirs)
      expect(Buffer.compare(snappyDecode(packed, length), theirs)).toBe(0)
      expect(Buffer.compare(theirs, bytes)).toBe(0)
    }
})

it.each([
  [[], 0, /no length/],
  [[4, 0], 5, /4 bytes where 5 are needed/],
  [[5, 252, 255, 255, 255, 127, 1], 5, /a literal of 2147483648 bytes does not fit/],
  [[5, 0, 65, 1 | (1 << 2), 9], 5, /a copy of 5 bytes from 9 back does not fit/],
  [[5, 0, 65, 2 | (3 << 2), 1], 5, /cut short/],
  [[5, 0, 65], 5, /1 bytes came out/],
])('refuses %j', (bytes, length, message) => {
  expect(() => snappyDecode(Uint8Array.from(bytes), length)).toThrow(message)
})
