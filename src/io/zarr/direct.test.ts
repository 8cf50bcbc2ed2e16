import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, FormatError } from '../../base/errors.ts'
import { type Dataset, openDataset, type Selection } from '../dataset.ts'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-direct-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const both = async (path: string) => [
  await openDataset(path, { workers: 0 }),
  await openDataset(path, { workers: 2 }),
]
const outcome = (dataset: Dataset, name: string, selection?: Selection) =>
  dataset.variables
    .get(name)!
    .read(selection)
    .catch((error: Error) => `${error.name}: ${error.message}`)

describe('threads that decode into shared memory read what this thread reads', () => {
  it.each(['v2.zarr', 'codecs.zarr', 'v3.zarr', 'hole.zarr'])('%s', { timeout: 300_000 }, async (name) => {
    const [alone, threads] = await both(fixtures + name)
    let compared = 0
    for (const variable of alone.variables.values()) {
      if (variable.dtype === 'string' || variable.shape.length === 0) continue
      // Whole, and a part that begins and ends within chunks.
      const part = variable.dimensions.map((d, i) => [d, [1, Math.max(1, variable.shape[i] - 1)] as const])
      for (const selection of [undefined, Object.fromEntries(part) as Selection]) {
        const [ours, theirs] = [
          await outcome(alone, variable.name, selection),
          await outcome(threads, variable.name, selection),
        ]
        if (typeof ours === 'string') expect(theirs).toBe(ours)
        else expect({ ...(theirs as object) }).toEqual({ ...ours })
        compared++
      }
    }
    expect(compared).toBeGreaterThan(0)
    await alone.close()
    await threads.close()
  })
})

it('a chunk that is cut short, of another size, or absent is refused by both with the same words', async () => {
  const path = join(folder, 'damaged.zarr')
  await cp(join(fixtures, 'v2.zarr'), path, { recursive: true })
  const [alone, threads] = await both(path)
  const variable = [...alone.variables.values()].find(
    (v) => v.dtype === 'float32' && (v.chunks ?? []).some((n, i) => n < v.shape[i]),
  )!
  const chunk = (await readdir(join(path, variable.name))).filter((f) => /^\d/.test(f)).sort()[0]
  const file = join(path, variable.name, chunk)
  const whole = await readFile(file)
  const fails = async (kind: typeof FormatError | typeof DataError, message: RegExp) => {
    for (const dataset of [alone, threads]) {
      const reading = dataset.variables.get(variable.name)!.read()
      await expect(reading).rejects.toBeInstanceOf(kind)
      await expect(reading).rejects.toThrow(message)
      await expect(reading).rejects.toThrow(chunk)
    }
  }
  await truncate(file, whole.length - 1)
  await fails(FormatError, /bytes instead of/)
  const larger = Buffer.from(whole)
  larger.writeUInt32LE(larger.readUInt32LE(4) + 4, 4)
  await writeFile(file, larger)
  await fails(FormatError, /instead of|damaged/)
  await rm(file)
  await fails(DataError, /missing/)
  await writeFile(file, whole)
  const [ours, theirs] = [await outcome(alone, variable.name), await outcome(threads, variable.name)]
  expect(theirs).toEqual(ours)
})
