import { statSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import h5wasm, { type Dataset as H5Dataset, type File as H5File, type Group as H5Group } from 'h5wasm/node'
import type { NumericArray } from '../dataset.ts'
import type { Hdf5Answer, Hdf5Description, Hdf5Request, Hdf5Variable } from './hdf5-client.ts'

/**
 * HDF5 in a thread of its own: the C library may abort, trap or loop on damaged bytes, and must not take the
 * process with it. Files are opened by path when first asked for and stay open.
 */
const port = parentPort
if (!port) throw new Error('hdf5-worker runs in a worker thread')
const files = new Map<string, { readonly file: H5File; readonly stamp: string }>()

/** Attributes that carry the format's own book-keeping. */
const hidden = new Set([
  'DIMENSION_LIST', 'REFERENCE_LIST', 'CLASS', 'NAME', '_Netcdf4Dimid', '_Netcdf4Coordinates', '_nc3_strict',
  '_NCProperties', 'DIMENSION_LABELS',
]) // biome-ignore format: a list read at a glance

/** What netCDF-C writes into the name of a dimension that has no coordinate variable. */
/** How the netCDF library stores a variable that has a dimension's name and is not its coordinate. */
const otherThanDimension = /^_nc4_non_coord_/
const bareDimension = 'This is a netCDF dimension but not a netCDF variable'

const limits = { objects: 10_000, depth: 4, attributes: 10_000 }

/** The C library, told to throw its errors and not to print them. */
const library = h5wasm.ready.then((Module) => {
  Module.activate_throwing_error_handler()
  return Module
})

port.on('message', async (request: Hdf5Request) => {
  try {
    const Module = await library
    if (request.kind === 'close') {
      close(request.path)
      answer({ id: request.id, value: undefined })
      return
    }
    if (request.kind === 'describe') {
      answer({ id: request.id, value: describe(open(request.path), Module.H5T_class_t) })
      return
    }
    const dataset = open(request.path).get(request.variable)
    const ranges = request.start.map((s, axis): [number, number] => [s, s + request.count[axis]])
    if (!dataset || !('slice' in dataset)) throw new Error(`${request.variable} is gone`)
    const scalar = ranges.length === 0
    const value = scalar ? dataset.value : dataset.slice(ranges)
    const data = typeof value === 'number' || typeof value === 'bigint' ? [value] : value
    const size = request.count.reduce((a, b) => a * b, 1)
    if (!data || typeof data === 'string' || (data as ArrayLike<unknown>).length !== size)
      throw new Error(`${request.variable} gave no ${size} values`)
    const array = ArrayBuffer.isView(data) ? (data as NumericArray) : numbers(data as (number | bigint)[])
    answer({ id: request.id, value: array }, [array.buffer as ArrayBuffer])
  } catch (error) {
    try {
      close(request.path)
    } catch {} // what cannot be closed is gone with the thread
    answer({ id: request.id, error: error instanceof Error ? error.message : String(error) })
  }
})

function answer(message: Hdf5Answer, transfer: ArrayBuffer[] = []) {
  port!.postMessage(message, transfer)
}

function numbers(values: (number | bigint)[]): NumericArray {
  return typeof values[0] === 'bigint'
    ? BigInt64Array.from(values as bigint[])
    : Float64Array.from(values as number[])
}

/** The file at `path`, opened anew when it has been replaced meanwhile. */
function open(path: string): H5File {
  const { ino, size, mtimeMs } = statSync(path)
  const stamp = `${ino} ${size} ${mtimeMs}`
  const known = files.get(path)
  if (known?.stamp === stamp) return known.file
  if (known) close(path)
  const file = new h5wasm.File(path, 'r')
  if (!(file.file_id > 0n)) throw new Error('it cannot be opened as HDF5')
  files.set(path, { file, stamp })
  return file
}

function close(path: string) {
  const known = files.get(path)
  files.delete(path)
  known?.file.close()
}

type Classes = Awaited<typeof h5wasm.ready>['H5T_class_t']

function describe(file: H5File, classes: Classes): Hdf5Description {
  const datasets: { name: string; dataset: H5Dataset }[] = []
  collect(file, '', 0, datasets)
  const dimensions: [string, number][] = []
  const variables: Hdf5Variable[] = []
  const ids = new Map<number, string>()
  for (const { name, dataset } of datasets) {
    const id = dataset.attrs._Netcdf4Dimid?.value
    if (id !== undefined && scaleName(dataset) !== undefined) ids.set(Number(isArray(id) ? id[0] : id), name)
  }
  for (const { name, dataset } of datasets) {
    const { metadata } = dataset
    const shape = metadata.shape ?? []
    const scale = scaleName(dataset)
    if (scale !== undefined && shape.length === 1) dimensions.push([name, shape[0]])
    if (scale?.startsWith(bareDimension)) continue
    variables.push({
      name: name.replace(otherThanDimension, ''),
      path: dataset.path,
      shape,
      chunks: metadata.chunks ?? undefined,
      dimensions: dimensionsOf(dataset, name, scale, ids, shape.length),
      dtype: typeName(metadata, classes),
      attributes: attributesOf(dataset),
    })
  }
  return { attributes: attributesOf(file), dimensions, variables }
}

function collect(
  group: H5Group,
  prefix: string,
  depth: number,
  found: { name: string; dataset: H5Dataset }[],
) {
  for (const key of group.keys()) {
    if (found.length > limits.objects) throw new Error(`it holds more than ${limits.objects} variables`)
    const item = group.get(key)
    if (item && 'slice' in item) found.push({ name: prefix + key, dataset: item })
    else if (item && 'keys' in item && depth < limits.depth)
      collect(item, `${prefix}${key}/`, depth + 1, found)
  }
}

function scaleName(dataset: H5Dataset): string | undefined {
  const { attrs } = dataset
  if (attrs.CLASS?.value !== 'DIMENSION_SCALE') return undefined
  const name = attrs.NAME?.value
  return typeof name === 'string' ? name : ''
}

function dimensionsOf(
  dataset: H5Dataset,
  name: string,
  scale: string | undefined,
  ids: ReadonlyMap<number, string>,
  rank: number,
): string[] {
  // A coordinate variable with several axes says which dimensions they are by number.
  const coordinates = dataset.attrs._Netcdf4Coordinates?.value
  if (isArray(coordinates) && coordinates.length === rank && rank > 1)
    return Array.from(coordinates, (id, axis) => ids.get(Number(id)) ?? `dim_${axis}`)
  if (scale !== undefined && rank === 1) return [name]
  return Array.from({ length: rank }, (_, axis) => {
    const [attached] = dataset.get_attached_scales(axis) ?? []
    return attached ? attached.replace(/^\//, '') : `dim_${axis}`
  })
}

function typeName(
  { type, size, signed }: { type: number; size: number; signed: boolean },
  classes: Classes,
): string {
  if (type === classes.H5T_FLOAT.value && (size === 4 || size === 8)) return `float${size * 8}`
  const integer = type === classes.H5T_INTEGER.value || type === classes.H5T_ENUM.value
  if (integer && [1, 2, 4, 8].includes(size)) return `${signed ? '' : 'u'}int${size * 8}`
  return 'string'
}

function attributesOf(object: H5Group | H5Dataset): Record<string, unknown> {
  const all: Record<string, unknown> = {}
  const names = Object.keys(object.attrs)
  if (names.length > limits.attributes) throw new Error(`it has ${names.length} attributes`)
  for (const name of names) {
    if (hidden.has(name)) continue
    const { value } = object.attrs[name]
    const single = isArray(value) && value.length === 1 ? value[0] : value
    const plain = ArrayBuffer.isView(single) ? Array.from(single as Float64Array) : single
    Object.defineProperty(all, name, { value: plain, enumerable: true })
  }
  return all
}

function isArray(value: unknown): value is (number | bigint)[] {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}
