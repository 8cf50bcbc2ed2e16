import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import h5wasm, { type Dataset as H5Dataset, type File as H5File } from 'h5wasm/node'
import { DataError } from '../../base/errors.ts'
import { temporaryBeside } from '../../base/files.ts'
import type { NumericArray } from '../dataset.ts'
import {
  type AttributeValue,
  checkLayout,
  chunksIn,
  type DatasetLayout,
  type DatasetWriter,
  grows,
  shapeIn,
  stepsIn,
  type VariableLayout,
  type WrittenDtype,
} from '../layout.ts'
import { allocate } from '../numeric.ts'

export interface NetcdfWriteOptions {
  /** Deflate level 0-9 (default 1; 0 stores values as they are). */
  readonly deflate?: number
  /** Replace what is at the path (default: a DataError). */
  readonly overwrite?: boolean
}

const h5Types: Record<WrittenDtype, string> = { float32: '<f', float64: '<d', int32: '<i', int64: '<q' }

/** Bytes of a chunk: half of HDF5's chunk cache, as a chunk that is not cached is packed anew at each append. */
const chunkBytes = 512 * 1024

/** Name that netCDF-C gives a dimension without a coordinate variable, followed by its length. */
const bareDimension = 'This is a netCDF dimension but not a netCDF variable.'

/**
 * Starts a NetCDF-4 file: HDF5 with dimension scales, CF attributes and `_FillValue` NaN in floats. Steps are written
 * as they come into a temporary file beside `path`, which `close` renames.
 * @throws DataError for an impossible layout or a path that exists.
 */
export async function createNetcdf4(
  path: string,
  layout: DatasetLayout,
  options: NetcdfWriteOptions = {},
): Promise<DatasetWriter> {
  checkLayout(layout)
  if (existsSync(path) && !options.overwrite) throw new DataError(`${path} exists already`)
  await h5wasm.ready
  await mkdir(dirname(path), { recursive: true })
  const { temporary, settle } = temporaryBeside(resolve(path))
  const file = new h5wasm.File(temporary, 'w')
  let length = 0
  let open = true
  const end = async () => {
    if (open) file.close()
    open = false
  }
  try {
    define(file, layout, options.deflate ?? 1)
  } catch (error) {
    await end()
    await rm(temporary, { force: true })
    settle()
    throw error
  }
  return {
    get length() {
      return length
    },
    async append(values) {
      const steps = stepsIn(layout, values)
      if (steps === 0) return
      for (const variable of layout.variables) {
        if (!grows(layout, variable)) continue
        const dataset = file.get(variable.name) as H5Dataset
        const step = shapeIn(layout, variable).slice(1)
        dataset.resize([length + steps, ...step])
        const ranges = [[length, length + steps], ...step.map((n) => [0, n])] as [number, number][]
        dataset.write_slice(ranges, unshared(values[variable.name]))
      }
      length += steps
    },
    async close() {
      await end()
      await rename(temporary, path)
      settle()
    },
    async abort() {
      await end()
      await rm(temporary, { force: true })
      settle()
    },
  }
}

function define(file: H5File, layout: DatasetLayout, deflate: number) {
  const dimensions = [...new Set(layout.variables.flatMap((v) => v.dimensions))]
  const coordinates = new Set(
    layout.variables
      .filter((v) => v.dimensions.length === 1 && v.dimensions[0] === v.name)
      .map((v) => v.name),
  )
  // Scales come first: other variables are attached to them.
  const ordered = [...layout.variables].sort(
    (a, b) => Number(coordinates.has(b.name)) - Number(coordinates.has(a.name)),
  )
  for (const dimension of dimensions) if (!coordinates.has(dimension)) bare(file, dimension, layout)
  for (const variable of ordered) {
    const dataset = create(file, layout, variable, deflate)
    if (coordinates.has(variable.name)) dataset.make_scale(variable.name)
    else for (const [axis, dimension] of variable.dimensions.entries()) dataset.attach_scale(axis, dimension)
    if (variable.dtype.startsWith('float'))
      dataset.create_attribute('_FillValue', filled(variable.dtype), [1], h5Types[variable.dtype])
    attach(dataset, variable.attributes)
  }
  attach(file, { Conventions: 'CF-1.8', ...layout.attributes })
}

function create(file: H5File, layout: DatasetLayout, variable: VariableLayout, deflate: number): H5Dataset {
  const { name, dtype } = variable
  const shape = shapeIn(layout, variable)
  if (!grows(layout, variable)) {
    const data = unshared(variable.data!)
    return file.create_dataset({ name, data, shape, dtype: h5Types[dtype] })
  }
  const compression = deflate > 0 ? { compression: 'gzip' as const, compression_opts: [deflate] } : {}
  return file.create_dataset({
    name,
    data: allocate(dtype, 0),
    shape,
    maxshape: shape.map((n, axis) => (variable.dimensions[axis] === layout.growing ? null : n)),
    chunks: chunksIn(layout, variable, chunkBytes),
    dtype: h5Types[dtype],
    ...compression,
  })
}

function bare(file: H5File, name: string, layout: DatasetLayout) {
  if (name === layout.growing)
    throw new DataError(`the growing dimension ${name} needs a coordinate variable`)
  const length = layout.dimensions[name]
  const scale = file.create_dataset({ name, data: new Float32Array(length), shape: [length], dtype: '<f' })
  scale.make_scale(`${bareDimension}${String(length).padStart(10)}`)
}

function attach(object: H5File | H5Dataset, attributes: Readonly<Record<string, AttributeValue>> = {}) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string') object.create_attribute(name, value)
    else {
      const values = typeof value === 'number' ? [value] : [...value]
      const integral = values.every((v) => Number.isInteger(v) && Math.abs(v) < 2 ** 31)
      if (integral) object.create_attribute(name, Int32Array.from(values), [values.length], '<i')
      else object.create_attribute(name, Float64Array.from(values), [values.length], '<d')
    }
  }
}

function filled(dtype: WrittenDtype): Float32Array | Float64Array {
  return dtype === 'float32' ? Float32Array.of(Number.NaN) : Float64Array.of(Number.NaN)
}

/** A copy outside shared memory, which the HDF5 module cannot take. */
function unshared(values: NumericArray): NumericArray {
  return values.buffer instanceof SharedArrayBuffer ? values.slice() : values
}
