import { DataError } from '../../base/errors.ts'
import { cfDecoding } from '../cf.ts'
import type { Dataset, NumericArray, Selection, Slab, Variable } from '../dataset.ts'
import { allocate, isNumericDtype, type NumericDtype } from '../numeric.ts'
import type { RandomAccess } from '../random-access.ts'
import { copyBlock, resolveSelection, rowMajor } from '../selection.ts'
import { type ClassicHeader, type ClassicVariable, readClassicHeader } from './classic-header.ts'

/** Reads are split along the first axis into pieces of about this many bytes. */
const pieceBytes = 32 * 2 ** 20

/** NC_FILL_FLOAT = NC_FILL_DOUBLE: what netCDF-C leaves in floats that were never written. */
export const netcdfFill = 9.969209968386869e36

/**
 * Opens a NetCDF-3 file: classic, 64-bit offset or 64-bit data (CDF-5). Values are read in parts.
 * @throws FormatError for a damaged or truncated header.
 */
export async function openClassic(file: RandomAccess): Promise<Dataset> {
  const header = await readClassicHeader(file)
  return {
    location: file.location,
    format: 'netcdf-3',
    attributes: header.attributes,
    dimensions: new Map(header.dimensions.map((d) => [d.name, d.length])),
    variables: new Map(header.variables.map((v) => [v.name, classicVariable(file, header, v)])),
    close: () => file.close(),
  }
}

function classicVariable(file: RandomAccess, header: ClassicHeader, variable: ClassicVariable): Variable {
  const { name, attributes, dtype: storedDtype } = variable
  const used = variable.dimensions.map((id) => header.dimensions[id])
  const dimensions = used.map((d) => d.name)
  const shape = used.map((d) => d.length)
  const decoding = cfDecoding(storedDtype, attributes, storedDtype.startsWith('float') ? [netcdfFill] : [])
  return {
    name,
    dimensions,
    shape,
    dtype: decoding.dtype,
    storedDtype,
    attributes,
    units: typeof attributes.units === 'string' ? attributes.units : undefined,
    async read(selection?: Selection): Promise<Slab> {
      if (!isNumericDtype(storedDtype)) throw new DataError(`${name} holds text, not numbers`)
      const region = resolveSelection(name, dimensions, shape, selection)
      const data = allocate(storedDtype, 0)
      const layout = { begin: variable.begin, width: data.BYTES_PER_ELEMENT, dtype: storedDtype }
      const steps = variable.record ? header.recordSize : undefined
      const values = await readRegion(file, layout, shape, region.start, region.count, steps)
      return { data: decoding.apply(values), dimensions: region.dimensions, shape: region.shape }
    },
  }
}

interface Layout {
  readonly begin: number
  readonly width: number
  readonly dtype: NumericDtype
}

/** Reads spans of the file that cover the region, and takes the region out of them. */
async function readRegion(
  file: RandomAccess,
  { begin, width, dtype }: Layout,
  shape: readonly number[],
  start: readonly number[],
  count: readonly number[],
  recordSize: number | undefined,
): Promise<NumericArray> {
  const size = count.reduce((a, b) => a * b, 1)
  // The last byte is looked at before memory is taken, so that a damaged shape costs nothing.
  const strides = rowMajor(shape)
  const at = (position: readonly number[]) =>
    begin +
    (recordSize ?? (strides[0] ?? 0) * width) * (position[0] ?? 0) +
    position.slice(1).reduce((sum, p, axis) => sum + p * strides[axis + 1] * width, 0)
  if (size === 0) return allocate(dtype, 0)
  const end = at(start.map((s, axis) => s + count[axis] - 1)) + width
  if (end > file.size) await file.read(end - width, width)
  const result = allocate(dtype, size)
  const target = rowMajor(count)
  const rows = shape.length ? count[0] : 1
  const inner = strides[0] ?? 1
  const perStep =
    recordSize === undefined ? Math.max(1, Math.floor(pieceBytes / Math.max(1, inner * width))) : 1
  for (let row = 0; row < rows; row += perStep) {
    const n = Math.min(perStep, rows - row)
    const from = start.map((s, axis) => (axis === 0 ? s + row : s))
    const part = count.map((c, axis) => (axis === 0 ? n : c))
    const last = from.map((s, axis) => s + part[axis] - 1)
    const offset = at(from)
    const values = native(await file.read(offset, at(last) + width - offset), dtype)
    copyBlock(values, 0, strides, result, row * (target[0] ?? 1), target, part)
  }
  return result
}

/** Big-endian bytes as numbers. */
function native(bytes: Uint8Array, dtype: NumericDtype): NumericArray {
  const aligned = bytes.byteOffset % 8 ? bytes.slice() : bytes
  const buffer = Buffer.from(aligned.buffer, aligned.byteOffset, aligned.length)
  const width = allocate(dtype, 0).BYTES_PER_ELEMENT
  if (width === 2) buffer.swap16()
  else if (width === 4) buffer.swap32()
  else if (width === 8) buffer.swap64()
  const Kind = allocate(dtype, 0).constructor as new (
    b: ArrayBufferLike,
    o: number,
    n: number,
  ) => NumericArray
  return new Kind(aligned.buffer, aligned.byteOffset, aligned.length / width)
}
