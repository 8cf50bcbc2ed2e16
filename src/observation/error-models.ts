import { DataError, didYouMean } from '../base/errors.ts'
import { type ErrorTable, errorAt } from '../io/ncep/error-table.ts'
import type { ObservationTable } from '../io/observations/table.ts'
import { observedVariables } from '../io/observations/variables.ts'
import { saturationHumidities } from './humidity.ts'
import { assumedError } from './quality/limits.ts'

/** The standard deviation of each row's error in SI units (degrees for directions); NaN where the model has none. */
export type ErrorModel = (table: ObservationTable) => Float64Array

/** One number a variable, SI units, at all levels. Throws DataError for a variable that is not one. */
export function constantErrors(sigma: Readonly<Record<string, number>>): ErrorModel {
  checkVariables(sigma)
  return ({ variable }) => Float64Array.from(variable, (code) => sigma[code] ?? Number.NaN)
}

/** The errors that came with the observations. */
export const reportedErrors: ErrorModel = (table) => table.error.slice()

/** Errors of the size that observations of a variable usually have; NaN for one that is not known. */
export const usualErrors: ErrorModel = ({ variable }) => Float64Array.from(variable, assumedError)

/**
 * NCEP's error table by report type and pressure. Errors of humidity, which the table gives relative to saturation,
 * are made specific by the temperature of the same level (NaN where there is none).
 */
export function ncepErrors(errors: ErrorTable): ErrorModel {
  return (table) => {
    const saturation = saturationHumidities(table)
    return Float64Array.from(table.variable, (code, i) => {
      const at = (name: string) => errorAt(errors, table.reportType[i], name, table.pressure[i])
      if (code === 'q' || code === 'q2m') return at('rh') * saturation[i]
      return ['t', 'tv', 't2m', 'tv2m', 'u', 'v', 'u10', 'v10', 'ps', 'pw'].includes(code)
        ? at(code)
        : Number.NaN
    })
  }
}

/** For each row the first of the models that has an error for it. */
export function firstOf(...models: readonly ErrorModel[]): ErrorModel {
  return (table) => {
    const all = models.map((model) => model(table))
    return Float64Array.from(table.variable, (_, i) => (all.find((e) => !Number.isNaN(e[i])) ?? all[0])[i])
  }
}

/**
 * Errors of a model that does not resolve what instruments see: sqrt(sigma^2 + s^2) with s by variable, SI units
 * (variables not named stay as they are), then times `factor`.
 */
export function withRepresentativeness(
  model: ErrorModel,
  representativeness: Readonly<Record<string, number>>,
  factor = 1,
): ErrorModel {
  checkVariables(representativeness)
  return (table) =>
    model(table).map((sigma, i) => factor * Math.hypot(sigma, representativeness[table.variable[i]] ?? 0))
}

/**
 * The table with the errors of a model, the usual ones where it has none.
 * @param of where the table is from, for the message
 * @throws DataError for the first error of zero or less, naming row and station
 */
export function withErrors(table: ObservationTable, model: ErrorModel, of = 'the table'): ObservationTable {
  const error = firstOf(model, usualErrors)(table)
  const bad = error.findIndex((e) => e <= 0)
  if (bad >= 0)
    throw new DataError(
      `${of}: row ${bad + 1} (${table.variable[bad]} at station '${table.station[bad]}') has an error of ${error[bad]}; it must be above zero, or empty for the usual one, or given (--obs-errors)`,
    )
  return { ...table, error }
}

function checkVariables(given: Readonly<Record<string, number>>) {
  for (const [code, sigma] of Object.entries(given)) {
    if (!observedVariables[code])
      throw new DataError(
        `'${code}' is no observed variable${didYouMean(code, Object.keys(observedVariables))}`,
      )
    if (!(sigma >= 0 && Number.isFinite(sigma)))
      throw new DataError(`the error of ${code} is ${sigma}; it must be 0 or more`)
  }
}
