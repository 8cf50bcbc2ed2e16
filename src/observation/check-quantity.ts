import { DataError } from '../base/errors.ts'
import { evaluate } from '../tensor/evaluate.ts'
import { input } from '../tensor/index.ts'
import type { ObservedQuantity } from './quantities.ts'

/** Relative to the larger of two numbers: central differences in float64 reach 1e-9 or so. */
const tolerance = 1e-5

/**
 * Whether the three forms of a quantity agree at a point: `partials` with central differences of `value`, `tensor`
 * with `value`. Choose points as they occur, one on each side of a case distinction.
 * @param p values of its predictors, physical units
 * @throws DataError for the first that does not, with both numbers
 */
export function checkQuantity(quantity: ObservedQuantity, p: readonly number[], constant = 0): void {
  const value = quantity.value(p, constant)
  const partials = quantity.partials(p, constant)
  if (partials.length !== p.length)
    throw new DataError(`partials gives ${partials.length} numbers for ${p.length} predictors`)
  p.forEach((center, k) => {
    const step = 1e-5 * (Math.abs(center) || 1)
    const at = (shift: number) => quantity.value(p.with(k, center + shift), constant)
    const slope = (at(step) - at(-step)) / (2 * step)
    // What rounding of `value` alone makes of the difference.
    const rounding = (1e-14 * Math.abs(value)) / step
    if (!agree(partials[k], slope, rounding))
      throw new DataError(
        `partials gives ${partials[k]} for predictor ${k}; differences of value ${slope.toPrecision(6)}`,
      )
  })
  const inputs = [...p, constant].map((_, k) => input(`p${k}`, [1, 1], 'float64'))
  const known = new Map(
    inputs.map((t, k) => [t, { shape: [1, 1], data: Float64Array.of([...p, constant][k]) }]),
  )
  const [{ shape, data }] = evaluate([quantity.tensor(inputs.slice(0, -1), inputs[p.length])], known)
  if (shape.join() !== '1,1')
    throw new DataError(`tensor gives the shape [${shape.join(', ')}] for predictors of shape [1, 1]`)
  if (!agree(data[0], value)) throw new DataError(`tensor gives ${data[0]}, value ${value}`)
}

const agree = (a: number, b: number, rounding = 0) =>
  Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b)) + rounding
