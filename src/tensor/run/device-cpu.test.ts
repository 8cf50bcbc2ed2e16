import { afterAll, describe, expect, it } from 'vitest'
import { Runtime } from '../index.ts'
import { cases } from '../testing/cases.ts'
import { measure } from '../testing/device-suite.ts'

const runtime = new Runtime({ device: 'cpu', threads: 1 })
afterAll(() => runtime.close())

describe('the CPU in float32 agrees with the reference evaluator, derivatives included', () => {
  it.each(cases)('$name', async (c) => {
    const { error, limit } = await measure(runtime, c, 'float32')
    expect(error).toBeLessThanOrEqual(limit)
  })
})

describe('the CPU in float64 agrees with the reference evaluator, derivatives included', () => {
  // ONNX Runtime 1.30 has no double-precision kernel of these.
  const without: Record<string, string> = {
    atan: 'Atan',
    erf: 'Erf',
    gelu: 'Erf',
    conv: 'Conv',
    convTranspose: 'ConvTranspose',
    convZonal: 'Conv',
  }
  it.each(cases.filter((c) => !(c.name in without)))('$name', async (c) => {
    const { error, limit } = await measure(runtime, c, 'float64')
    expect(error).toBeLessThanOrEqual(limit)
  })
  it.each(cases.filter((c) => c.name in without))('$name is refused by name', async (c) => {
    const { error } = await measure(runtime, c, 'float64')
    expect(error).toContain(`cpu: no kernel for ${without[c.name]} `)
  })
})
