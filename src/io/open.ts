import { stat } from 'node:fs/promises'
import { DataError, FormatError } from '../base/errors.ts'
import { isRemote } from './address.ts'
import type { Dataset, OpenOptions } from './dataset.ts'
import { openClassic } from './netcdf/classic.ts'
import { openHdf5 } from './netcdf/hdf5.ts'
import { openRandomAccess, type RandomAccess } from './random-access.ts'
import { openZarr } from './zarr/open.ts'

/** Opens what is at `location` with the reader its content asks for; see `openDataset`. */
export async function open(location: string, options: OpenOptions): Promise<Dataset> {
  if (isRemote(location) || (await isFolder(location))) {
    const zarr = await openZarr(location, options)
    if (zarr) return zarr
    if (!isRemote(location))
      throw new FormatError(
        `${location} is a folder without Zarr metadata (.zmetadata, .zgroup or zarr.json)`,
      )
  }
  const file = await openRandomAccess(location, options)
  if (!file) throw new DataError(`${location} does not exist`)
  try {
    const format = await sniff(file)
    if (format === 'netcdf-3') return await openClassic(file)
    if (format === 'netcdf-4') return await openHdf5(file)
    throw new FormatError(`${location}: ${format}`)
  } catch (error) {
    await file.close().catch(() => {})
    throw error
  }
}

async function isFolder(location: string): Promise<boolean> {
  try {
    return (await stat(location)).isDirectory()
  } catch {
    return false
  }
}

/** The format by its first bytes, or what is known about a file that is not read here. */
async function sniff(file: RandomAccess): Promise<string> {
  if (file.size === 0) return 'the file is empty'
  const bytes = await file.read(0, Math.min(8, file.size))
  const head = new TextDecoder('latin1').decode(bytes)
  if (head.startsWith('CDF')) return 'netcdf-3'
  // HDF5's superblock may lie behind a user block of 512, 1024, ... bytes.
  const signature = '\u0089HDF\r\n\u001a\n'
  if (head === signature) return 'netcdf-4'
  for (let at = 512; at + 8 <= file.size && at <= 2 ** 20; at *= 2)
    if (new TextDecoder('latin1').decode(await file.read(at, 8)) === signature) return 'netcdf-4'
  const others: [string, string][] = [
    ['GRIB', 'a GRIB file is no gridded dataset of this reader'],
    ['BUFR', 'a BUFR file holds observations, not a gridded dataset'],
    ['PAR1', 'a Parquet file holds a table, not a gridded dataset'],
    ['PK', 'a zip archive: unpack it first'],
    ['\u001f\u008b', 'a gzip file: unpack it first'],
  ]
  const known = others.find(([magic]) => head.startsWith(magic))
  return (
    known?.[1] ?? 'its first bytes are neither NetCDF-3 (CDF) nor NetCDF-4 (HDF5), and it is no Zarr folder'
  )
}
