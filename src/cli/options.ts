import { type Command, InvalidArgumentError, type Option } from 'commander'
import { ConfigError } from '../base/errors.ts'

/** A number of an option. */
export function numberOption(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

/** A whole number of at least 1. */
export function countOption(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.')
  return value
}

/** Of an option that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value]

/** Several numbers, separated by commas: `numbers(2)` for a pair. */
export const numbersOption =
  (count: number) =>
  (text: string): number[] => {
    const values = text.split(',').map(Number)
    if (values.length !== count || !values.every(Number.isFinite) || text.includes(',,'))
      throw new InvalidArgumentError(`It must be ${count} numbers with commas between them.`)
    return values
  }

/** `a..b` or a single value: both ends, as texts. */
export function rangeOption(text: string): [string, string] {
  const parts = text.split('..')
  if (parts.length > 2) throw new InvalidArgumentError('It must be one value or a range such as a..b.')
  return [parts[0], parts[1] ?? parts[0]]
}

/** `500` or `300..700` as numbers in order. */
export function numberRangeOption(text: string): [number, number] {
  const [a, b] = rangeOption(text).map(numberOption)
  return a <= b ? [a, b] : [b, a]
}

/** One of several words. */
export function choice<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((k) => k === value)
  if (!found) throw new ConfigError(`${name} must be ${known.join(', ')}; got ${JSON.stringify(value)}`)
  return found
}

/**
 * Options that would be without effect are refused rather than passed over.
 * @throws ConfigError that names those `without` effect which are on the command line, and why they have none
 */
export function refuseWithout(command: Command, without: (option: Option) => boolean, why: string): void {
  const given = command.options.filter(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli' && without(option),
  )
  if (given.length > 0)
    throw new ConfigError(`${given.map(({ long }) => long).join(' and ')}: without effect ${why}`)
}
