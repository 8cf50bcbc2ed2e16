import { DataError, didYouMean } from '../base/errors.ts'
import { type Conversion, unitConversion } from './units.ts'
import { type Variable, variables } from './variable-table.ts'

export { type GribParameter, type Variable, variables } from './variable-table.ts'

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

/**
 * Variables with this CF standard name; 2 m and pressure-level temperature share one, so there may be
 * several.
 */
export function variablesByStandardName(standardName: string): Variable[] {
  const wanted = standardName === 'geopotential_height' ? 'geopotential' : standardName
  return variables.filter((v) => v.standardName === wanted)
}

/**
 * The name among `names` under which a file carries `wanted` (its own name first, then short name, then
 * aliases).
 */
export function nameInFile(wanted: Variable, names: Iterable<string>): string | undefined {
  const present = new Map([...names].map((name) => [name.toLowerCase(), name]))
  for (const name of [wanted.name, wanted.short, ...wanted.aliases]) {
    const found = present.get(name.toLowerCase())
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * The variable a GRIB2 message carries, from its parameter triple and its type and value of first fixed
 * surface.
 */
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
