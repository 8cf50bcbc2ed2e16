import { DataError } from '../../base/errors.ts'

/** The fields of a line of blank-separated numbers and words. */
export const fieldsOf = (line: string): string[] => line.trim().split(/\s+/)

/** A finite number, also in Fortran's forms 0.110D+04 and 75. */
export function numberOf(field: string, where: string): number {
  const text = field.replace(/[dD]/, 'E')
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(E[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw new DataError(`${where}: '${field.slice(0, 40)}' is not a number`)
  return value
}
