/** What every gridded format is read as: named variables over named dimensions, read lazily by slab. */

/** Decoded values. Packed integers come out as floats; 64-bit integers stay BigInt. */
export type NumericArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** One index, or a half-open range [start, stop), of a dimension. */
export type AxisSelection = number | readonly [start: number, stop: number]

/** What to read, by dimension name; a dimension not named is read whole. */
export type Selection = Readonly<Record<string, AxisSelection>>

/**
 * A block of values, row-major; dimensions picked by a single index are dropped from `dimensions` and `shape`. Large
 * reads lie in shared memory (a SharedArrayBuffer), as several threads wrote them.
 */
export interface Slab {
  readonly data: NumericArray
  readonly dimensions: readonly string[]
  readonly shape: readonly number[]
}

/** A variable of a dataset: its dimensions, and how its values are read. */
export interface Variable {
  readonly name: string
  readonly dimensions: readonly string[]
  readonly shape: readonly number[]
  /** The type of the decoded values ('float32', 'float64', 'int32', 'int64' ...; 'string' is listed, not read). */
  readonly dtype: string
  /** The type on disk, where packing makes it another ('int16' with a scale_factor). */
  readonly storedDtype: string
  readonly chunks?: readonly number[]
  readonly attributes: Readonly<Record<string, unknown>>
  /** The CF `units` attribute. */
  readonly units?: string
  /**
   * Values with CF packing undone (scale_factor, add_offset) and fill values (_FillValue, missing_value) turned to
   * NaN. Only the chunks under `selection` are fetched.
   * Throws DataError for a selection outside the variable, FormatError for damaged bytes.
   */
  read(selection?: Selection): Promise<Slab>
}

/** What is read and written. */
export type DatasetFormat = 'zarr v2' | 'zarr v3' | 'netcdf-3' | 'netcdf-4'

/** An open Zarr or NetCDF dataset: its variables and attributes. Values are read when asked for. */
export interface Dataset {
  /** The folder, file or URL it was opened from. */
  readonly location: string
  readonly format: DatasetFormat
  readonly attributes: Readonly<Record<string, unknown>>
  readonly dimensions: ReadonlyMap<string, number>
  readonly variables: ReadonlyMap<string, Variable>
  close(): Promise<void>
}

/** How a dataset is opened. */
export interface OpenOptions {
  /**
   * A Zarr chunk that is absent: the fill value by Zarr's rules, a hole in practice. 'error' (the default) refuses
   * it in variables that decode to floats and in coordinates; 'fill' reads the fill value, NaN where there is none.
   */
  readonly missingChunks?: 'error' | 'fill'
  /** Zarr: threads that fetch and decode chunks; 0 decodes on the calling thread. Default 2, for larger reads. */
  readonly workers?: number
  /** Bytes of decoded chunks to keep (default 256 MiB). */
  readonly cacheBytes?: number
  /** HTTP(S): milliseconds without an answer before a request is tried again (default 30 000). */
  readonly timeout?: number
  /** HTTP(S): further attempts after a failed one (default 4), with growing pauses. */
  readonly retries?: number
}

/**
 * Opens a folder, file or address; the format is found by content, never by extension. `gs://` and `s3://` public
 * addresses are read by their HTTPS form.
 * @throws FormatError for what is no dataset or a damaged one
 * @throws DataError for what cannot be reached.
 */
export async function openDataset(location: string, options: OpenOptions = {}): Promise<Dataset> {
  const { open } = await import('./open.ts')
  return open(location, options)
}
