import { type FileHandle, open } from 'node:fs/promises'
import { FormatError } from '../base/errors.ts'
import { writeFileAtomic } from '../base/files.ts'
import {
  decodeTensor,
  encodeSafetensors,
  type Header,
  headerLength,
  parseHeader,
  type StoredTensor,
  type TensorInfo,
} from './safetensors-format.ts'

export { type DType, float32Values, type StoredTensor, type TensorInfo } from './safetensors-format.ts'

/** Writes all tensors to `path`, whole or not at all. Throws as encodeSafetensors does. */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, StoredTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata))
}

/** An open file of tensors: the header has been read and checked, the data is read when asked for. */
export interface SafetensorsFile extends AsyncDisposable {
  readonly metadata: Readonly<Record<string, string>>
  /** Names, types and shapes, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** Reads one tensor. Throws FormatError when there is none of that name, or the file has been cut since. */
  read(name: string): Promise<StoredTensor>
  close(): Promise<void>
}

/** Opens `path` and checks its header. Throws FormatError, naming the file, for anything that is not right. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, 'r')
  let header: Header
  let start: number
  try {
    const { size } = await file.stat()
    const length = headerLength(await readAt(file, 0, Math.min(8, size)), size, path)
    start = 8 + length
    header = parseHeader(await readAt(file, 8, length), size - start, path)
  } catch (error) {
    await file.close()
    throw error
  }
  const { metadata, tensors } = header
  return {
    metadata,
    tensors,
    async read(name) {
      const info = tensors.get(name)
      if (!info)
        throw new FormatError(`${path}: no tensor ${name}; there are ${[...tensors.keys()].join(', ')}`)
      const bytes = await readAt(file, start + info.begin, info.end - info.begin)
      return decodeTensor(bytes, info, `${path}: tensor ${name}`)
    },
    close: () => file.close(),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** Reads all tensors of `path`, and its metadata. Throws as openSafetensors does. */
export async function readSafetensors(
  path: string,
): Promise<{ tensors: Map<string, StoredTensor>; metadata: Readonly<Record<string, string>> }> {
  const file = await openSafetensors(path)
  try {
    const tensors = new Map<string, StoredTensor>()
    for (const name of file.tensors.keys()) tensors.set(name, await file.read(name))
    return { tensors, metadata: file.metadata }
  } finally {
    await file.close()
  }
}

/** `length` bytes at `position`, or as many as there are. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    // One read call moves at most 2 GB.
    const count = Math.min(length - done, 2 ** 30)
    const { bytesRead } = await file.read(bytes, done, count, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}
