import { DataError } from '../base/errors.ts'
import type { Dataset, Variable } from './dataset.ts'

/** What datasets of ensembles call the dimension of their members (CF: `realization`; ECMWF: `number`). */
const names = ['realization', 'number', 'member', 'ensemble', 'ensemble_member']

/** Whether a dimension has that name. */
export const isOfMembers = (dimension: string): boolean => names.includes(dimension)

/** The dimension of a dataset's members and their number, if it has any. */
export function ensembleOf({ dimensions }: Dataset): { dimension: string; count: number } | undefined {
  const dimension = names.find((name) => dimensions.has(name))
  return dimension === undefined ? undefined : { dimension, count: dimensions.get(dimension) as number }
}

/** The same. @throws DataError for a dataset that has none */
export function requireEnsemble(dataset: Dataset): { dimension: string; count: number } {
  const found = ensembleOf(dataset)
  if (found) return found
  throw new DataError(`${dataset.location} has no members: it has no dimension ${names.join(', ')}`)
}

/**
 * A dataset as if one member of its ensemble were all of it. `NAME_members`, as analyses hold them, become NAME; the
 * mean is then not in it.
 * @param member from 1 up, by its place in the file
 * @throws DataError for a dataset without such a member
 */
export function memberOf(dataset: Dataset, member: number): Dataset {
  const { location, format, attributes, dimensions } = dataset
  const { dimension, count } = requireEnsemble(dataset)
  if (!Number.isInteger(member) || member < 1 || member > count)
    throw new DataError(`${location} has no member ${member}: it has 1 to ${count}`)
  const variables = new Map<string, Variable>()
  for (const variable of dataset.variables.values())
    if (variable.dimensions.length === 1 || !variable.dimensions.includes(dimension))
      variables.set(variable.name, variable)
  for (const variable of dataset.variables.values()) {
    if (variables.get(variable.name) === variable) continue
    const one = picked(variable, dimension, member - 1)
    variables.set(one.name, one)
  }
  return { location, format, attributes, dimensions, variables, close: () => dataset.close() }
}

function picked(variable: Variable, dimension: string, index: number): Variable {
  const { dtype, storedDtype, attributes, units, chunks } = variable
  const kept = <T>(values: readonly T[]) =>
    values.filter((_, axis) => variable.dimensions[axis] !== dimension)
  return {
    ...{ dtype, storedDtype, attributes, units },
    name: variable.name.replace(/_members$/, ''),
    dimensions: kept(variable.dimensions),
    shape: kept(variable.shape),
    chunks: chunks && kept(chunks),
    read: (selection) => variable.read({ ...selection, [dimension]: index }),
  }
}
