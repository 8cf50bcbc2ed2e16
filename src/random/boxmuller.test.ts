import { expect, it } from 'vitest'
import { cosKernel, logUnit, normals32, normals64, sinKernel } from './boxmuller.ts'

// Math.log and its fellows are themselves within one unit in the last place or so; two such units are allowed.
const ULPS = 2 * 2 ** -52

it('has the logarithm of a uniform to the last bits, from the smallest to the one next to 1', () => {
  let worst = 0
  const check = (w: number, y: number) => {
    const exact = Math.log(y / 2 ** 32)
    worst = Math.max(worst, Math.abs(logUnit(w, y) / exact - 1))
  }
  for (let bit = 0; bit < 32; bit++)
    for (let j = -3; j <= 3; j++) {
      const w = Math.min(0xffffffff, Math.max(0, 2 ** bit + j * Math.ceil(2 ** (bit - 4))))
      check(w, w + 0.5)
      check(w, w + 2 ** -21)
    }
  for (let i = 0; i < 20000; i++) {
    const w = Math.imul(i, 0x9e3779b1) >>> 0
    check(w, w + (i % 1024) / 1024 + 2 ** -21)
  }
  check(0, 2 ** -21)
  check(0xffffffff, 2 ** 32 - 0.5)
  check(0xffffffff, 2 ** 32 - 2 ** -21)
  expect(worst).toBeLessThan(ULPS)
})

it('has sine and cosine to the last bits up to an eighth of a turn', () => {
  let worst = 0
  for (let i = -10000; i <= 10000; i++) {
    const t = ((i / 10000) * Math.PI) / 4
    worst = Math.max(worst, Math.abs(sinKernel(t) - Math.sin(t)), Math.abs(cosKernel(t) - Math.cos(t)))
  }
  expect(worst).toBeLessThan(ULPS)
})

it('is the transform of Box and Muller in all four quarters', () => {
  const words = new Uint32Array(4 * 64)
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1)
  words.set([0, 0, 0xffffffff, 0x1fffffff, 1, 0x20000000, 2, 0xffffffff])
  const single = new Float32Array(4 * 64)
  normals32(words, 64, single, 0)
  for (let i = 0; i < single.length; i += 2) {
    const r = Math.sqrt(-2 * Math.log((words[i] + 0.5) / 2 ** 32))
    const angle = 2 * Math.PI * (words[i + 1] / 2 ** 32)
    expect(single[i]).toBeCloseTo(r * Math.cos(angle), 6)
    expect(single[i + 1]).toBeCloseTo(r * Math.sin(angle), 6)
  }
  const double = new Float64Array(2 * 64)
  normals64(words, 64, double, 0)
  for (let b = 0; b < 64; b++) {
    const [w0, w1, w2, w3] = words.subarray(4 * b, 4 * b + 4)
    const r = Math.sqrt(-2 * Math.log((w0 + (w1 >>> 12) / 2 ** 20 + 2 ** -21) / 2 ** 32))
    const angle = (2 * Math.PI * (w2 + (w3 >>> 12) / 2 ** 20)) / 2 ** 32
    expect(double[2 * b]).toBeCloseTo(r * Math.cos(angle), 13)
    expect(double[2 * b + 1]).toBeCloseTo(r * Math.sin(angle), 13)
  }
})

it('never leaves the range the uniforms allow', () => {
  const extremes = Uint32Array.of(0, 0, 0, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)
  const single = new Float32Array(8)
  normals32(extremes, 2, single, 0)
  expect(single[0]).toBe(Math.fround(Math.sqrt(66 * Math.LN2)))
  const double = new Float64Array(4)
  normals64(extremes, 2, double, 0)
  expect(double[0]).toBeCloseTo(Math.sqrt(106 * Math.LN2), 14)
  for (const z of [...single, ...double]) expect(Number.isFinite(z)).toBe(true)
})
