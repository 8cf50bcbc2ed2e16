import { DataError, didYouMean } from '../base/errors.ts'
import { g } from './constants.ts'
import { type Conversion, unitConversion } from './units.ts'

/** GRIB identity of a variable; several GRIB2 triples may carry it. */
export interface GribParameter {
  /** ECMWF parameter id (= GRIB1 table 128 number below 256). */
  paramId: number
  /** NCEP GRIB1 table 2 number, where there is one. */
  ncep?: number
  /** [discipline, category, number] in GRIB2. */
  grib2: readonly (readonly [number, number, number])[]
  /** GRIB2 type of first fixed surface (code table 4.5) and its value: 100 isobaric, 103 height above ground (m). */
  surface: readonly [type: number, value?: number]
}

/** A physical quantity the project knows by name. */
export interface Variable {
  /** WeatherBench2 name, the name in stores. */
  name: string
  /** Short name, the stem of channel names. */
  short: string
  /** CF standard name. */
  standardName: string
  longName: string
  /** SI units in the state. */
  units: string
  /** On pressure levels, a single level in time, or constant in time. */
  kind: 'pressure' | 'surface' | 'static'
  grib: GribParameter
  /** Other names under which files carry it (compared without case). */
  aliases: readonly string[]
  /** Factors that hold for this quantity only, from an SI unit to `units`. */
  extraUnits?: Record<string, number>
}

const isobaric = [100] as const
const metres = (height: number) => [103, height] as const
const ground = [1] as const

/** The table, in canonical channel order: surface, pressure-level, static. */
export const variables: readonly Variable[] = [
  { name: '10m_u_component_of_wind', short: 'u10', standardName: 'eastward_wind', longName: '10 metre U wind component', units: 'm s-1', kind: 'surface', grib: { paramId: 165, ncep: 33, grib2: [[0, 2, 2]], surface: metres(10) }, aliases: ['10u', 'u10m', 'UGRD_10m', 'uas'] },
  { name: '10m_v_component_of_wind', short: 'v10', standardName: 'northward_wind', longName: '10 metre V wind component', units: 'm s-1', kind: 'surface', grib: { paramId: 166, ncep: 34, grib2: [[0, 2, 3]], surface: metres(10) }, aliases: ['10v', 'v10m', 'VGRD_10m', 'vas'] },
  { name: '2m_temperature', short: 't2m', standardName: 'air_temperature', longName: '2 metre temperature', units: 'K', kind: 'surface', grib: { paramId: 167, ncep: 11, grib2: [[0, 0, 0]], surface: metres(2) }, aliases: ['2t', 'tas', 'TMP_2m'] },
  { name: 'mean_sea_level_pressure', short: 'msl', standardName: 'air_pressure_at_mean_sea_level', longName: 'Mean sea level pressure', units: 'Pa', kind: 'surface', grib: { paramId: 151, ncep: 2, grib2: [[0, 3, 1], [0, 3, 0], [0, 3, 192]], surface: [101] }, aliases: ['mslp', 'slp', 'psl', 'prmsl', 'mslet'] },
  { name: 'surface_pressure', short: 'sp', standardName: 'surface_air_pressure', longName: 'Surface pressure', units: 'Pa', kind: 'surface', grib: { paramId: 134, ncep: 1, grib2: [[0, 3, 0]], surface: ground }, aliases: ['ps', 'PRES_surface'] },
  { name: '2m_dewpoint_temperature', short: 'd2m', standardName: 'dew_point_temperature', longName: '2 metre dewpoint temperature', units: 'K', kind: 'surface', grib: { paramId: 168, ncep: 17, grib2: [[0, 0, 6]], surface: metres(2) }, aliases: ['2d', 'tdps', 'DPT_2m'] },
  { name: 'total_precipitation_6hr', short: 'tp6h', standardName: 'lwe_thickness_of_precipitation_amount', longName: 'Total precipitation over 6 hours', units: 'm', kind: 'surface', grib: { paramId: 228, ncep: 61, grib2: [[0, 1, 8], [0, 1, 52]], surface: ground }, aliases: ['tp06', 'tp_6h'], extraUnits: { 'kg m-2': 1e-3 } },
  { name: 'total_column_water_vapour', short: 'tcwv', standardName: 'atmosphere_mass_content_of_water_vapor', longName: 'Total column water vapour', units: 'kg m-2', kind: 'surface', grib: { paramId: 137, grib2: [[0, 1, 64]], surface: ground }, aliases: ['prw', 'total_column_water_vapor'] },
  { name: 'sea_surface_temperature', short: 'sst', standardName: 'sea_surface_temperature', longName: 'Sea surface temperature', units: 'K', kind: 'surface', grib: { paramId: 34, grib2: [[10, 3, 0]], surface: ground }, aliases: ['tos'] },
  { name: 'geopotential', short: 'z', standardName: 'geopotential', longName: 'Geopotential', units: 'm2 s-2', kind: 'pressure', grib: { paramId: 129, ncep: 6, grib2: [[0, 3, 4], [0, 3, 5]], surface: isobaric }, aliases: ['phi', 'gh', 'hgt', 'zg', 'geopotential_height', 'height'], extraUnits: { m: g } },
  { name: 'temperature', short: 't', standardName: 'air_temperature', longName: 'Temperature', units: 'K', kind: 'pressure', grib: { paramId: 130, ncep: 11, grib2: [[0, 0, 0]], surface: isobaric }, aliases: ['ta', 'tmp', 'air', 'air_temperature'] },
  { name: 'specific_humidity', short: 'q', standardName: 'specific_humidity', longName: 'Specific humidity', units: 'kg kg-1', kind: 'pressure', grib: { paramId: 133, ncep: 51, grib2: [[0, 1, 0]], surface: isobaric }, aliases: ['hus', 'shum', 'spfh'] },
  { name: 'u_component_of_wind', short: 'u', standardName: 'eastward_wind', longName: 'U component of wind', units: 'm s-1', kind: 'pressure', grib: { paramId: 131, ncep: 33, grib2: [[0, 2, 2]], surface: isobaric }, aliases: ['ua', 'uwnd', 'ugrd', 'eastward_wind'] },
  { name: 'v_component_of_wind', short: 'v', standardName: 'northward_wind', longName: 'V component of wind', units: 'm s-1', kind: 'pressure', grib: { paramId: 132, ncep: 34, grib2: [[0, 2, 3]], surface: isobaric }, aliases: ['va', 'vwnd', 'vgrd', 'northward_wind'] },
  { name: 'vertical_velocity', short: 'w', standardName: 'lagrangian_tendency_of_air_pressure', longName: 'Vertical velocity (pressure)', units: 'Pa s-1', kind: 'pressure', grib: { paramId: 135, ncep: 39, grib2: [[0, 2, 8]], surface: isobaric }, aliases: ['omega', 'wap', 'vvel'] },
  { name: 'relative_humidity', short: 'r', standardName: 'relative_humidity', longName: 'Relative humidity', units: '1', kind: 'pressure', grib: { paramId: 157, ncep: 52, grib2: [[0, 1, 1]], surface: isobaric }, aliases: ['rh', 'hur', 'rhum'] },
  { name: 'geopotential_at_surface', short: 'zs', standardName: 'surface_geopotential', longName: 'Geopotential at the surface', units: 'm2 s-2', kind: 'static', grib: { paramId: 129, ncep: 7, grib2: [[0, 3, 4], [0, 3, 5]], surface: ground }, aliases: ['orog', 'orography', 'surface_geopotential', 'phis', 'surface_altitude'], extraUnits: { m: g } },
  { name: 'land_sea_mask', short: 'lsm', standardName: 'land_binary_mask', longName: 'Land-sea mask', units: '1', kind: 'static', grib: { paramId: 172, ncep: 81, grib2: [[2, 0, 0]], surface: ground }, aliases: ['land', 'sftlf', 'land_area_fraction'] },
] // biome-ignore format: a table, one row a line

const byName = new Map<string, Variable>()
for (const variable of variables)
  for (const name of [variable.name, variable.short, ...variable.aliases]) {
    const key = name.toLowerCase()
    if (byName.has(key)) throw new Error(`the variable table has '${name}' twice`)
    byName.set(key, variable)
  }

/** The variable called `name` (WeatherBench2 name, short name or alias, any case), or undefined. */
export function findVariable(name: string): Variable | undefined {
  return byName.get(name.toLowerCase())
}

/**
 * The variable called `name`.
 * @throws DataError naming the nearest known names.
 */
export function variable(name: string): Variable {
  const found = findVariable(name)
  if (!found) {
    const names = variables.flatMap((v) => [v.name, v.short])
    throw new DataError(`unknown variable '${name}'${didYouMean(name, names)}`)
  }
  return found
}

/** Variables with this CF standard name; 2 m and pressure-level temperature share one, so there may be several. */
export function variablesByStandardName(standardName: string): Variable[] {
  const wanted = standardName === 'geopotential_height' ? 'geopotential' : standardName
  return variables.filter((v) => v.standardName === wanted)
}

/** The name among `names` under which a file carries `wanted` (its own name first, then short name, then aliases). */
export function nameInFile(wanted: Variable, names: Iterable<string>): string | undefined {
  const present = new Map([...names].map((name) => [name.toLowerCase(), name]))
  for (const name of [wanted.name, wanted.short, ...wanted.aliases]) {
    const found = present.get(name.toLowerCase())
    if (found !== undefined) return found
  }
  return undefined
}

/** The variable a GRIB2 message carries, from its parameter triple and its type and value of first fixed surface. */
export function variableOfGrib2(
  [discipline, category, number]: readonly [number, number, number],
  [surfaceType, surfaceValue]: readonly [number, number?],
): Variable | undefined {
  return variables.find(
    ({ grib }) =>
      grib.surface[0] === surfaceType &&
      (grib.surface[1] === undefined || grib.surface[1] === surfaceValue) &&
      grib.grib2.some(([d, c, n]) => d === discipline && c === category && n === number),
  )
}

/**
 * The conversion from a file's units to the variable's units.
 * @throws DataError naming the variable when the units cannot be meant (m for wind).
 */
export function conversionTo(wanted: Variable, units: string): Conversion {
  try {
    return unitConversion(units, wanted.units, wanted.extraUnits)
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`${wanted.name}: ${error.message}`)
    throw error
  }
}
