/**
 * Physical constants, SI units. Values follow the ECMWF IFS documentation, Part IV "Physical Processes",
 * chapter "Basic physical constants and thermodynamic functions", so that diagnostics agree with ERA5, unless
 * another source is named.
 */

/** Standard gravity, m s-2 (exact by definition; CGPM 1901). Geopotential height = geopotential / g. */
export const g = 9.80665

/** Mean radius of the Earth, m (IFS, ERA5, WMO GRIB shape of the Earth 6 is 6371229). */
export const earthRadius = 6_371_229

/**
 * Angular velocity of the Earth, s-1 (2 pi / sidereal day of 86164.0905 s; IERS Conventions 2010).
 */
export const omega = 7.292115e-5

/** Molar gas constant, J mol-1 K-1: Avogadro times Boltzmann as the IFS has them (CODATA 1986). */
const molarGas = 6.0221367e23 * 1.380658e-23

/** Gas constant of dry air, J kg-1 K-1 (molar mass 28.9644 g mol-1, IFS). */
export const Rd = molarGas / 28.9644e-3

/** Gas constant of water vapour, J kg-1 K-1 (molar mass 18.0153 g mol-1, IFS). */
export const Rv = molarGas / 18.0153e-3

/** R_d / R_v, about 0.622. */
export const epsilon = Rd / Rv

/**
 * Heat capacity of dry air at constant pressure, J kg-1 K-1 (7/2 R_d, an ideal diatomic gas, as in the IFS).
 */
export const cp = 3.5 * Rd

/** R_d / c_p = 2/7. */
export const kappa = Rd / cp

/** 0 degrees Celsius in kelvin (exact). */
export const zeroCelsius = 273.15

/** Reference pressure of potential temperature, Pa. */
export const referencePressure = 100_000

/** Virtual temperature T (1 + (1/eps - 1) q), K, of temperature (K) and specific humidity (kg kg-1). */
export function virtualTemperature(temperature: number, specificHumidity: number): number {
  return temperature * (1 + (1 / epsilon - 1) * specificHumidity)
}

/** Coriolis parameter 2 Omega sin(latitude), s-1, of a latitude in degrees. */
export function coriolis(latitude: number): number {
  return 2 * omega * Math.sin((latitude * Math.PI) / 180)
}
