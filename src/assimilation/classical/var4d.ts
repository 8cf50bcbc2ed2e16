import { ConfigError } from '../../base/errors.ts'
import type { BackgroundErrors } from './backgroundErrors.ts'
import { type ObservationErrors, stackErrors } from './observationErrors.ts'
import type { Linearised, Operator } from './operators.ts'
import { minimise, type VariationalAnalysis, type VariationalSettings } from './variational.ts'

/** Observations of one time of the window. */
export interface WindowObservations {
  /** Model steps after the start of the window, 0 or more. */
  readonly step: number
  readonly H: Operator
  readonly y: Float64Array
  readonly R: ObservationErrors
}

/** Background, model and the observations of a window, in vectors. */
export interface WindowProblem {
  /** Background at the start of the window, [n]. */
  readonly xb: Float64Array
  readonly B: BackgroundErrors
  /** One step of the model, [n] to [n], with its tangent-linear and adjoint. */
  readonly model: Operator
  readonly observations: readonly WindowObservations[]
}

/**
 * Strong-constraint 4D-Var: the state at the start of the window whose trajectory fits all observations in it, by
 * incremental Gauss-Newton outer loops (or L-BFGS). Le Dimet and Talagrand (1986),
 * doi:10.1111/j.1600-0870.1986.tb00459.x; Courtier et al. (1994), doi:10.1002/qj.49712051912.
 * Returns the analysis at the start of the window; run the model on from it for later times.
 */
export function var4d(
  { xb, B, model, observations }: WindowProblem,
  settings: VariationalSettings = {},
): Promise<VariationalAnalysis> {
  const inTime = observations.toSorted((a, b) => a.step - b.step)
  const y = new Float64Array(inTime.reduce((n, o) => n + o.y.length, 0))
  let at = 0
  for (const o of inTime) {
    y.set(o.y, at)
    at += o.y.length
  }
  const H = windowOperator(model, inTime)
  return minimise({ xb, B, H, y, R: stackErrors(inTime.map((o) => o.R)) }, settings)
}

/**
 * The operator from the state at the start of a window to all its observations in a row: the model run on, observed
 * at each `step` (in rising order). Its adjoint is one sweep back in time. Throws ConfigError for steps out of order.
 */
export function windowOperator(
  model: Operator,
  observations: readonly { readonly step: number; readonly H: Operator }[],
): Operator {
  observations.forEach(({ step }, i) => {
    if (!Number.isInteger(step) || step < (observations[i - 1]?.step ?? 0))
      throw new ConfigError(
        `observation time ${i} of the window is step ${step}: steps are 0 or more and rise`,
      )
  })
  const outputs = observations.reduce((n, { H }) => n + H.outputs, 0)
  const last = observations.at(-1)?.step ?? 0

  const linearise = async (x0: Float64Array): Promise<Linearised> => {
    const value = new Float64Array(outputs)
    const steps: Linearised[] = []
    const observed: { H: Linearised; start: number; step: number; outputs: number }[] = []
    let x = x0
    let start = 0
    for (let k = 0; ; k++) {
      for (const o of observations) {
        if (o.step !== k) continue
        const H = await o.H.linearise(x)
        value.set(H.value, start)
        observed.push({ H, start, step: k, outputs: o.H.outputs })
        start += o.H.outputs
      }
      if (k === last) break
      const M = await model.linearise(x)
      steps.push(M)
      x = M.value
    }
    return {
      value,
      async tangent(dx) {
        const dy = new Float64Array(outputs)
        let done = 0
        let d = dx
        for (const { H, start, step } of observed) {
          for (; done < step; done++) d = await steps[done].tangent(d)
          dy.set(await H.tangent(d), start)
        }
        return dy
      },
      async adjoint(dy) {
        let sensitivity = new Float64Array(x0.length)
        let at = last
        for (const { H, start, step, outputs } of observed.toReversed()) {
          for (; at > step; at--) sensitivity = Float64Array.from(await steps[at - 1].adjoint(sensitivity))
          const pulled = await H.adjoint(dy.subarray(start, start + outputs))
          sensitivity = sensitivity.map((s, i) => s + pulled[i])
        }
        for (; at > 0; at--) sensitivity = Float64Array.from(await steps[at - 1].adjoint(sensitivity))
        return sensitivity
      },
    }
  }

  return {
    inputs: model.inputs,
    outputs,
    linearise,
    async apply(x0) {
      const value = new Float64Array(outputs)
      let x = x0
      let k = 0
      let start = 0
      for (const { step, H } of observations) {
        for (; k < step; k++) x = await model.apply(x)
        value.set(await H.apply(x), start)
        start += H.outputs
      }
      return value
    },
  }
}
