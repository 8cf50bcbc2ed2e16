import { DataError, ShapeError } from '../base/errors.ts'
import { Rd, virtualTemperature } from './constants.ts'
import type { Field } from './differences.ts'
import type { Grid } from './grid.ts'

/** A column of levels, top down or bottom up: every field [levels, points]. */
export interface Column {
  /** Pressures, hPa. */
  levels: readonly number[]
  /** m2 s-2 */
  geopotential: Field
  /** K */
  temperature: Field
  /** kg kg-1; dry air when left out. */
  humidity?: Field
}

/**
 * Relative hydrostatic residual of every layer between neighbouring levels: (dPhi/dlnp + R_d T_v) / (R_d
 * T_v), with dPhi/dlnp the difference over the layer and T_v the mean virtual temperature of its two levels
 * (exact for T_v linear in ln p, second order in the layer's thickness otherwise). [levels - 1, points], 0 in
 * balance, no units.
 */
export function hydrostaticResidual({ levels, geopotential, temperature, humidity }: Column): Float64Array {
  const layers = levels.length - 1
  if (layers < 1) throw new DataError('hydrostatic balance needs at least two levels')
  const points = geopotential.length / levels.length
  if (!Number.isInteger(points) || temperature.length !== geopotential.length)
    throw new ShapeError(
      `geopotential (${geopotential.length}) and temperature (${temperature.length}) are not on ${levels.length} levels`,
    )
  if (humidity && humidity.length !== temperature.length)
    throw new ShapeError(`humidity has ${humidity.length} values, temperature ${temperature.length}`)
  const virtual = (i: number) => virtualTemperature(temperature[i], humidity ? humidity[i] : 0)
  return Float64Array.from({ length: layers * points }, (_, i) => {
    const thickness = Math.log(levels[Math.floor(i / points) + 1] / levels[Math.floor(i / points)])
    const energy = (Rd * (virtual(i) + virtual(i + points))) / 2
    return ((geopotential[i + points] - geopotential[i]) / thickness + energy) / energy
  })
}

/**
 * Hydrostatic mismatch D = mean of |dPhi/dlnp + R_d T_v| / (R_d T_v) over all layers and the whole grid,
 * weighted by cell area (Align-DA, arXiv 2505.22008; all layers count the same). NaN points are left out.
 */
export function hydrostaticMismatch(column: Column, grid: Grid): number {
  const residual = hydrostaticResidual(column)
  if (residual.length !== (column.levels.length - 1) * grid.size)
    throw new ShapeError(
      `${column.geopotential.length} values are not ${column.levels.length} fields of ${grid.size}`,
    )
  const areas = grid.cellAreas()
  let sum = 0
  let weight = 0
  residual.forEach((x, i) => {
    if (Number.isNaN(x)) return
    const area = areas[Math.floor((i % grid.size) / grid.columns)]
    sum += area * Math.abs(x)
    weight += area
  })
  return sum / weight
}
