import { readFile } from 'node:fs/promises'
import { DataError } from '../../base/errors.ts'
import { parseCsvLine } from './csv-line.ts'
import { eastward } from './table.ts'

/** A place where observations are made. */
export interface Station {
  /** WMO number or ICAO code. */
  readonly id: string
  /** '' when the list gives none. */
  readonly name: string
  /** degrees north; degrees east, 0..360 */
  readonly latitude: number
  readonly longitude: number
  /** m above sea level; NaN when unknown. */
  readonly elevation: number
}

/**
 * Radiosonde stations from a JSON object of `"01001": {"name": ..., "lat": 70.93, "lon": -8.67, "elev": 9}`.
 * Throws DataError naming the entry.
 */
export function parseStationJson(text: string, name = 'station list'): Station[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new DataError(`${name}: not JSON: ${(error as Error).message}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new DataError(`${name}: an object of stations by identifier is needed`)
  return Object.entries(parsed).map(([id, entry]: [string, unknown]) => {
    const e = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>
    return station(
      id,
      String(e.name ?? ''),
      Number(e.lat ?? NaN),
      Number(e.lon ?? NaN),
      Number(e.elev ?? NaN),
      `${name}: station ${id}`,
    )
  })
}

/**
 * The places of METAR reports from CSV with the columns ICAO, Latitude, Longitude and Elev (m), each station once.
 * Throws DataError naming the line.
 */
export function parseMetarStations(text: string, name = 'METAR list'): Station[] {
  const lines = text.split(/\r?\n/)
  const header = (parseCsvLine(lines[0]) ?? []).map((h) => h.trim())
  const column = (title: string) => {
    const at = header.indexOf(title)
    if (at < 0)
      throw new DataError(
        `${name}: the header lacks the column ${title}; it has ${header.join(', ').slice(0, 200)}`,
      )
    return at
  }
  const [id, latitude, longitude, elevation] = ['ICAO', 'Latitude', 'Longitude', 'Elev'].map(column)
  const stations = new Map<string, Station>()
  for (let i = 1; i < lines.length; i++) {
    if (lines[i].trim() === '') continue
    const where = `${name}, line ${i + 1}`
    const fields = parseCsvLine(lines[i])
    if (!fields || fields.length <= Math.max(id, latitude, longitude, elevation))
      throw new DataError(
        `${where}: ${fields ? `${fields.length} fields where the header has ${header.length}` : 'a quote is not closed'}`,
      )
    const code = fields[id].trim()
    if (stations.has(code)) continue
    const number = (k: number) => (fields[k].trim() === '' ? Number.NaN : Number(fields[k]))
    stations.set(code, station(code, '', number(latitude), number(longitude), number(elevation), where))
  }
  return [...stations.values()]
}

function station(
  id: string,
  name: string,
  latitude: number,
  longitude: number,
  elevation: number,
  where: string,
): Station {
  if (!(Math.abs(latitude) <= 90)) throw new DataError(`${where}: latitude ${latitude} is not in -90..90`)
  if (!(longitude >= -180 && longitude <= 360))
    throw new DataError(`${where}: longitude ${longitude} is not in -180..360`)
  return { id, name: name.trim(), latitude, longitude: eastward(longitude), elevation }
}

/** A station list by the ending of its name: .json (radiosondes) or .csv (METAR). */
export async function readStations(path: string): Promise<Station[]> {
  const text = await readFile(path, 'utf8')
  if (/\.json$/i.test(path)) return parseStationJson(text, path)
  if (/\.csv$/i.test(path)) return parseMetarStations(text, path)
  throw new DataError(`${path}: a station list ends in .json (radiosondes) or .csv (METAR)`)
}
