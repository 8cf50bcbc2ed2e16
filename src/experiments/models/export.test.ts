import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as web from 'onnxruntime-web'
import { afterAll, describe, expect, it } from 'vitest'
import { ChannelSet } from '../../atmosphere/channels.ts'
import { Grid } from '../../atmosphere/grid.ts'
import { Normaliser } from '../../atmosphere/normalise.ts'
import type { Weights } from '../../nn/index.ts'
import { writeSafetensors } from '../../nn/safetensors.ts'
import { priorSchema } from '../../prior/index.ts'
import { stream } from '../../random/stream.ts'
import { exportOnnx, Runtime } from '../../tensor/index.ts'
import { checkFolder, python3, withoutPythonOnnx } from '../../tensor/testing/onnx-checker.ts'
import {
  autoencoderNetworks,
  type ExportPart,
  exportParts,
  forecastNetworks,
  modelParts,
  type Networks,
  priorNetworks,
} from './export.ts'

const channels = ChannelSet.of('u10,msl,z500')
const world = {
  channels,
  grid: Grid.equiangular(8, 16),
  normaliser: new Normaliser({ names: channels.names, mean: [1, 1e5, 5e4], std: [5, 900, 1200] }),
}
const draw = (name: string, n: number) => stream(4, name).normal(new Float32Array(n))
const positive = (name: string, n: number) => draw(name, n).map((v) => 0.5 + Math.abs(v))

/** Weights of order 1 / sqrt(inputs): none is zero as at the start of training, so that every part matters. */
function seeded({ parameters }: Networks): Weights {
  return new Map(
    parameters.specs.map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1)
      const scale = 0.7 * (shape.length > 1 ? (shape.at(-2) as number) : 16) ** -0.5
      return [name, { dtype: 'float32', shape, data: draw(name, size).map((v) => v * scale) }]
    }),
  )
}

/** Small networks with everything in them: shifted windows, cross-attention, season. */
function smallParts(): ExportPart[] {
  const statistics = { mean: draw('m', 6), std: positive('s', 6), increment: positive('i', 24) }
  const config = priorSchema.parse({
    ...{ width: 16, blocks: 2, heads: 2, conditioning: 'both', qkNorm: true, increment: 'row' },
  })
  const networks = [
    forecastNetworks(
      {
        world,
        size: { patch: [2, 2], width: 16, blocks: 2, hidden: 24 },
        context: { statics: draw('statics', 3 * 128), grid: [8, 16], changeStd: positive('change', 3) },
      },
      2,
    ),
    autoencoderNetworks(
      { world, size: { patch: [2, 2], channels: 6, width: 16, blocks: 4, heads: 2, window: [2, 4] } },
      2,
    ),
    priorNetworks({ config, statistics, shape: [6, 4, 8] }, 2),
  ]
  return networks.flatMap((n) => exportParts(n, { weights: seeded(n), world }))
}

const models = fileURLToPath(new URL('../../../models/small', import.meta.url))
const released = ['forecast', 'autoencoder', 'prior']
  .map((name) => join(models, `${name}.safetensors`))
  .filter((path) => existsSync(path))

const folder = await mkdtemp(join(tmpdir(), 'align-da-export-'))
const runtime = new Runtime({ device: 'cpu', threads: 1 })
web.env.wasm.numThreads = 1
const sets: [string, ExportPart[]][] = [
  ['seeded', smallParts()],
  ['released', (await Promise.all(released.map((path) => modelParts(path, 1)))).flat()],
]
afterAll(async () => {
  await runtime.close()
  await rm(folder, { recursive: true })
})

/** Data of order one; times of the diffusion lie between 0 and 1. */
function feedsOf({ program, weights }: ExportPart) {
  const fed = program.inputs.filter((i) => !(i.name in weights))
  return fed.map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const data =
      name === 't' ? Float32Array.from({ length: size }, (_, i) => 0.4 + 0.5 * i) : draw(name, size)
    return { name, shape, data }
  })
}

const cases = sets.flatMap(([set, parts]) => parts.map((part) => [set, part.name, part] as const))

describe.each(cases)('the %s %s as ONNX', (set, name, part) => {
  const path = join(folder, `${set}-${name}.onnx`)

  it('gives the same numbers in the browser engine', async () => {
    const feeds = feedsOf(part)
    const expected = await runtime.evaluate(part.program, {
      ...part.weights,
      ...Object.fromEntries(feeds.map((f) => [f.name, f.data])),
    })
    await exportOnnx(path, part.program, part.weights, { metadata: part.metadata })
    const session = await web.InferenceSession.create(await readFile(path), { executionProviders: ['wasm'] })
    expect([...session.inputNames].sort()).toEqual(feeds.map((f) => f.name).sort())
    const found = await session.run(
      Object.fromEntries(feeds.map((f) => [f.name, new web.Tensor('float32', f.data, f.shape)])),
    )
    expect(Object.keys(found)).toEqual(Object.keys(expected))
    for (const [output, { data, shape }] of Object.entries(expected)) {
      const [wanted, got] = [data, found[output].data] as Float32Array[]
      expect(found[output].dims).toEqual(shape)
      const largest = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 0)
      const apart = got.reduce((m, v, i) => Math.max(m, Math.abs(v - wanted[i])), 0)
      expect(largest).toBeGreaterThan(0.1)
      // float32 through some tens of layers, in another build of the same kernels.
      expect(apart / largest).toBeLessThan(1e-4)
    }
    await session.release()
  })

  it.skipIf(withoutPythonOnnx)('says what its numbers are to a Python reader', () => {
    const script = `
import json, sys, onnx
print(json.dumps({p.key: p.value for p in onnx.load(sys.argv[1]).metadata_props}))
`
    const said = python3(script, [path]) as Record<string, string>
    expect(said).toEqual(part.metadata)
    expect(JSON.parse(said.world)).toHaveProperty('channels')
  })
})

it.skipIf(withoutPythonOnnx)('all of them are valid ONNX, with the shapes that they declare', () => {
  const said = checkFolder(folder)
  expect(Object.keys(said)).toHaveLength(cases.length)
  expect(Object.values(said).filter(Boolean)).toEqual([])
})

it('a file that is none of the models is refused with what it is', async () => {
  const path = join(folder, 'other.safetensors')
  const one = { dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const
  await writeSafetensors(path, [['x', one]], { kind: 'something else' })
  await expect(modelParts(path, 1)).rejects.toThrow(
    /other\.safetensors is of kind 'something else'; forecast/,
  )
  await writeSafetensors(path, [['x', one]])
  await expect(modelParts(path, 1)).rejects.toThrow('is no model of ours')
  await writeFile(path, 'text')
  await expect(modelParts(path, 1)).rejects.toThrow('other.safetensors')
})
