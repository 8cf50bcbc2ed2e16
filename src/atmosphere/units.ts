import { DataError, didYouMean } from '../base/errors.ts'

/** value in the wanted unit = value * scale + offset. */
export interface Conversion {
  scale: number
  offset: number
}

/**
 * One spelling for units: "m**2 s**-2", "m^2/s^2", "m2.s-2" and "s-2 m2" all become "m2 s-2"; "kg/kg" becomes
 * "kg kg-1". Factors are sorted, negative powers last. Names are kept as written ("degC", "hPa").
 */
export function canonicalUnits(units: string): string {
  const text = units
    .trim()
    .replace(/\*\*|\^/g, '')
    .replace(/[·*]|\.(?!\d)/g, ' ')
    .replace(/\s*\/\s*/g, ' /')
  if (text === '' || text === '1' || text === '(0 - 1)' || /^dimensionless$/i.test(text)) return '1'
  const factors = text.split(/\s+/).map((factor) => {
    const m = /^(\/?)([^\d/+-].*?)([+-]?\d+)?$/.exec(factor)
    if (!m) return { name: factor, power: 1 }
    const power = m[3] === undefined ? 1 : Number(m[3])
    return { name: m[2], power: m[1] ? -power : power }
  })
  factors.sort((a, b) => Number(a.power < 0) - Number(b.power < 0) || (a.name < b.name ? -1 : 1))
  return factors.map(({ name, power }) => (power === 1 ? name : name + power)).join(' ')
}

/** Spellings of the same unit, and multiples of it: canonical spelling -> [SI unit, scale, offset]. */
const toSI: Record<string, readonly [string, number, number?]> = {
  hPa: ['Pa', 100],
  hpa: ['Pa', 100],
  mbar: ['Pa', 100],
  mb: ['Pa', 100],
  millibar: ['Pa', 100],
  millibars: ['Pa', 100],
  kPa: ['Pa', 1000],
  pascal: ['Pa', 1],
  pascals: ['Pa', 1],
  pa: ['Pa', 1],
  kelvin: ['K', 1],
  Kelvin: ['K', 1],
  degK: ['K', 1],
  degC: ['K', 1, 273.15],
  deg_C: ['K', 1, 273.15],
  C: ['K', 1, 273.15],
  '°C': ['K', 1, 273.15],
  celsius: ['K', 1, 273.15],
  Celsius: ['K', 1, 273.15],
  degree_Celsius: ['K', 1, 273.15],
  degrees_celsius: ['K', 1, 273.15],
  'g kg-1': ['kg kg-1', 1e-3],
  'mg kg-1': ['kg kg-1', 1e-6],
  'g g-1': ['kg kg-1', 1],
  '1': ['1', 1],
  '%': ['1', 1e-2],
  percent: ['1', 1e-2],
  kt: ['m s-1', 1852 / 3600],
  kts: ['m s-1', 1852 / 3600],
  knot: ['m s-1', 1852 / 3600],
  knots: ['m s-1', 1852 / 3600],
  'km h-1': ['m s-1', 1 / 3.6],
  'hPa s-1': ['Pa s-1', 100],
  'hPa h-1': ['Pa s-1', 100 / 3600],
  km: ['m', 1000],
  dam: ['m', 10],
  mm: ['m', 1e-3],
  gpm: ['m', 1],
  meter: ['m', 1],
  meters: ['m', 1],
  metre: ['m', 1],
  metres: ['m', 1],
  'J kg-1': ['m2 s-2', 1],
  'kg m-2': ['kg m-2', 1],
}

/**
 * The conversion from one unit to another. `extra` adds conversions that hold for one quantity only, from a
 * canonical SI spelling to `to` (geopotential height in m to geopotential in m2 s-2).
 * @throws DataError when there is none.
 */
export function unitConversion(from: string, to: string, extra: Record<string, number> = {}): Conversion {
  const target = canonicalUnits(to)
  const given = canonicalUnits(from)
  if (given === target) return { scale: 1, offset: 0 }
  const [si, scale, offset = 0] = toSI[given] ?? [given, 1]
  const [targetSI, targetScale, targetOffset = 0] = toSI[target] ?? [target, 1]
  let factor = 1
  if (si !== targetSI) {
    // A mass fraction is dimensionless: "1" and "kg kg-1" are the same thing.
    const same = [si, targetSI].sort().join('|') === '1|kg kg-1'
    if (!same && extra[si] === undefined) {
      const known = Object.keys(toSI).filter((unit) => toSI[unit][0] === targetSI)
      throw new DataError(
        `units '${from}' cannot be converted to '${to}'${didYouMean(given, [target, ...known])}`,
      )
    }
    factor = extra[si] ?? 1
  }
  return {
    scale: (scale * factor) / targetScale,
    offset: (offset * factor - targetOffset) / targetScale,
  }
}
