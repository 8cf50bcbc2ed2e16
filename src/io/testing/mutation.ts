import fc from 'fast-check'

const place = fc.double({ min: 0, max: 1, noNaN: true })

/** One thing that happens to files: bits flip, bytes are overwritten, a stretch is lost or doubled, the end is cut off. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('write' as const),
    at: place,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('drop' as const), at: place, length: fc.nat(200) }),
  fc.record({ kind: fc.constant('double' as const), at: place, length: fc.nat(200) }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
)
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

/** One to four mutations, for fuzz tests of readers. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(mutation, { minLength: 1, maxLength: 4 })

/** A copy of `bytes` to which the mutations happened one after the other. */
export function mutate(bytes: Uint8Array, list: readonly Mutation[]): Uint8Array {
  return list.reduce((b, m) => (b.length === 0 ? b : mutateOnce(b, m)), bytes)
}

function mutateOnce(bytes: Uint8Array, m: Mutation): Uint8Array {
  const at = Math.min(bytes.length - 1, Math.floor(m.at * bytes.length))
  if (m.kind === 'cut') return bytes.slice(0, at)
  if (m.kind === 'drop') return joined(bytes.subarray(0, at), bytes.subarray(at + m.length))
  if (m.kind === 'double') return joined(bytes.subarray(0, at + m.length), bytes.subarray(at))
  const copy = bytes.slice()
  if (m.kind === 'flip') copy[at] ^= 1 << m.bit
  else copy.set(m.bytes.subarray(0, copy.length - at), at)
  return copy
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}
