import { DataError, FormatError, ShapeError } from '../base/errors.ts'
import { fromBfloat16, fromFloat16 } from '../base/float16.ts'

/**
 * The safetensors format (huggingface.co/docs/safetensors): the length of the header as a 64-bit little-endian
 * integer; the header, JSON of {name: {dtype, shape, data_offsets}} with texts under `__metadata__`; the data of
 * all tensors without gaps, little-endian, row-major. This file is about bytes, safetensors.ts about files.
 */

/** Element types: the array that holds them, and bytes an element. F16 and BF16 are held as bit patterns. */
export const DTYPES = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const

export type DType = keyof typeof DTYPES
export type TensorData = Float64Array | Float32Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array

/** A tensor as stored: `data` has the product of `shape` elements, row-major, in the array its dtype names. */
export interface StoredTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TensorData
}

/** Where a tensor lies: bytes `begin` to `end` counted from the start of the data. */
export interface TensorInfo {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface Header {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, TensorInfo>
}

/** Longest header that readers of the format accept, bytes. */
export const MAX_HEADER = 100_000_000

/**
 * The bytes of a file, in pieces (the data is not copied). Header keys are sorted, metadata first; the data of wider
 * elements comes first and the header is padded with spaces to eight bytes, so every tensor is aligned to its
 * elements. The same tensors and metadata give the same bytes, in whatever order they come.
 * Throws ShapeError for data that does not fit its shape or dtype, DataError for a name that cannot be used.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, StoredTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  sorted.forEach(([name, tensor], i) => {
    checkName(name, i > 0 ? sorted[i - 1][0] : undefined)
    checkTensor(name, tensor)
  })
  const width = ({ dtype }: StoredTensor) => DTYPES[dtype].BYTES_PER_ELEMENT
  const laid = [...sorted].sort(([, a], [, b]) => width(b) - width(a))
  const begins = new Map<string, number>()
  let end = 0
  for (const [name, { data }] of laid) {
    begins.set(name, end)
    end += data.byteLength
  }
  // Written member by member: an object would put names that look like numbers first.
  const members = sorted.map(([name, { dtype, shape, data }]) => {
    const begin = begins.get(name)!
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, begin + data.byteLength] })}`
  })
  const texts = Object.keys(metadata)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`)
  if (texts.length) members.unshift(`"__metadata__":{${texts.join(',')}}`)
  const json = new TextEncoder().encode(`{${members.join(',')}}`)
  const head = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20)
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true)
  head.set(json, 8)
  return [head, ...laid.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]
}

function checkName(name: string, previous: string | undefined) {
  if (name === previous) throw new DataError(`tensor ${JSON.stringify(name)} is given twice`)
  if (name === '__metadata__' || /\p{Surrogate}/u.test(name))
    throw new DataError(`${JSON.stringify(name)} cannot name a tensor: it is reserved, or not valid Unicode`)
}

function checkTensor(name: string, { dtype, shape, data }: StoredTensor) {
  if (!(data instanceof DTYPES[dtype]))
    throw new ShapeError(`tensor ${name}: ${dtype} is stored from a ${DTYPES[dtype].name}`)
  const count = shape.reduce((product, size) => product * size, 1)
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || count !== data.length)
    throw new ShapeError(
      `tensor ${name}: shape [${shape}] needs ${count} elements, the data has ${data.length}`,
    )
}

/** Length of the header from the first eight bytes of a file of `size` bytes; `where` names it in errors. */
export function headerLength(first: Uint8Array, size: number, where: string): number {
  if (first.length < 8)
    throw new FormatError(`${where}: ${size} bytes long, but safetensors begin with the 8 of a header length`)
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(Math.min(MAX_HEADER, size - 8)))
    throw new FormatError(
      `${where}: header length ${length}, but at most ${Math.min(MAX_HEADER, size - 8)} is possible: ` +
        'not a safetensors file, or truncated',
    )
  return Number(length)
}

/** The header from its bytes, everything checked; `dataLength` bytes follow it in the file. */
export function parseHeader(bytes: Uint8Array, dataLength: number, where: string): Header {
  const fail = (what: string): never => {
    throw new FormatError(`${where}: ${what}`)
  }
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    fail(`the header is not JSON: ${(error as Error).message}`)
  }
  if (!isRecord(json)) return fail('the header is not a JSON object')
  let metadata: Record<string, string> = {}
  const tensors = new Map<string, TensorInfo>()
  for (const [name, entry] of Object.entries(json)) {
    if (name === '__metadata__') {
      if (!isRecord(entry) || !Object.values(entry).every((text) => typeof text === 'string'))
        return fail('__metadata__ is not an object of texts')
      metadata = entry as Record<string, string>
    } else
      tensors.set(
        name,
        parseEntry(entry, (what) => fail(`tensor ${JSON.stringify(name)}: ${what}`)),
      )
  }
  let end = 0
  for (const [name, info] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (info.begin !== end)
      fail(`tensor ${JSON.stringify(name)}: begins at byte ${info.begin} of the data instead of ${end}`)
    end = info.end
  }
  if (end !== dataLength)
    fail(
      `the header describes ${end} bytes of data, the file has ${dataLength}${end > dataLength ? ': truncated' : ''}`,
    )
  return { metadata, tensors }
}

function parseEntry(entry: unknown, fail: (what: string) => never): TensorInfo {
  if (!isRecord(entry)) return fail('is not described by a JSON object')
  const { dtype, shape, data_offsets: offsets, ...others } = entry
  if (Object.keys(others).length) fail(`unknown keys ${Object.keys(others).join(', ')}`)
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype))
    return fail(`dtype ${JSON.stringify(dtype)} is not among ${Object.keys(DTYPES).join(', ')}`)
  if (!isSizes(shape)) return fail(`shape ${JSON.stringify(shape)} is not a list of sizes`)
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    return fail(`data_offsets ${JSON.stringify(offsets)} are not [begin, end]`)
  const [begin, end] = offsets
  const bytes = shape.reduce((product, size) => product * size, DTYPES[dtype as DType].BYTES_PER_ELEMENT)
  if (end - begin !== bytes)
    fail(`${dtype} of shape [${shape}] takes ${bytes} bytes, data_offsets give ${end - begin}`)
  return { dtype: dtype as DType, shape, begin, end }
}

/** The tensor of `info` from its bytes, copied so that it is aligned and stands alone. */
export function decodeTensor(bytes: Uint8Array, info: TensorInfo, where: string): StoredTensor {
  if (bytes.length !== info.end - info.begin)
    throw new FormatError(`${where}: ${bytes.length} of ${info.end - info.begin} bytes are there: truncated`)
  if (info.dtype === 'BOOL') {
    const odd = bytes.find((byte) => byte > 1)
    if (odd !== undefined) throw new FormatError(`${where}: a BOOL is 0 or 1, not ${odd}`)
  }
  const data = new DTYPES[info.dtype](bytes.slice().buffer as ArrayBuffer)
  return { dtype: info.dtype, shape: info.shape, data }
}

/** The values of a tensor in single precision. Throws DataError for dtypes it cannot hold: F64, I64, I32. */
export function float32Values(name: string, { dtype, data }: StoredTensor): Float32Array {
  if (data instanceof Float32Array) return data
  if (dtype === 'F16') return fromFloat16(data as Uint16Array)
  if (dtype === 'BF16') return fromBfloat16(data as Uint16Array)
  if (data instanceof Uint8Array) return Float32Array.from(data)
  throw new DataError(
    `tensor ${name} is ${dtype}, which single precision would round; F32, F16 or BF16 is needed`,
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
}
