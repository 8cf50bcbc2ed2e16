import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AlignDaError } from '../../base/errors.ts'
import { fuzzRuns } from '../../base/testing.ts'
import { mutate, mutations } from '../testing/mutation.ts'
import { messagesIn } from './framing.ts'
import { decodePrepbufr } from './prepbufr.ts'
import { fixture } from './testing/files.ts'

/** A whole small file: the dictionary and one data message. */
function small(name: string): Uint8Array {
  const parts = [...messagesIn(fixture(name))].map((m) => m.bytes)
  const data = parts.findIndex((_, i) => i === parts.length - 1)
  return Uint8Array.from(
    Buffer.concat([...parts.slice(0, data - 1).filter((p) => p[16] === 11), parts[data]]),
  )
}
const files = [small('adpupa.prepbufr.gz'), small('adpsfc.prepbufr.gz')]

it('damaged files give observations or a plain error, quickly', () => {
  let [refused, read] = [0, 0]
  fc.assert(
    fc.property(fc.nat(files.length - 1), mutations, (file, list) => {
      const bytes = mutate(files[file], list)
      // The CPU's clock: a busy machine only makes the tests late.
      const start = process.cpuUsage()
      try {
        // Eight bits hold at most a handful of rows: whatever counts say, the table stays in proportion.
        expect(decodePrepbufr(bytes).length).toBeLessThan(4 * bytes.length)
        read++
      } catch (error) {
        if (!(error instanceof AlignDaError)) throw error
        refused++
      }
      const { user, system } = process.cpuUsage(start)
      expect((user + system) / 1e6).toBeLessThan(5)
    }),
    { numRuns: fuzzRuns },
  )
  expect(refused + read).toBeGreaterThan(0)
}, 3_600_000)

it('bytes that are no file at all are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const start = Buffer.from('BUFR')
      expect(() => decodePrepbufr(bytes)).toThrow(AlignDaError)
      expect(() => decodePrepbufr(Uint8Array.from([...start, ...bytes]))).toThrow(AlignDaError)
    }),
    { numRuns: fuzzRuns },
  )
}, 3_600_000)
