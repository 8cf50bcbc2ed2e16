import { checkSame, type Values } from './sample.ts'

/**
 * 100 x 2 sigmoid(-|D - D_truth|): 100 when a state is exactly as unbalanced as the truth, towards 0 as its
 * mismatch departs from the truth's. The form is reconstructed from Align-DA (arXiv 2505.22008), which prints
 * scores of 88.3 to 94.9 and no formula.
 */
export function balanceScore(mismatch: number, truthMismatch: number): number {
  return 200 / (1 + Math.exp(Math.abs(mismatch - truthMismatch)))
}

/** A balance score with the two mismatches it compares. */
export interface BalanceScore {
  /** 0..100. */
  score: number
  /** D of the state, no units. */
  mismatch: number
  /** D of the truth. */
  truth: number
}

/** Whether the state is NaN where the truth is not: such a state scores NaN, as every forecast that broke. */
export function isBroken(state: Values, truth: Values): boolean {
  checkSame(state, truth, 'state')
  return state.some((x, i) => Number.isNaN(x) && !Number.isNaN(truth[i]))
}
