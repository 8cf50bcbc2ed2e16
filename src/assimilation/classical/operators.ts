import { ShapeError } from '../../base/errors.ts'

/** A value now, or later: operators that run on a device answer with a promise. */
export type Maybe<T> = T | Promise<T>

/** An operator at one point: its value there, its tangent-linear and its adjoint. */
export interface Linearised {
  readonly value: Float64Array
  /** The Jacobian times a perturbation of the input: [inputs] to [outputs]. */
  tangent(dx: Float64Array): Maybe<Float64Array>
  /** The transposed Jacobian times a sensitivity to the output: [outputs] to [inputs]. */
  adjoint(dy: Float64Array): Maybe<Float64Array>
}

/** A differentiable map from [inputs] to [outputs]: an observation operator H, or a step of a model M. */
export interface Operator {
  readonly inputs: number
  readonly outputs: number
  apply(x: Float64Array): Maybe<Float64Array>
  linearise(x: Float64Array): Maybe<Linearised>
}

/** H x for a matrix H [outputs, inputs], row by row. Throws ShapeError. */
export function linearOperator(H: Float64Array, outputs: number, inputs: number): Operator {
  if (H.length !== outputs * inputs)
    throw new ShapeError(
      `a ${outputs} x ${inputs} operator needs ${outputs * inputs} numbers, not ${H.length}`,
    )
  const apply = (x: Float64Array) => {
    const y = new Float64Array(outputs)
    for (let i = 0; i < outputs; i++) for (let j = 0; j < inputs; j++) y[i] += H[i * inputs + j] * x[j]
    return y
  }
  const adjoint = (y: Float64Array) => {
    const x = new Float64Array(inputs)
    for (let i = 0; i < outputs; i++) for (let j = 0; j < inputs; j++) x[j] += H[i * inputs + j] * y[i]
    return x
  }
  return { inputs, outputs, apply, linearise: (x) => ({ value: apply(x), tangent: apply, adjoint }) }
}

/** The elements `indices` of a state of `inputs` elements. Throws ShapeError for one outside it. */
export function selection(indices: ArrayLike<number>, inputs: number): Operator {
  const at = Uint32Array.from(indices)
  const stray = at.findIndex((i) => i >= inputs)
  if (stray >= 0)
    throw new ShapeError(`observation ${stray} is of element ${at[stray]} of a state of ${inputs}`)
  const apply = (x: Float64Array) => Float64Array.from(at, (i) => x[i])
  const adjoint = (y: Float64Array) => {
    const x = new Float64Array(inputs)
    for (let i = 0; i < at.length; i++) x[at[i]] += y[i]
    return x
  }
  return {
    inputs,
    outputs: at.length,
    apply,
    linearise: (x) => ({ value: apply(x), tangent: apply, adjoint }),
  }
}
