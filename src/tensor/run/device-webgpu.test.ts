import { beforeAll, describe, expect, it } from 'vitest'
import { Runtime } from '../index.ts'
import { cases } from '../testing/cases.ts'
import { relativeError } from '../testing/derivatives.ts'
import type { Measured } from '../testing/device-suite.ts'
import { type Trained, train } from '../testing/training.ts'
import { onSwiftShader, withoutWebgpu } from '../testing/webgpu.ts'

describe.skipIf(withoutWebgpu)(`WebGPU${withoutWebgpu ? ` (skipped: ${withoutWebgpu})` : ''}`, () => {
  const seen = new Map<string, unknown>()
  beforeAll(async () => {
    await onSwiftShader('./device-main.ts', ['webgpu'], (line) => seen.set((line as Measured).name, line))
  }, 300_000)

  it.each(cases)('$name agrees with the reference evaluator, derivatives included', (c) => {
    const { error, limit } = seen.get(c.name) as Measured
    expect(error).toBeLessThanOrEqual(limit)
  })

  it('trains as the CPU does, with weights and momenta staying on the device', async () => {
    const runtime = new Runtime({ device: 'cpu', threads: 1 })
    const cpu = await train(runtime)
    await runtime.close()
    const gpu = seen.get('training') as Trained
    expect(cpu.weights.count).toEqual([10])
    for (const part of ['weights', 'halfway'] as const) {
      expect(Object.keys(gpu[part])).toEqual(Object.keys(cpu[part]))
      expect(relativeError(Object.values(gpu[part]), Object.values(cpu[part]))).toBeLessThan(1e-5)
    }
    expect(relativeError([gpu.losses], [cpu.losses])).toBeLessThan(1e-5)
  })
})
