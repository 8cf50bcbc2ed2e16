import { DataError } from '../base/errors.ts'
import { canonicalUnits, unitConversion } from './units.ts'

/** WeatherBench's 13 pressure levels, hPa, top down (the paper's). */
export const levels13 = [50, 100, 150, 200, 250, 300, 400, 500, 600, 700, 850, 925, 1000] as const

/** The 7 pressure levels of the SPEEDY nature run, hPa, top down. */
export const levels7 = [100, 200, 300, 500, 700, 850, 925] as const

/** ERA5's 37 pressure levels, hPa, top down. */
export const levels37 = [
  1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 125, 150, 175, 200, 225, 250, 300, 350, 400, 450, 500, 550, 600, 650,
  700, 750, 775, 800, 825, 850, 875, 900, 925, 950, 975, 1000,
] as const // biome-ignore format: a list read at a glance

/** No air pressure is above this, hPa; a larger "level" is in Pa. */
const highest = 1100

/** A level axis in hPa, and a remark for the user when its values were not what its units said. */
export interface LevelAxis {
  levels: number[]
  remark?: string
}

/**
 * Pressure levels in hPa from an axis as stored. Units decide when given; without units, or with units that
 * give an impossible pressure (50000 "hPa"), values above 1100 are taken as Pa and a remark says so.
 * @throws DataError for values that are not finite, positive and distinct, or for units that are no pressure.
 */
export function pressureLevels(values: ArrayLike<number>, units?: string): LevelAxis {
  const given = Array.from(values)
  const bad = given.find((p) => !(p > 0) || !Number.isFinite(p))
  if (bad !== undefined) throw new DataError(`pressure level ${bad} is not a positive number`)
  const isPressure = units !== undefined && canonicalUnits(units) !== '1'
  let scale = isPressure ? unitConversion(units, 'hPa').scale : 1
  let remark: string | undefined
  const largest = Math.max(...given) * scale
  if (largest > highest) {
    if (scale !== 1 || largest > 100 * highest)
      throw new DataError(
        `pressure level ${Math.max(...given)}${units ? ` ${units}` : ''} is above ${highest} hPa`,
      )
    scale = 0.01
    remark = `levels up to ${Math.max(...given)} ${units ? `with units '${units}'` : 'without units'} were taken as Pa`
  }
  // Rounded to 1e-6 hPa so that 50000 Pa * 0.01 is 500 and not its neighbour.
  const levels = given.map((p) => Math.round(p * scale * 1e6) / 1e6)
  if (new Set(levels).size < levels.length)
    throw new DataError(`pressure levels are not distinct: ${levels.join(', ')} hPa`)
  return remark === undefined ? { levels } : { levels, remark }
}

/**
 * Index of `wanted` (hPa) in `levels` (hPa), within 1e-3 hPa.
 * @throws DataError naming the nearest levels.
 */
export function levelIndex(levels: readonly number[], wanted: number): number {
  const index = levels.findIndex((p) => Math.abs(p - wanted) < 1e-3)
  if (index < 0) {
    const near = [...levels].sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted)).slice(0, 2)
    throw new DataError(
      `there is no level ${wanted} hPa; ${near.length ? `the nearest are ${near.join(' and ')} hPa` : 'there are none'}`,
    )
  }
  return index
}
