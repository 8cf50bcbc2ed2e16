import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadExperiment } from '../experiments/config.ts'
import { waveStore } from '../experiments/testing/waves.ts'
import { trainModels } from '../experiments/train-models.ts'
import { openDataset } from '../io/dataset.ts'
import type { VariableLayout } from '../io/layout.ts'
import { openStates } from '../io/states.ts'
import { createZarr } from '../io/zarr/write.ts'
import { Runtime } from '../tensor/index.ts'
import { align, patience } from './testing/process.ts'
import { smallStore } from './testing/store.ts'

const tiny = fileURLToPath(new URL('../../configs/tiny.yaml', import.meta.url))
let waves: Awaited<ReturnType<typeof waveStore>>
const path = (...names: string[]) => join(waves.folder, ...names)

beforeAll(async () => {
  waves = await waveStore()
  const runtime = new Runtime({ device: 'cpu' })
  for (const [models, seed] of [['models', 1], ['other', 2]] as const) // biome-ignore format: a table
    await trainModels(
      await loadExperiment(tiny, [
        ...[`data.location=${waves.store}`, `models=${path(models)}`, `seed=${seed}`],
        ...['forecast.steps=3', 'forecast.rollout.steps=0', `latent.steps=${seed - 1}`, 'prior.steps=3'],
      ]),
      { runtime, models: ['forecast', 'latent', 'prior'], folder: path(`run-${models}`), command: '' },
    )
  await runtime.close()
}, patience)
afterAll(() => waves.remove())

async function read(file: string) {
  const states = await openStates(file, { workers: 0 })
  const data = await states.readAll()
  await states.close()
  return { times: Array.from(states.times), names: states.channels.names, data }
}

describe('align-da forecast', () => {
  it(
    'writes the states on the way, the initial one first',
    async () => {
      const out = path('forecast.nc')
      const args = ['--model', path('models'), '--initial', waves.store, '--time', '2000-02-20T06']
      const done = await align(['forecast', ...args, '--hours', '48', '--every', '4', '-o', out, '--json'])
      expect(done.err).not.toContain('error')
      expect(JSON.parse(done.out)).toMatchObject({ hours: 48, steps: 8, channels: 5 })
      const [whole, made] = [await read(waves.store), await read(out)]
      const t0 = Date.parse('2000-02-20T06:00Z')
      expect(made.times).toEqual([t0, t0 + 24 * 3_600_000, t0 + 48 * 3_600_000])
      const size = whole.data.length / whole.times.length
      const at = whole.times.indexOf(t0)
      for (let i = 0; i < size; i++) {
        const expected = whole.data[at * size + i]
        expect(Math.abs(made.data[i] - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)))
      }
    },
    patience,
  )

  it(
    'refuses a state of another world, and a length that is no whole number of steps',
    async () => {
      const other = await smallStore()
      const [world, length] = await Promise.all([
        align(['forecast', '--model', path('models'), '--initial', other.store, '-o', path('a.nc')]),
        align([
          'forecast',
          '--model',
          path('models'),
          '--initial',
          waves.store,
          '--hours',
          '7',
          '-o',
          path('b.nc'),
        ]),
      ])
      await other.remove()
      expect(world.code).toBe(1)
      expect(world.err).toContain('u_component_of_wind')
      expect(length.err).toContain('error: --hours 7 is no whole number of steps; learned steps 6 h')
      expect((await readdir(waves.folder)).filter((f) => f.endsWith('.nc'))).not.toContain('b.nc')
    },
    patience,
  )

  it(
    'refuses a state without time, and a name that says no format',
    async () => {
      const whole = await openDataset(waves.store, { workers: 0 })
      const variables: VariableLayout[] = []
      const sizes: Record<string, number> = {}
      for (const variable of whole.variables.values()) {
        const { name, attributes, dtype, dimensions: along } = variable
        if (name === 'time') continue
        const { data, dimensions, shape } = await variable.read(along.includes('time') ? { time: 0 } : {})
        const { units } = attributes
        variables.push({
          ...{ name, dimensions, data, dtype: dtype as VariableLayout['dtype'] },
          attributes: typeof units === 'string' ? { units } : {},
        })
        for (const [k, dimension] of dimensions.entries()) sizes[dimension] = shape[k]
      }
      await whole.close()
      const timeless = path('timeless.zarr')
      await (await createZarr(timeless, { dimensions: sizes, variables })).close()
      const args = ['forecast', '--model', path('models'), '--initial', timeless, '-o']
      const [time, format] = [await align([...args, path('c.nc')]), await align([...args, 'x1'])]
      expect(time.err).toContain('timeless.zarr does not say of what time it is')
      expect(format.err.trim()).toBe('error: x1: name it .zarr or .nc')
      expect(await readdir(waves.folder)).not.toContain('c.nc')
    },
    patience,
  )
})

describe('align-da sample', () => {
  it(
    'writes members and their mean, the same ones for the same seed',
    async () => {
      const draw = (out: string, seed: string) => {
        const where = ['--background', waves.store, '--models', path('models'), '-o', path(out)]
        return align(['sample', ...where, '--members', '3', '--steps', '4', '--seed', seed, '--json'])
      }
      const [first] = await Promise.all([draw('a.zarr', '7'), draw('b.zarr', '7'), draw('c.zarr', '8')])
      expect(JSON.parse(first.out)).toMatchObject({ members: 3, sampler: 'dpm-solver++', seed: 7 })
      const members = await Promise.all([1, 2, 3].map((i) => read(path(`a-0${i}.zarr`))))
      const mean = await read(path('a.zarr'))
      for (let i = 0; i < mean.data.length; i += 7) {
        const expected = members.reduce((s, m) => s + m.data[i] / 3, 0)
        expect(Math.abs(mean.data[i] - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)))
      }
      expect((await read(path('b-02.zarr'))).data).toEqual(members[1].data)
      expect((await read(path('c-02.zarr'))).data).not.toEqual(members[1].data)
      expect(members[0].data).not.toEqual(members[1].data)
    },
    patience,
  )

  it(
    'refuses a prior of other latents',
    async () => {
      await mkdir(path('mixed'))
      await copyFile(path('models/prior.safetensors'), path('mixed/prior.safetensors'))
      await copyFile(path('other/autoencoder.safetensors'), path('mixed/autoencoder.safetensors'))
      const where = ['--background', waves.store, '--models', path('mixed'), '-o', path('no.zarr')]
      const { code, err } = await align(['sample', ...where])
      expect(code).toBe(1)
      expect(err).toMatch(/prior\.safetensors was trained on latents of the autoencoder with fingerprint/)
    },
    patience,
  )
})
