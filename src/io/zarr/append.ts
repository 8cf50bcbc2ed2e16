import { DataError, FormatError } from '../../base/errors.ts'
import type { AttributeValue, DatasetLayout, DatasetWriter, VariableLayout, WrittenDtype } from '../layout.ts'
import { itemBytes } from '../layout.ts'
import { openStore } from '../store.ts'
import type { Compressor } from './documents.ts'
import { readHierarchy } from './hierarchy.ts'
import { type ArrayInfo, arrayInfo } from './metadata.ts'
import { openZarr } from './open.ts'
import { ChunkWriter } from './write.ts'

/**
 * Opens a local store, in the layout that `createZarr` writes, to append along `growing`. New chunks are written
 * first and the consolidated metadata last, each whole or not at all: a reader sees the old length or the new one.
 * `abort` leaves the store as it was but for chunks that no metadata mention.
 * @throws DataError for a store in another layout.
 */
export async function appendZarr(path: string, growing = 'time'): Promise<DatasetWriter> {
  const hierarchy = await readHierarchy(openStore(path))
  const dataset = await openZarr(path, { workers: 0 })
  if (!hierarchy || !dataset) throw new FormatError(`${path} is no Zarr store`)
  const { version } = hierarchy
  const infos = hierarchy.arrays.map((array) => arrayInfo(array, path))
  const compressors = new Map(infos.map((info) => [info.name, compressorOf(info, path)]))
  const dimensions = Object.fromEntries([...dataset.dimensions].filter(([name]) => name !== growing))
  const length = dataset.dimensions.get(growing)
  if (length === undefined) throw new DataError(`${path} has no dimension ${growing}`)
  const variables = infos.map((info): VariableLayout => {
    const { _ARRAY_DIMENSIONS, ...attributes } = info.attributes
    return {
      name: info.name,
      dimensions: info.dimensions,
      dtype: info.storedDtype as WrittenDtype,
      attributes: attributes as Record<string, AttributeValue>,
      chunks: info.chunks,
    }
  })
  const layout: DatasetLayout = { dimensions, growing, variables }
  const writer = new ChunkWriter(path, version, layout, (name) => compressors.get(name))
  await writer.resume(length, async ({ name }, steps) => {
    const { data } = await dataset.variables.get(name)!.read({ [growing]: [length - steps, length] })
    return data
  })
  return {
    get length() {
      return writer.length
    },
    append: (values) => writer.append(values),
    close: () => writer.finish(hierarchy.attributes),
    abort: async () => {},
  }
}

function compressorOf(info: ArrayInfo, path: string): Compressor | undefined {
  const { document, version } = info.readable
  const other = (what: string) => new DataError(`${path}/${info.name}: ${what}, so nothing is appended to it`)
  if (!(info.storedDtype in itemBytes)) throw other(`its type is ${info.storedDtype}`)
  const packed = info.attributes.scale_factor !== undefined || info.attributes.add_offset !== undefined
  if (packed) throw other('it is packed')
  if (version === 2) {
    if (document.order !== 'C' || (document.filters as unknown[] | null)?.length)
      throw other('it has filters or Fortran order')
    if (!String(document.dtype).startsWith('<')) throw other('it is big-endian')
    if ((document.dimension_separator ?? '.') !== '.') throw other('its chunks lie in nested folders')
    return (document.compressor as Compressor | null) ?? undefined
  }
  const codecs = document.codecs as { name: string; configuration?: Record<string, unknown> }[]
  const [bytes, compressor, ...more] = codecs
  if (bytes?.name !== 'bytes' || bytes.configuration?.endian === 'big' || more.length)
    throw other(`its codecs are ${codecs.map((c) => c.name)}`)
  if (compressor && compressor.name !== 'zstd' && compressor.name !== 'gzip')
    throw other(`its codec is ${compressor.name}`)
  return compressor && { id: compressor.name, ...compressor.configuration }
}
