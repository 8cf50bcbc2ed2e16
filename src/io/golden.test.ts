import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Dataset, openDataset } from './dataset.ts'
import { toFloat64 } from './numeric.ts'
import { decodeTimes, isTimeUnits } from './time.ts'

interface Golden {
  dimensions: string[]
  shape: number[]
  /** Null stands for NaN; times are milliseconds since 1970. */
  values: (number | null)[]
}

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
const golden = JSON.parse(readFileSync(fixture('golden.json'), 'utf8')) as Record<
  string,
  Record<string, Golden>
>

/** Worst difference from what xarray reads, relative to the largest value; infinite where NaNs differ. */
async function difference(dataset: Dataset, name: string, wanted: Golden): Promise<number> {
  const variable = dataset.variables.get(name)!
  const slab = await variable.read()
  expect(slab.dimensions).toEqual(wanted.dimensions)
  expect(slab.shape).toEqual(wanted.shape)
  const time = isTimeUnits(variable.units)
  const values = time
    ? decodeTimes(slab.data, variable.units!, String(variable.attributes.calendar))
    : toFloat64(slab.data)
  const largest = Math.max(...wanted.values.map((v) => Math.abs(v ?? 0)), 1e-30)
  return wanted.values.reduce<number>((worst, w, i) => {
    if (w === null) return Number.isFinite(values[i]) ? Infinity : worst
    return Number.isFinite(values[i]) ? Math.max(worst, Math.abs(values[i] - w) / largest) : Infinity
  }, 0)
}

/** Packed 16-bit values come out in single precision, xarray's with an offset in double. */
const packed = new Set(['packed'])

for (const [file, variables] of Object.entries(golden))
  describe(`${file} reads as xarray reads it`, async () => {
    const dataset = await openDataset(fixture(file))
    for (const [name, wanted] of Object.entries(variables))
      it(name, async () => {
        expect(await difference(dataset, name, wanted)).toBeLessThanOrEqual(packed.has(name) ? 1.2e-7 : 0)
      })

    it('in parts as well', async () => {
      for (const [name, wanted] of Object.entries(variables)) {
        if (wanted.shape.length !== 2 || wanted.shape[0] < 4) continue
        const variable = dataset.variables.get(name)!
        const [y, x] = wanted.dimensions
        const { data, shape, dimensions } = await variable.read({ [y]: [1, 4], [x]: 5 })
        expect(shape).toEqual([3])
        expect(dimensions).toEqual([y])
        const whole = (await variable.read()).data
        expect(Array.from(data, Number)).toEqual(
          [1, 2, 3].map((row) => Number(whole[row * wanted.shape[1] + 5])),
        )
      }
    })
  })

describe('what is not numbers', () => {
  it('is listed but not read', async () => {
    const dataset = await openDataset(fixture('nc4.nc'))
    expect(dataset.variables.get('name')?.dtype).toBe('string')
    await expect(dataset.variables.get('name')!.read()).rejects.toThrow('holds no numbers')
    await dataset.close()
  })
})

describe('attributes and dimensions', () => {
  it.each(['classic.nc', 'offset64.nc', 'data64.nc', 'nc4.nc'])('of %s', async (file) => {
    const dataset = await openDataset(fixture(file))
    expect(dataset.attributes).toEqual({ title: 'small fixture', numbers: [1.5, 2.5] })
    expect(Object.fromEntries(dataset.dimensions)).toEqual({ time: 5, latitude: 4, longitude: 8, bare: 2 })
    expect(dataset.variables.get('packed')).toMatchObject({
      storedDtype: 'int16',
      dtype: 'float32',
      units: 'K',
    })
    expect(dataset.variables.has('bare')).toBe(false)
    await dataset.close()
  })
})

describe('a store with a hole', () => {
  it('is refused by default, naming the chunk', async () => {
    const dataset = await openDataset(fixture('hole.zarr'))
    await expect(dataset.variables.get('v')!.read()).rejects.toThrow(
      /hole\.zarr\/v\/1\.1 is missing.*missingChunks: 'fill'/,
    )
    expect((await dataset.variables.get('v')!.read({ y: [0, 4] })).shape).toEqual([4, 10])
  })

  it('is not one where zeros were written and the fill value is zero', async () => {
    const dataset = await openDataset(fixture('hole.zarr'))
    expect([...toFloat64((await dataset.variables.get('zero')!.read()).data)]).toEqual([0, 0, 0])
  })

  it('reads as the fill value when asked to', async () => {
    const dataset = await openDataset(fixture('hole.zarr'), { missingChunks: 'fill' })
    const { data } = await dataset.variables.get('v')!.read()
    expect(toFloat64(data).filter((v) => Number.isNaN(v))).toHaveLength(3 * 4)
  })
})
