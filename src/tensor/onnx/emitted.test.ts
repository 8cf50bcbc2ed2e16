import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-web'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cases } from '../testing/cases.ts'
import { programOf, worst } from '../testing/device-suite.ts'
import { checkFolder, withoutPythonOnnx } from '../testing/onnx-checker.ts'

describe.skipIf(withoutPythonOnnx)(
  `models and onnx.checker${withoutPythonOnnx ? ` (skipped: ${withoutPythonOnnx})` : ''}`,
  () => {
    let said: Record<string, string> = {}
    beforeAll(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
      for (const c of cases)
        for (const dtype of ['float32', 'float64'] as const)
          await writeFile(join(folder, `${c.name}, ${dtype}.onnx`), programOf(c, dtype, 2).program.onnx)
      said = checkFolder(folder)
      await rm(folder, { recursive: true })
    })
    it.each(cases)('has nothing to say of $name', ({ name }) => {
      expect([said[`${name}, float32`], said[`${name}, float64`]]).toEqual(['', ''])
    })
  },
)

describe('models in the browser engine (WebAssembly) agree with the reference evaluator', () => {
  ort.env.wasm.numThreads = 1
  const open: ort.InferenceSession[] = []
  afterAll(async () => {
    for (const session of open) await session.release()
  })
  it.each(cases)('$name', async (c) => {
    const { program, feeds, expected } = programOf(c, 'float32', 2)
    const session = await ort.InferenceSession.create(program.onnx, {
      executionProviders: ['wasm'],
      logSeverityLevel: 3,
    })
    open.push(session)
    const fed: Record<string, ort.Tensor> = {}
    for (const { name, shape } of program.inputs)
      fed[name] = new ort.Tensor('float32', feeds[name] as Float32Array, shape)
    const out = await session.run(fed)
    const got = Object.fromEntries(Object.entries(out).map(([name, t]) => [name, t.data as Float32Array]))
    expect(worst(got, expected)).toBeLessThanOrEqual(c.float32 ?? 1e-5)
  })
})
