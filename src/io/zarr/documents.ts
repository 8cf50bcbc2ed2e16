import type { AttributeValue, VariableLayout, WrittenDtype } from '../layout.ts'
import type { Json } from './hierarchy.ts'

/** How chunks are compressed: numcodecs' configuration, `{ id, ... }`; undefined for not at all. */
export type Compressor = Readonly<Record<string, unknown>> & { readonly id: string }

/** WeatherBench2's: zstd after a bit shuffle, in Blosc. */
export const bloscZstd: Compressor = { id: 'blosc', cname: 'zstd', clevel: 5, shuffle: 2, blocksize: 0 }

/**
 * v3 stores get plain zstd: Blosc's settings differ between v2 and v3 (a shuffle by number or by name, an item
 * size), and readers disagree about them.
 */
export const plainZstd: Compressor = { id: 'zstd', level: 3 }

const v2Types: Record<WrittenDtype, string> = { float32: '<f4', float64: '<f8', int32: '<i4', int64: '<i8' }

/** Metadata of one array: its documents by file name, and its entry in consolidated metadata. */
export interface ArrayDocuments {
  readonly files: Readonly<Record<string, Json>>
}

/** The metadata files of a v2 array. NaN is the fill value of floats; integers have none. */
export function v2Array(
  variable: VariableLayout,
  shape: readonly number[],
  chunks: readonly number[],
  compressor: Compressor | undefined,
): ArrayDocuments {
  const isFloat = variable.dtype.startsWith('float')
  return {
    files: {
      '.zarray': {
        chunks: [...chunks],
        compressor: compressor ?? null,
        dtype: v2Types[variable.dtype],
        fill_value: isFloat ? 'NaN' : null,
        filters: null,
        order: 'C',
        shape: [...shape],
        zarr_format: 2,
        dimension_separator: '.',
      },
      '.zattrs': { _ARRAY_DIMENSIONS: [...variable.dimensions], ...variable.attributes },
    },
  }
}

/** The metadata file of a v3 array. */
export function v3Array(
  variable: VariableLayout,
  shape: readonly number[],
  chunks: readonly number[],
  compressor: Compressor | undefined,
): ArrayDocuments {
  const codecs: Json[] = [{ name: 'bytes', configuration: { endian: 'little' } }]
  if (compressor) {
    const { id, ...configuration } = compressor
    codecs.push({
      name: id,
      configuration: id === 'zstd' ? { checksum: false, ...configuration } : configuration,
    })
  }
  return {
    files: {
      'zarr.json': {
        zarr_format: 3,
        node_type: 'array',
        shape: [...shape],
        data_type: variable.dtype,
        chunk_grid: { name: 'regular', configuration: { chunk_shape: [...chunks] } },
        chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
        fill_value: variable.dtype.startsWith('float') ? 'NaN' : 0,
        codecs,
        dimension_names: [...variable.dimensions],
        attributes: { ...variable.attributes },
      },
    },
  }
}

/** The root's files, the consolidated metadata last: it is what makes new steps visible. */
export function rootDocuments(
  version: 2 | 3,
  attributes: Readonly<Record<string, AttributeValue>> | Json,
  arrays: ReadonlyMap<string, ArrayDocuments>,
): [file: string, document: Json][] {
  if (version === 2) {
    const metadata: Json = { '.zattrs': attributes, '.zgroup': { zarr_format: 2 } }
    for (const [name, { files }] of arrays)
      for (const [file, document] of Object.entries(files)) metadata[`${name}/${file}`] = document
    return [
      ['.zgroup', { zarr_format: 2 }],
      ['.zattrs', { ...attributes }],
      ['.zmetadata', { metadata, zarr_consolidated_format: 1 }],
    ]
  }
  const metadata = Object.fromEntries([...arrays].map(([name, { files }]) => [name, files['zarr.json']]))
  const consolidated = { kind: 'inline', must_understand: false, metadata }
  return [
    ['zarr.json', { zarr_format: 3, node_type: 'group', attributes, consolidated_metadata: consolidated }],
  ]
}

/** Key of a chunk below its array. */
export function chunkKey(version: 2 | 3, coordinates: readonly number[]): string {
  if (version === 2) return coordinates.join('.') || '0'
  return ['c', ...coordinates].join('/')
}
