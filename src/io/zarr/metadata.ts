import { FormatError } from '../../base/errors.ts'
import type { ArrayDocument, Json } from './hierarchy.ts'

/** The largest chunk to decode, in bytes. */
const maxChunkBytes = 2 ** 30

/** An array's metadata, checked, in one form for v2 and v3. */
export interface ArrayInfo {
  readonly name: string
  readonly shape: readonly number[]
  /** Shape of the pieces that are decoded one by one (inner chunks of a sharded array). */
  readonly chunks: readonly number[]
  readonly dimensions: readonly string[]
  /** Type on disk: int8 ... uint64, float16/32/64, bool, or 'string' for anything else. */
  readonly storedDtype: string
  readonly fillValue: number | bigint | undefined
  readonly attributes: Json
  /** The documents, changed so that zarrita reads them: float16 as its bits, an absent float fill as NaN. */
  readonly readable: ArrayDocument
}

const v2Types: Record<string, string> = {
  b1: 'bool', i1: 'int8', u1: 'uint8', i2: 'int16', u2: 'uint16', i4: 'int32', u4: 'uint32', i8: 'int64',
  u8: 'uint64', f2: 'float16', f4: 'float32', f8: 'float64',
} // biome-ignore format: a table read at a glance

const itemBytes: Record<string, number> = {
  bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8, float16: 2,
  float32: 4, float64: 8,
} // biome-ignore format: a table read at a glance

/**
 * Checks the metadata of an array.
 * @throws FormatError naming the entry that cannot be.
 */
export function arrayInfo(array: ArrayDocument, location: string): ArrayInfo {
  const where = `${location}/${array.name}`
  // Names come from the store's own metadata.
  if (array.name.split('/').some((part) => part === '..' || part === '.'))
    throw new FormatError(`${location}: the name ${JSON.stringify(array.name)} leads out of the store`)
  const v2 = array.version === 2
  const document = { ...array.document }
  if (document.zarr_format !== array.version)
    throw new FormatError(
      `${where}: zarr_format is ${JSON.stringify(document.zarr_format)}, not ${array.version}`,
    )
  const shape = counts(where, 'shape', document.shape, 0)
  const chunks = v2 ? counts(where, 'chunks', document.chunks, 1) : v3Chunks(where, document)
  if (chunks.length !== shape.length)
    throw new FormatError(`${where}: ${chunks.length} chunk lengths for ${shape.length} axes`)
  const storedDtype = v2 ? v2Type(document.dtype) : v3Type(document.data_type)
  const bytes = chunks.reduce((a, b) => a * b, itemBytes[storedDtype] ?? 1)
  if (bytes > maxChunkBytes) throw new FormatError(`${where}: chunks of ${bytes} bytes are too large`)
  const fillValue = fill(document.fill_value, storedDtype)
  if (document.fill_value == null && storedDtype.startsWith('float')) document.fill_value = 'NaN'
  if (storedDtype === 'float16') {
    // Node 20 has no Float16Array.
    if (v2) document.dtype = String(document.dtype).replace('f2', 'u2')
    else document.data_type = 'uint16'
    document.fill_value = 0x7e00
  }
  return {
    name: array.name,
    shape,
    chunks,
    dimensions: dimensionNames(where, array, shape.length),
    storedDtype,
    fillValue,
    attributes: array.attributes,
    readable: { ...array, document },
  }
}

function counts(where: string, entry: string, value: unknown, least: number): number[] {
  const fits = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= least
  if (!Array.isArray(value) || value.length > 32 || !value.every(fits))
    throw new FormatError(`${where}: ${entry} is ${JSON.stringify(value)?.slice(0, 100)}`)
  return value as number[]
}

function v3Chunks(where: string, document: Json): number[] {
  const grid = document.chunk_grid as { name?: string; configuration?: { chunk_shape?: unknown } } | undefined
  if (grid?.name !== 'regular')
    throw new FormatError(`${where}: chunk grid '${grid?.name}' is not read, only 'regular'`)
  const outer = counts(where, 'chunk_shape', grid.configuration?.chunk_shape, 1)
  if (!Array.isArray(document.codecs)) throw new FormatError(`${where}: codecs is no list`)
  const codecs = document.codecs as { name?: string; configuration?: Json }[]
  const sharding = codecs.find((codec) => codec?.name === 'sharding_indexed')?.configuration
  if (!sharding) return outer
  const inner = counts(where, 'inner chunk_shape', sharding.chunk_shape, 1)
  if (inner.length !== outer.length || inner.some((n, i) => outer[i] % n))
    throw new FormatError(`${where}: shards of ${outer} do not hold whole chunks of ${inner}`)
  if ((sharding.index_location ?? 'end') !== 'end')
    throw new FormatError(`${where}: shards with their index at the ${sharding.index_location} are not read`)
  if (inner.reduce((n, length, i) => n * (outer[i] / length), 16) > maxChunkBytes)
    throw new FormatError(`${where}: shards of ${outer} hold too many chunks`)
  return inner
}

function v2Type(dtype: unknown): string {
  return (typeof dtype === 'string' && v2Types[/^[<>|](..)$/.exec(dtype)?.[1] ?? '']) || 'string'
}

function v3Type(type: unknown): string {
  return typeof type === 'string' && type in itemBytes ? type : 'string'
}

function fill(value: unknown, dtype: string): number | bigint | undefined {
  if (value == null || dtype === 'string' || dtype === 'bool') return undefined
  if (dtype.endsWith('int64')) {
    const integral = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
    return integral ? BigInt(value as number) : undefined
  }
  if (value === 'NaN') return Number.NaN
  const number = value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value
  return typeof number === 'number' ? number : undefined
}

function dimensionNames(where: string, array: ArrayDocument, rank: number): string[] {
  const given =
    array.version === 3
      ? (array.document.dimension_names ?? array.attributes._ARRAY_DIMENSIONS)
      : array.attributes._ARRAY_DIMENSIONS
  if (given == null) return Array.from({ length: rank }, (_, i) => `dim_${i}`)
  if (!Array.isArray(given) || given.length !== rank)
    throw new FormatError(`${where}: ${JSON.stringify(given)?.slice(0, 100)} names its ${rank} axes wrongly`)
  return given.map((name, i) => (typeof name === 'string' ? name : `dim_${i}`))
}
