import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DataError, FormatError } from '../../base/errors.ts'
import { isRemote } from '../address.ts'
import { cfDecoding } from '../cf.ts'
import type { Dataset, Selection, Slab, Variable } from '../dataset.ts'
import { allocate, isNumericDtype } from '../numeric.ts'
import type { RandomAccess } from '../random-access.ts'
import { resolveSelection } from '../selection.ts'
import { netcdfFill } from './classic.ts'
import { closeHdf5, describeHdf5, type Hdf5Variable, readHdf5 } from './hdf5-client.ts'

/** Reads are split along the first axis into pieces of about this many bytes. */
const pieceBytes = 32 * 2 ** 20

/** A remote file is fetched whole up to this size, in bytes. */
const maxRemote = 2 * 2 ** 30

/**
 * Opens a NetCDF-4 (HDF5) file. A remote one is first copied into a temporary folder, which `close` removes.
 * @throws FormatError for a damaged file.
 */
export async function openHdf5(file: RandomAccess): Promise<Dataset> {
  const { location } = file
  const copy = isRemote(location) ? await fetchCopy(file) : undefined
  const path = copy ? join(copy, 'copy.nc') : resolve(location)
  await file.close()
  try {
    const description = await describeHdf5(path)
    const variables = new Map(description.variables.map((v) => [v.name, hdf5Variable(path, location, v)]))
    const dimensions = new Map(description.dimensions)
    for (const { dimensions: names, shape } of description.variables)
      names.forEach((name, axis) => {
        if (!dimensions.has(name)) dimensions.set(name, shape[axis])
      })
    return {
      location,
      format: 'netcdf-4',
      attributes: description.attributes,
      dimensions,
      variables,
      async close() {
        await closeHdf5(path)
        if (copy) await rm(copy, { recursive: true, force: true })
      },
    }
  } catch (error) {
    if (copy) await rm(copy, { recursive: true, force: true })
    throw error
  }
}

async function fetchCopy(file: RandomAccess): Promise<string> {
  if (file.size > maxRemote)
    throw new DataError(
      `${file.location}: ${file.size} bytes are too many for a remote NetCDF-4 file: fetch it first`,
    )
  const folder = await mkdtemp(join(tmpdir(), 'align-da-'))
  try {
    await writeFile(join(folder, 'copy.nc'), await file.read(0, file.size))
    return folder
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function hdf5Variable(path: string, location: string, description: Hdf5Variable): Variable {
  const { name, shape, dimensions, chunks, attributes, dtype: storedDtype } = description
  const decoding = cfDecoding(storedDtype, attributes, storedDtype.startsWith('float') ? [netcdfFill] : [])
  return {
    name,
    dimensions,
    shape,
    chunks,
    dtype: decoding.dtype,
    storedDtype,
    attributes,
    units: typeof attributes.units === 'string' ? attributes.units : undefined,
    async read(selection?: Selection): Promise<Slab> {
      if (!isNumericDtype(storedDtype))
        throw new DataError(`${name} holds no numbers: it is listed but not read`)
      const {
        start,
        count,
        size,
        dimensions: kept,
        shape: left,
      } = resolveSelection(name, dimensions, shape, selection)
      const target: Slab = { data: allocate(storedDtype, 0), dimensions: kept, shape: left }
      if (size === 0) return { ...target, data: decoding.apply(target.data) }
      const width = target.data.BYTES_PER_ELEMENT
      const perRow = count.slice(1).reduce((a, b) => a * b, 1)
      if (perRow * width > 2 ** 30) throw new FormatError(`${location}: ${name} has rows of ${perRow} values`)
      const rows = count[0] ?? 1
      const step = Math.max(1, Math.floor(pieceBytes / (perRow * width)))
      let data: Slab['data'] | undefined
      for (let row = 0; row < rows; row += step) {
        const n = Math.min(step, rows - row)
        const from = start.map((s, axis) => (axis === 0 ? s + row : s))
        const piece = await readHdf5(
          path,
          description.path,
          from,
          count.map((c, axis) => (axis === 0 ? n : c)),
        )
        if (n === rows) data = piece
        else {
          // Memory is taken when the first piece has come, so that a damaged shape costs nothing.
          data ??= allocate(storedDtype, size)
          ;(data as Float32Array).set(piece as Float32Array, row * perRow)
        }
      }
      return { ...target, data: decoding.apply(data!) }
    },
  }
}
