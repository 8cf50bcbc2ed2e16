import type { ColourMapName } from './colourTables.ts'

/** What is shown of a variable: the field itself, a signed difference, or a non-negative spread or error size. */
export type FieldKind = 'field' | 'difference' | 'magnitude'

/** How a quantity is shown: its name, the units people read it in, and its colours. */
export interface QuantityStyle {
  readonly label: string
  /** Units of the figure. */
  readonly units: string
  /** Shown value = factor x stored value. */
  readonly factor: number
  readonly map: ColourMapName
  /** The colours are symmetric about zero. */
  readonly symmetric: boolean
  /** The colours start at zero: nothing below it can be meant. */
  readonly fromZero: boolean
}

interface Row {
  label: string
  units: string
  /** The stored (SI) units that `factor` turns into `units`. */
  si?: string
  factor?: number
  map: ColourMapName
  symmetric?: boolean
  fromZero?: boolean
  difference?: ColourMapName
}

/** By WeatherBench2 name. Stored units are SI. */
const table: Readonly<Record<string, Row>> = {
  geopotential: { label: 'Geopotential', units: 'm² s⁻²', map: 'haline' },
  geopotential_at_surface: { label: 'Surface geopotential', units: 'm² s⁻²', map: 'lajolla' },
  temperature: { label: 'Temperature', units: 'K', map: 'thermal' },
  '2m_temperature': { label: '2 m temperature', units: 'K', map: 'thermal' },
  sea_surface_temperature: { label: 'Sea surface temperature', units: 'K', map: 'thermal' },
  specific_humidity: {
    label: 'Specific humidity',
    units: 'g kg⁻¹',
    si: 'kg kg-1',
    factor: 1000,
    map: 'rain',
    fromZero: true,
    difference: 'tarn',
  },
  relative_humidity: {
    label: 'Relative humidity',
    units: '%',
    map: 'rain',
    fromZero: true,
    difference: 'tarn',
  },
  u_component_of_wind: { label: 'Zonal wind', units: 'm s⁻¹', map: 'vik', symmetric: true },
  v_component_of_wind: { label: 'Meridional wind', units: 'm s⁻¹', map: 'vik', symmetric: true },
  '10m_u_component_of_wind': { label: '10 m zonal wind', units: 'm s⁻¹', map: 'vik', symmetric: true },
  '10m_v_component_of_wind': { label: '10 m meridional wind', units: 'm s⁻¹', map: 'vik', symmetric: true },
  vertical_velocity: { label: 'Vertical velocity', units: 'Pa s⁻¹', map: 'vik', symmetric: true },
  wind_speed: { label: 'Wind speed', units: 'm s⁻¹', map: 'speed', fromZero: true },
  '10m_wind_speed': { label: '10 m wind speed', units: 'm s⁻¹', map: 'speed', fromZero: true },
  vorticity: {
    label: 'Relative vorticity',
    units: '10⁻⁵ s⁻¹',
    si: 's-1',
    factor: 1e5,
    map: 'curl',
    symmetric: true,
  },
  divergence: {
    label: 'Divergence',
    units: '10⁻⁵ s⁻¹',
    si: 's-1',
    factor: 1e5,
    map: 'curl',
    symmetric: true,
  },
  mean_sea_level_pressure: {
    label: 'Mean sea level pressure',
    units: 'hPa',
    si: 'Pa',
    factor: 0.01,
    map: 'batlow',
  },
  surface_pressure: { label: 'Surface pressure', units: 'hPa', si: 'Pa', factor: 0.01, map: 'batlow' },
  total_precipitation_6hr: {
    label: '6 h precipitation',
    units: 'mm',
    si: 'm',
    factor: 1000,
    map: 'rain',
    fromZero: true,
    difference: 'tarn',
  },
  land_sea_mask: { label: 'Land fraction', units: '1', map: 'gray', fromZero: true },
}

/**
 * The style of a variable by its WeatherBench2 name; an unknown name keeps its own name, the units given and the
 * default colours. `units` are those of the stored values: a variable stored in other than SI units is shown in the
 * units it has. A level in hPa is put into the label.
 */
export function quantityStyle(
  variable: string,
  { kind = 'field', level, units }: { kind?: FieldKind; level?: number; units?: string } = {},
): QuantityStyle {
  let row: Row = table[variable] ?? {
    label: sentence(variable),
    units: prettyUnits(units ?? ''),
    map: 'batlow',
  }
  if (row.si && units !== undefined && !sameUnits(units, row.si))
    row = { ...row, units: prettyUnits(units), factor: 1 }
  const symmetric = kind === 'difference' || (kind === 'field' && row.symmetric === true)
  const map = kind === 'difference' ? (row.difference ?? 'balance') : kind === 'magnitude' ? 'amp' : row.map
  const label = level === undefined ? row.label : `${row.label} at ${level} hPa`
  return {
    label: kind === 'difference' && label ? `Difference in ${uncapitalised(label)}` : label,
    units: row.units,
    factor: row.factor ?? 1,
    map,
    symmetric,
    fromZero: kind === 'magnitude' || (kind === 'field' && row.fromZero === true),
  }
}

/** `kg kg**-1`, `kg kg^-1` and `kg kg-1` are the same; so is a dimensionless `1` for kg/kg. */
const sameUnits = (a: string, si: string) => {
  const plain = a.replace(/\*\*|\^/g, '').trim()
  return (
    plain === si ||
    (si === 'kg kg-1' && ['kg/kg', '1', ''].includes(plain)) ||
    (si === 's-1' && plain === '1/s')
  )
}

const sentence = (name: string) => {
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const uncapitalised = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

/** CF units as printed in a figure: `m2 s-2`, `m**2 s**-2` and `m^2/s^2` style powers become superscripts. */
export function prettyUnits(units: string): string {
  const superscript = (digits: string) =>
    [...digits].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)])).join('')
  return units.replace(
    /([a-zA-Z])(?:\*\*|\^)?(-?\d+)/g,
    (_, unit: string, power: string) => unit + superscript(power),
  )
}
