import { DataError } from '../base/errors.ts'
import type { World } from '../forecast/world.ts'
import type { Observations } from './assimilator.ts'

/**
 * Standard deviations that the values of a channel are from its mean, on average and at most: 0.7 to 1.2 and 30 (humidity
 * at 100 hPa) in states of the nature run; 14 for 2 m temperatures in degrees Celsius, hundreds for any in K.
 */
const farthest = { average: 6, single: 200 }

/**
 * Standard deviations by which more than a share of the observations miss the background. States of the nature run
 * half a year apart differ by less than 15 but for 1 of 2,000 values of humidity at 100 hPa. A temperature in K taken
 * for a normalised one misses by 200 and more, a normalised one taken for K by 17.
 */
const mostMissed = 14
const share = 0.1

/**
 * States that no atmosphere has: of other units, or with values that stand for missing ones. A normaliser that changes
 * nothing has no others.
 * @throws DataError naming the channel, and the remedy
 */
export function refuseOtherUnitsOfState(
  states: Float32Array,
  { channels, grid, normaliser }: World,
  what: string,
  remedy = 'States are normalised: world.normaliser.normalise(state, world.grid.size) makes them of SI units',
): void {
  const { mean, std } = normaliser.select(channels.names)
  for (let at = 0; at < states.length; at += grid.size) {
    const channel = (at / grid.size) % channels.length
    if (mean[channel] === 0 && std[channel] === 1) continue
    let [sum, most] = [0, 0]
    for (let i = at; i < at + grid.size; i++) {
      sum += Math.abs(states[i])
      most = Math.max(most, Math.abs(states[i]))
    }
    const average = sum / grid.size
    if (average > farthest.average || most > farthest.single)
      throw new DataError(
        `${what} has ${channels.names[channel]} ${average.toPrecision(3)} standard deviations from its mean on average and ${most.toPrecision(3)} at most, which no atmosphere has. ${remedy}`,
      )
  }
}

/**
 * Observations or errors in SI units where the operator's are normalised, or the other way round.
 * @param state normalised background, [channel, latitude, longitude]
 * @throws DataError naming the first observation
 */
export function refuseOtherUnits({ operator, y, R, table }: Observations, state: Float32Array): void {
  const { outputs: m, units, deviation, scale } = operator
  if (m === 0) return
  const Hx = operator.apply(state)
  const missed = Array.from(operator.innovation(y, Hx), (d, i) => Math.abs(d) / Math.hypot(deviation[i], R.sigma[i])) // biome-ignore format: one formula
  const far = missed.flatMap((d, i) => (d > mostMissed ? [i] : []))
  const name = (i: number) => `observation ${i}${table ? ` (${table.variable[i]})` : ''}`
  const remedy =
    units === 'normalised'
      ? 'operator.toUnits(values) makes y of SI units'
      : 'an operator built with units: normalised takes normalised ones'
  if (far.length > share * m)
    throw new DataError(
      `${far.length} of ${m} observations miss the background by more than ${mostMissed} standard deviations: ${name(far[0])} is ${y[far[0]].toPrecision(4)}, H(x_b) ${Hx[far[0]].toPrecision(4)} in the operator's ${units} units; ${remedy}`,
    )
  // Errors that are the table's to the last bit have not been brought to the operator's units.
  const unscaled =
    table && scale.every((s) => s !== 1) && table.error.every((e, i) => Math.abs(e / R.sigma[i] - 1) < 1e-12)
  if (unscaled)
    throw new DataError(
      `R has the table's errors in SI units (${name(0)}: ${R.sigma[0]}), the operator normalised units: errorCovariance(table, table.error, { scale: operator.scale })`,
    )
}
