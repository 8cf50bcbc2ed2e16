import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError } from '../../base/errors.ts'
import { ForbiddenError } from '../http.ts'
import type { ByteStore } from '../store.ts'

export type Json = Record<string, unknown>

/** One array of a store as its metadata describe it; plain data, so that it can be sent to a worker. */
export interface ArrayDocument {
  /** Path below the root, without a leading slash; '' for a store that is one array. */
  readonly name: string
  readonly version: 2 | 3
  /** `.zarray` (v2) or `zarr.json` (v3). */
  readonly document: Json
  readonly attributes: Json
}

export interface Hierarchy {
  readonly version: 2 | 3
  readonly attributes: Json
  readonly arrays: readonly ArrayDocument[]
  readonly consolidated: boolean
}

/** The largest metadata document to read, in bytes. */
const maxMetadata = 64 * 2 ** 20

/**
 * Reads a store's metadata: consolidated where there is any (one request), else by walking a local folder.
 * @returns undefined where nothing looks like Zarr.
 * @throws FormatError for damaged metadata, or for a remote store without consolidated metadata.
 */
export async function readHierarchy(store: ByteStore): Promise<Hierarchy | undefined> {
  const consolidated = await readJson(store, '.zmetadata')
  if (consolidated) return fromZmetadata(store, consolidated)
  const root = await readJson(store, 'zarr.json')
  if (root) return fromV3(store, root)
  const array = await readJson(store, '.zarray')
  const attributes = (await readJson(store, '.zattrs')) ?? {}
  if (array)
    return {
      version: 2,
      attributes: {},
      consolidated: false,
      arrays: [{ name: '', version: 2, document: array, attributes }],
    }
  if (!(await readJson(store, '.zgroup'))) return undefined
  const arrays = await walk(store, '', 2)
  return { version: 2, attributes, arrays, consolidated: false }
}

async function readJson(store: ByteStore, key: string): Promise<Json | undefined> {
  const bytes = await store.get(key).catch((error: unknown) => {
    // A probe that is forbidden counts as absent: buckets that cannot be listed answer 403 for both.
    if (error instanceof ForbiddenError) return undefined
    throw error
  })
  if (!bytes) return undefined
  if (bytes.length > maxMetadata) throw new FormatError(`${store.location}/${key} is too large for metadata`)
  try {
    // NaN is no JSON, but Python writes it.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return asObject(JSON.parse(text.replace(/([:[,]\s*)(-?(?:NaN|Infinity))(?=\s*[,\]}])/g, '$1"$2"')))
  } catch (error) {
    throw new FormatError(`${store.location}/${key} is no valid JSON object: ${(error as Error).message}`)
  }
}

function asObject(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object')
  return value as Json
}

function fromZmetadata(store: ByteStore, file: Json): Hierarchy {
  try {
    const metadata = asObject(file.metadata)
    const arrays = Object.keys(metadata)
      .filter((key) => key === '.zarray' || key.endsWith('/.zarray'))
      .map((key): ArrayDocument => {
        const name = key.slice(0, -'.zarray'.length).replace(/\/$/, '')
        const attributes = asObject(metadata[name ? `${name}/.zattrs` : '.zattrs'] ?? {})
        return { name, version: 2, document: asObject(metadata[key]), attributes }
      })
    return { version: 2, attributes: asObject(metadata['.zattrs'] ?? {}), arrays, consolidated: true }
  } catch (error) {
    throw new FormatError(
      `${store.location}/.zmetadata is no consolidated metadata: ${(error as Error).message}`,
    )
  }
}

async function fromV3(store: ByteStore, root: Json): Promise<Hierarchy> {
  try {
    const attributes = asObject(root.attributes ?? {})
    if (root.node_type === 'array')
      return { version: 3, attributes: {}, consolidated: true, arrays: [v3Array('', root)] }
    if (root.node_type !== 'group') throw new Error(`node_type is ${JSON.stringify(root.node_type)}`)
    if (!root.consolidated_metadata) {
      const arrays = await walk(store, '', 3)
      return { version: 3, attributes, arrays, consolidated: false }
    }
    const nodes = asObject(asObject(root.consolidated_metadata).metadata)
    const arrays = Object.entries(nodes)
      .filter(([, node]) => asObject(node).node_type === 'array')
      .map(([name, node]) => v3Array(name, asObject(node)))
    return { version: 3, attributes, arrays, consolidated: true }
  } catch (error) {
    if (error instanceof FormatError) throw error
    throw new FormatError(`${store.location}/zarr.json is no Zarr v3 group: ${(error as Error).message}`)
  }
}

function v3Array(name: string, document: Json): ArrayDocument {
  return { name, version: 3, document, attributes: asObject(document.attributes ?? {}) }
}

/** Arrays of a local store without consolidated metadata, two groups deep. */
async function walk(store: ByteStore, below: string, version: 2 | 3): Promise<ArrayDocument[]> {
  if (store.remote)
    throw new FormatError(
      `${store.location} has no consolidated metadata (${version === 2 ? '.zmetadata' : 'consolidated_metadata in zarr.json'}), ` +
        'so its arrays cannot be listed over the network',
    )
  const found: ArrayDocument[] = []
  const entries = await readdir(join(store.location, below), { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory()) continue
    const name = below ? `${below}/${entry.name}` : entry.name
    const document = await readJson(store, `${name}/${version === 2 ? '.zarray' : 'zarr.json'}`)
    if (version === 3 && document?.node_type === 'array') found.push(v3Array(name, document))
    else if (version === 2 && document) {
      const attributes = (await readJson(store, `${name}/.zattrs`)) ?? {}
      found.push({ name, version: 2, document, attributes })
    } else if (name.split('/').length < 3 && (document || (await readJson(store, `${name}/.zgroup`))))
      found.push(...(await walk(store, name, version)))
  }
  return found
}
