import { DataError } from '../base/errors.ts'
import type { Recipe } from './operator.ts'

/** @throws DataError for the first recipe that does not fit a state of `inputs` values or itself */
export function checkRecipes(recipes: readonly Recipe[], inputs: number): void {
  recipes.forEach((recipe, i) => {
    const wrong = faultOf(recipe, inputs)
    if (wrong) throw new DataError(`recipe ${i}: ${wrong}`)
  })
}

function faultOf(
  { predictors, quantity, constant = 0, period = 0, mean, std }: Recipe,
  inputs: number,
): string | undefined {
  if (predictors.length === 0) return 'there is no predictor'
  if (!quantity && predictors.length > 1)
    return `${predictors.length} predictors need a quantity; a weighted sum of values is one predictor`
  for (const [k, { indices, weights, offset }] of predictors.entries()) {
    if (indices.length !== weights.length)
      return `predictor ${k} has ${indices.length} indices and ${weights.length} weights`
    const outside = indices.find((j) => !(Number.isInteger(j) && j >= 0 && j < inputs))
    if (outside !== undefined)
      return `predictor ${k} has the index ${outside}; those of a state are 0 to ${inputs - 1}`
    const odd = [...weights, offset].find((v) => !Number.isFinite(v))
    if (odd !== undefined) return `predictor ${k} has ${odd} among its weights and offset`
  }
  if (!(std > 0 && std < Infinity)) return `std is ${std}; it must be above zero`
  if (!(period >= 0 && period < Infinity)) return `period is ${period}; it must be above zero, or left out`
  for (const [name, value] of Object.entries({ constant, mean }))
    if (!Number.isFinite(value)) return `${name} is ${value}; it must be a finite number`
  return undefined
}
