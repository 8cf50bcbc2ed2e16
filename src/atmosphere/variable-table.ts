import { g } from './constants.ts'

/** GRIB identity of a variable; several GRIB2 triples may carry it. */
export interface GribParameter {
  /** ECMWF parameter id (= GRIB1 table 128 number below 256). */
  paramId: number
  /** NCEP GRIB1 table 2 number, where there is one. */
  ncep?: number
  /** [discipline, category, number] in GRIB2. */
  grib2: readonly (readonly [number, number, number])[]
  /**
   * GRIB2 type of first fixed surface (code table 4.5) and its value: 100 isobaric, 103 height above ground
   * (m).
   */
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
  {
    name: '10m_u_component_of_wind',
    short: 'u10',
    standardName: 'eastward_wind',
    longName: '10 metre U wind component',
    units: 'm s-1',
    kind: 'surface',
    grib: { paramId: 165, ncep: 33, grib2: [[0, 2, 2]], surface: metres(10) },
    aliases: ['10u', 'u10m', 'UGRD_10m', 'uas'],
  },
  {
    name: '10m_v_component_of_wind',
    short: 'v10',
    standardName: 'northward_wind',
    longName: '10 metre V wind component',
    units: 'm s-1',
    kind: 'surface',
    grib: { paramId: 166, ncep: 34, grib2: [[0, 2, 3]], surface: metres(10) },
    aliases: ['10v', 'v10m', 'VGRD_10m', 'vas'],
  },
  {
    name: '2m_temperature',
    short: 't2m',
    standardName: 'air_temperature',
    longName: '2 metre temperature',
    units: 'K',
    kind: 'surface',
    grib: { paramId: 167, ncep: 11, grib2: [[0, 0, 0]], surface: metres(2) },
    aliases: ['2t', 'tas', 'TMP_2m'],
  },
  {
    name: 'mean_sea_level_pressure',
    short: 'msl',
    standardName: 'air_pressure_at_mean_sea_level',
    longName: 'Mean sea level pressure',
    units: 'Pa',
    kind: 'surface',
    grib: {
      paramId: 151,
      ncep: 2,
      grib2: [
        [0, 3, 1],
        [0, 3, 0],
        [0, 3, 192],
      ],
      surface: [101],
    },
    aliases: ['mslp', 'slp', 'psl', 'prmsl', 'mslet'],
  },
  {
    name: 'surface_pressure',
    short: 'sp',
    standardName: 'surface_air_pressure',
    longName: 'Surface pressure',
    units: 'Pa',
    kind: 'surface',
    grib: { paramId: 134, ncep: 1, grib2: [[0, 3, 0]], surface: ground },
    aliases: ['ps', 'PRES_surface'],
  },
  {
    name: '2m_dewpoint_temperature',
    short: 'd2m',
    standardName: 'dew_point_temperature',
    longName: '2 metre dewpoint temperature',
    units: 'K',
    kind: 'surface',
    grib: { paramId: 168, ncep: 17, grib2: [[0, 0, 6]], surface: metres(2) },
    aliases: ['2d', 'tdps', 'DPT_2m'],
  },
  {
    name: 'total_precipitation_6hr',
    short: 'tp6h',
    standardName: 'lwe_thickness_of_precipitation_amount',
    longName: 'Total precipitation over 6 hours',
    units: 'm',
    kind: 'surface',
    grib: {
      paramId: 228,
      ncep: 61,
      grib2: [
        [0, 1, 8],
        [0, 1, 52],
      ],
      surface: ground,
    },
    aliases: ['tp06', 'tp_6h'],
    extraUnits: { 'kg m-2': 1e-3 },
  },
  {
    name: 'total_column_water_vapour',
    short: 'tcwv',
    standardName: 'atmosphere_mass_content_of_water_vapor',
    longName: 'Total column water vapour',
    units: 'kg m-2',
    kind: 'surface',
    grib: { paramId: 137, grib2: [[0, 1, 64]], surface: ground },
    aliases: ['prw', 'total_column_water_vapor'],
  },
  {
    name: 'sea_surface_temperature',
    short: 'sst',
    standardName: 'sea_surface_temperature',
    longName: 'Sea surface temperature',
    units: 'K',
    kind: 'surface',
    grib: { paramId: 34, grib2: [[10, 3, 0]], surface: ground },
    aliases: ['tos'],
  },
  {
    name: 'geopotential',
    short: 'z',
    standardName: 'geopotential',
    longName: 'Geopotential',
    units: 'm2 s-2',
    kind: 'pressure',
    grib: {
      paramId: 129,
      ncep: 6,
      grib2: [
        [0, 3, 4],
        [0, 3, 5],
      ],
      surface: isobaric,
    },
    aliases: ['phi', 'gh', 'hgt', 'zg', 'geopotential_height', 'height'],
    extraUnits: { m: g },
  },
  {
    name: 'temperature',
    short: 't',
    standardName: 'air_temperature',
    longName: 'Temperature',
    units: 'K',
    kind: 'pressure',
    grib: { paramId: 130, ncep: 11, grib2: [[0, 0, 0]], surface: isobaric },
    aliases: ['ta', 'tmp', 'air', 'air_temperature'],
  },
  {
    name: 'specific_humidity',
    short: 'q',
    standardName: 'specific_humidity',
    longName: 'Specific humidity',
    units: 'kg kg-1',
    kind: 'pressure',
    grib: { paramId: 133, ncep: 51, grib2: [[0, 1, 0]], surface: isobaric },
    aliases: ['hus', 'shum', 'spfh'],
  },
  {
    name: 'u_component_of_wind',
    short: 'u',
    standardName: 'eastward_wind',
    longName: 'U component of wind',
    units: 'm s-1',
    kind: 'pressure',
    grib: { paramId: 131, ncep: 33, grib2: [[0, 2, 2]], surface: isobaric },
    aliases: ['ua', 'uwnd', 'ugrd', 'eastward_wind'],
  },
  {
    name: 'v_component_of_wind',
    short: 'v',
    standardName: 'northward_wind',
    longName: 'V component of wind',
    units: 'm s-1',
    kind: 'pressure',
    grib: { paramId: 132, ncep: 34, grib2: [[0, 2, 3]], surface: isobaric },
    aliases: ['va', 'vwnd', 'vgrd', 'northward_wind'],
  },
  {
    name: 'vertical_velocity',
    short: 'w',
    standardName: 'lagrangian_tendency_of_air_pressure',
    longName: 'Vertical velocity (pressure)',
    units: 'Pa s-1',
    kind: 'pressure',
    grib: { paramId: 135, ncep: 39, grib2: [[0, 2, 8]], surface: isobaric },
    aliases: ['omega', 'wap', 'vvel'],
  },
  {
    name: 'relative_humidity',
    short: 'r',
    standardName: 'relative_humidity',
    longName: 'Relative humidity',
    units: '1',
    kind: 'pressure',
    grib: { paramId: 157, ncep: 52, grib2: [[0, 1, 1]], surface: isobaric },
    aliases: ['rh', 'hur', 'rhum'],
  },
  {
    name: 'geopotential_at_surface',
    short: 'zs',
    standardName: 'surface_geopotential',
    longName: 'Geopotential at the surface',
    units: 'm2 s-2',
    kind: 'static',
    grib: {
      paramId: 129,
      ncep: 7,
      grib2: [
        [0, 3, 4],
        [0, 3, 5],
      ],
      surface: ground,
    },
    aliases: ['orog', 'orography', 'surface_geopotential', 'phis', 'surface_altitude'],
    extraUnits: { m: g },
  },
  {
    name: 'land_sea_mask',
    short: 'lsm',
    standardName: 'land_binary_mask',
    longName: 'Land-sea mask',
    units: '1',
    kind: 'static',
    grib: { paramId: 172, ncep: 81, grib2: [[2, 0, 0]], surface: ground },
    aliases: ['land', 'sftlf', 'land_area_fraction'],
  },
]
