import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, FormatError } from '../base/errors.ts'
import { fuzzRuns } from '../base/testing.ts'
import { openDataset } from './dataset.ts'
import { openStates } from './states.ts'
import { mutate, mutations } from './testing/mutation.ts'

/**
 * Damaged files: every reader either reads them or says what is wrong with a FormatError or DataError, soon and
 * without taking memory that the file does not account for.
 */
const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url))
/** A hang ends here; a busy machine only makes the tests late, so whether one case is slow is asked of the CPU's clock. */
const longest = 600_000 + fuzzRuns * 600
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'align-da-fuzz-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Opens and reads everything; errors that are not ours are thrown. Returns whether it was read. */
async function survives(location: string): Promise<boolean> {
  const began = process.cpuUsage()
  const memory = process.memoryUsage()
  try {
    const states = await openStates(location, { workers: 0 }).catch(ours)
    if (states) {
      await states.readAll([0, Math.min(2, states.times.length)]).catch(ours)
      await states.close()
    }
    const dataset = await openDataset(location, { workers: 0 })
    for (const variable of dataset.variables.values()) await variable.read().catch(ours)
    await dataset.close()
    return true
  } catch (error) {
    ours(error)
    return false
  } finally {
    const now = process.memoryUsage()
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / 1e6).toBeLessThan(10)
    expect(now.rss - memory.rss).toBeLessThan(2 ** 30)
  }
}

function ours(error: unknown): undefined {
  if (!(error instanceof FormatError || error instanceof DataError)) throw error
}

describe('damaged NetCDF files', () => {
  it.each(['classic.nc', 'data64.nc', 'nc4.nc'])('%s', { timeout: longest }, async (name) => {
    const whole = new Uint8Array(await readFile(join(fixtures, name)))
    let run = 0
    await fc.assert(
      fc.asyncProperty(mutations, async (list) => {
        // A path of its own, so that nothing of the run before can be read in its place.
        const path = join(folder, `${run++}-${name}`)
        await writeFile(path, mutate(whole, list))
        await survives(path)
        await rm(path)
      }),
      { numRuns: fuzzRuns },
    )
    // A reader that refuses all would be broken too.
    const path = join(folder, `whole-${name}`)
    await writeFile(path, whole)
    expect(await survives(path)).toBe(true)
  })

  it('empty files, and files of other formats, are refused with what they are', {
    timeout: longest,
  }, async () => {
    const path = join(folder, 'other')
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /other: the file is empty/],
      [new TextEncoder().encode('CDF'), /damaged|cut short/],
      [new TextEncoder().encode('\x89HDF'), /neither NetCDF/],
      [new TextEncoder().encode('GRIB....'), /GRIB/],
      [new TextEncoder().encode('hello, world'), /neither NetCDF/],
    ]
    for (const [bytes, message] of cases) {
      await writeFile(path, bytes)
      await expect(openDataset(path)).rejects.toThrow(message)
      await expect(openDataset(path)).rejects.toBeInstanceOf(FormatError)
    }
    await expect(openDataset(join(folder, 'nothing'))).rejects.toThrow('nothing does not exist')
    await expect(openDataset(folder)).rejects.toThrow('folder without Zarr metadata')
  })

  it('every truncation of a classic file is noticed', { timeout: longest }, async () => {
    const whole = await readFile(join(fixtures, 'classic.nc'))
    const path = join(folder, 'cut.nc')
    for (let length = 4; length < whole.length; length += 37) {
      await writeFile(path, whole.subarray(0, length))
      const all = async () => {
        const dataset = await openDataset(path)
        try {
          for (const variable of dataset.variables.values()) await variable.read()
        } finally {
          await dataset.close()
        }
      }
      await expect(all()).rejects.toBeInstanceOf(FormatError)
    }
  })
})

describe('damaged Zarr stores', () => {
  it.each(['v2.zarr', 'codecs.zarr', 'v3.zarr'])('%s', { timeout: longest }, async (name) => {
    const path = join(folder, name)
    await cp(join(fixtures, name), path, { recursive: true })
    const files = (await readdir(path, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort((a, b) => Number(isRootMetadata(b)) - Number(isRootMetadata(a)))
    const originals = new Map<string, Uint8Array>()
    for (const file of files) originals.set(file, new Uint8Array(await readFile(file)))
    let read = 0
    // Every second mutation hits the metadata of the whole store.
    const victim = fc.tuple(fc.boolean(), fc.nat(files.length - 1)).map(([root, i]) => files[root ? 0 : i])
    await fc.assert(
      fc.asyncProperty(victim, mutations, async (file, list) => {
        await writeFile(file, mutate(originals.get(file)!, list))
        try {
          if (await survives(path)) read++
        } finally {
          await writeFile(file, originals.get(file)!)
        }
      }),
      { numRuns: fuzzRuns },
    )
    expect(read).toBeGreaterThan(0)
  })

  it('metadata that lead out of the store, or ask for the impossible, are refused', {
    timeout: longest,
  }, async () => {
    const path = join(folder, 'evil.zarr')
    await cp(join(fixtures, 'hole.zarr'), path, { recursive: true })
    const file = join(path, '.zmetadata')
    const whole = await readFile(file, 'utf8')
    const change = async (from: string | RegExp, to: string) => writeFile(file, whole.replaceAll(from, to))
    await change('"v/', '"../v/')
    await expect(openDataset(path)).rejects.toThrow('leads out of the store')
    await change(/"chunks": \[\s*4,\s*6\s*\]/g, '"chunks": [400000, 60000]')
    await expect(openDataset(path)).rejects.toThrow('too large')
    await change(/"shape": \[\s*7,\s*10\s*\]/g, '"shape": [7000000, 1000000]')
    const huge = await openDataset(path)
    await expect(huge.variables.get('v')!.read()).rejects.toThrow('too many')
    expect((await huge.variables.get('v')!.read({ y: [0, 4], x: [0, 6] })).shape).toEqual([4, 6])
  })
})

function isRootMetadata(file: string): boolean {
  return /\.zarr\/(\.zmetadata|zarr\.json)$/.test(file)
}
