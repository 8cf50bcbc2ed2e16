import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { Normaliser } from '../atmosphere/normalise.ts'
import { autoencoderNetworks } from '../experiments/models/export.ts'
import { saveLatentModel } from '../latent/codec.ts'
import { latentSchema } from '../latent/config.ts'
import { Runtime } from '../tensor/index.ts'
import { align, patience } from './testing/process.ts'
import { channels, grid } from './testing/store.ts'

const folder = await mkdtemp(join(tmpdir(), 'align-da-cli-'))
afterAll(() => rm(folder, { recursive: true }))

it(
  'export writes the networks of a model, says what they take, and leaves nothing of one it refuses',
  async () => {
    const n = channels.length
    const normaliser = new Normaliser({
      names: channels.names,
      ...{ mean: new Array(n).fill(0), std: new Array(n).fill(1) },
    })
    const world = { channels, grid, normaliser }
    const size = latentSchema.parse({ channels: 8, width: 16, blocks: 1, heads: 2 })
    const weights = autoencoderNetworks({ world, size }, 1).parameters.initialise(1)
    const model = join(folder, 'autoencoder.safetensors')
    await saveLatentModel(model, { world, size, weights, provenance: {} })
    const export3 = (out: string, ...rest: string[]) =>
      align(['export', '--model', model, '-o', join(folder, out), '--batch', '3', ...rest])
    const [done, half, misnamed, other] = await Promise.all([
      export3('a.onnx'),
      export3('half.onnx', '--half', '--json'),
      export3('b.txt'),
      align(['export', '--model', import.meta.filename, '-o', join(folder, 'c.onnx')]),
    ])
    expect(done.err).toBe('')
    expect(done.out).toContain('states [3, 7, 16, 32] -> latents [3, 8, 4, 8]\n')
    expect(done.out).toContain('latents [3, 8, 4, 8] -> states [3, 7, 16, 32]\n')
    const [encoder] = JSON.parse(half.out)
    expect(encoder).toMatchObject({ network: 'encoder', path: join(folder, 'half.encoder.onnx') })
    expect([misnamed.code, other.code]).toEqual([1, 1])
    expect(misnamed.err).toContain('give it the ending .onnx')
    expect(other.err).toMatch(/^error: .*export\.test\.ts/)
    expect((await readdir(folder)).sort()).toEqual([
      'a.decoder.onnx',
      'a.encoder.onnx',
      'autoencoder.safetensors',
      'half.decoder.onnx',
      'half.encoder.onnx',
    ])
    const runtime = new Runtime({ device: 'cpu', threads: 1 })
    const loaded = await runtime.loadFile(encoder.path)
    const states = { dtype: 'float32', shape: [3, 7, 16, 32], data: new Float32Array(3 * 7 * 512) } as const
    const { latents } = await loaded.run({ states })
    expect(latents.shape).toEqual([3, 8, 4, 8])
    await runtime.close()
  },
  patience,
)
