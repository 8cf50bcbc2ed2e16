import { describe, expect, it } from 'vitest'
import * as f16 from './float16.ts'

const formats = [
  { name: 'binary16', exponentBits: 5, bits: f16.float16Bits, value: f16.float16Value },
  { name: 'bfloat16', exponentBits: 8, bits: f16.bfloat16Bits, value: f16.bfloat16Value },
]

/** The definition in IEEE 754, section 3.4. */
function definition(pattern: number, exponentBits: number): number {
  const p = 15 - exponentBits
  const bias = 2 ** (exponentBits - 1) - 1
  const sign = pattern >= 0x8000 ? -1 : 1
  const e = Math.floor((pattern % 0x8000) / 2 ** p)
  const t = pattern % 2 ** p
  if (e === 2 * bias + 1) return t === 0 ? sign / 0 : Number.NaN
  return e === 0 ? sign * 2 ** (1 - bias) * (t / 2 ** p) : sign * 2 ** (e - bias) * (1 + t / 2 ** p)
}

/** The double after `x` (away from zero). */
function next(x: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  view.setBigUint64(0, view.getBigUint64(0) + 1n)
  return view.getFloat64(0)
}
function before(x: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  view.setBigUint64(0, view.getBigUint64(0) - 1n)
  return view.getFloat64(0)
}

describe.each(formats)('$name', ({ exponentBits, bits, value }) => {
  const infinity = (2 ** exponentBits - 1) << (15 - exponentBits)

  it('decodes all 65536 patterns as defined, and encodes each value back to its pattern', () => {
    const wrong: number[] = []
    for (let pattern = 0; pattern < 65536; pattern++) {
      const expected = definition(pattern, exponentBits)
      if (!Object.is(value(pattern), expected)) wrong.push(pattern)
      const back = Number.isNaN(expected) ? infinity | (1 << (14 - exponentBits)) : pattern
      if (bits(expected) !== back) wrong.push(pattern)
    }
    expect(wrong).toEqual([])
  })

  it('rounds to nearest, ties to even, between every two neighbours', () => {
    const wrong: number[] = []
    for (let low = 0; low < infinity; low++) {
      // Beyond the largest number the neighbour would be the next power of two; what rounds to it is infinite.
      const above = low + 1 === infinity ? 2 ** (2 ** (exponentBits - 1)) : value(low + 1)
      const middle = value(low) + (above - value(low)) / 2
      const even = low % 2 ? low + 1 : low
      for (const sign of [0, 0x8000]) {
        const s = sign ? -1 : 1
        if (bits(s * middle) !== (sign | even)) wrong.push(sign | low)
        if (bits(s * before(middle)) !== (sign | low)) wrong.push(sign | low)
        if (bits(s * next(middle)) !== (sign | (low + 1))) wrong.push(sign | low)
      }
    }
    expect(wrong).toEqual([])
    expect([bits(1e300), bits(-1e300), bits(5e-324), bits(-5e-324)]).toEqual([
      infinity,
      0x8000 | infinity,
      0,
      0x8000,
    ])
  })
})

it('converts arrays element by element', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i)
  expect(f16.fromFloat16(all)).toEqual(Float32Array.from(all, f16.float16Value))
  expect(f16.fromBfloat16(all)).toEqual(Float32Array.from(all, f16.bfloat16Value))
  const x = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) * 10 ** ((i % 20) - 10))
  expect(f16.toFloat16(x)).toEqual(Uint16Array.from(x, f16.float16Bits))
  expect(f16.toBfloat16(x)).toEqual(Uint16Array.from(x, f16.bfloat16Bits))
})
