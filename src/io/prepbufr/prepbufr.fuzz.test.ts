import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AlignDaError } from '../../base/errors.ts'
import { fuzzRuns } from '../../base/testing.ts'
import { messagesIn } from './framing.ts'
import { decodePrepbufr } from './prepbufr.ts'
import { fixture } from './testing.ts'

/** A whole small file: the dictionary and one data message. */
function small(name: string): Uint8Array {
  const parts = [...messagesIn(fixture(name))].map((m) => m.bytes)
  const data = parts.findIndex((_, i) => i === parts.length - 1)
  return Uint8Array.from(
    Buffer.concat([...parts.slice(0, data - 1).filter((p) => p[16] === 11), parts[data]]),
  )
}
const files = [small('adpupa.prepbufr.gz'), small('adpsfc.prepbufr.gz')]

/** Bits flipped, bytes overwritten, a stretch cut out or doubled, the end cut off. */
const mutation = fc.oneof(
  fc.record({
    kind: fc.constant('flip' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bit: fc.nat(7),
  }),
  fc.record({
    kind: fc.constant('write' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 8 }),
  }),
  fc.record({
    kind: fc.constant('drop' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(200),
  }),
  fc.record({
    kind: fc.constant('double' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(200),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }) }),
)
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function mutate(bytes: Uint8Array, m: Mutation): Uint8Array {
  const at = Math.min(bytes.length - 1, Math.floor(m.at * bytes.length))
  if (m.kind === 'cut') return bytes.slice(0, at)
  if (m.kind === 'drop') return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + m.length)])
  if (m.kind === 'double')
    return Uint8Array.from([...bytes.subarray(0, at + m.length), ...bytes.subarray(at)])
  const copy = bytes.slice()
  if (m.kind === 'flip') copy[at] ^= 1 << m.bit
  else copy.set(m.bytes.subarray(0, copy.length - at), at)
  return copy
}

it('damaged files give observations or a plain error, quickly', () => {
  let [refused, read] = [0, 0]
  fc.assert(
    fc.property(
      fc.nat(files.length - 1),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      (file, mutations) => {
        const bytes = mutations.reduce((b, m) => (b.length === 0 ? b : mutate(b, m)), files[file])
        const start = performance.now()
        try {
          // Eight bits hold at most a handful of rows: whatever counts say, the table stays in proportion.
          expect(decodePrepbufr(bytes).length).toBeLessThan(4 * bytes.length)
          read++
        } catch (error) {
          if (!(error instanceof AlignDaError)) throw error
          refused++
        }
        expect(performance.now() - start).toBeLessThan(5000)
      },
    ),
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
