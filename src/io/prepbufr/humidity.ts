import { epsilon, zeroCelsius } from '../../atmosphere/constants.ts'

/**
 * Specific humidity of saturated air over water, kg/kg, at a temperature in K and a pressure in Pa:
 * e_s = 611.2 Pa exp(17.67 t / (t + 243.5)), t in degrees Celsius (Bolton 1980, Mon. Wea. Rev. 108, eq. 10),
 * q_s = eps e_s / (p - (1 - eps) e_s). At most 1 where water would boil.
 */
export function saturationHumidity(temperature: number, pressure: number): number {
  const t = temperature - zeroCelsius
  const e = 611.2 * Math.exp((17.67 * t) / (t + 243.5))
  return e >= pressure ? 1 : (epsilon * e) / (pressure - (1 - epsilon) * e)
}
