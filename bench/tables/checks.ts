import { fixed, table } from './markdown.ts'

export interface Lorenz96Row {
  readonly method: string
  readonly rmse: number
  readonly published: number
  readonly standardError: number
  readonly cycles: number
}

/** Time-mean analysis errors of classical methods beside the published ones. */
export function lorenz96(rows: readonly Lorenz96Row[]): string {
  if (!rows.length) return '_Made by `npm run eval:lorenz96`, which has not been run for this page._'
  return table(
    ['method', 'ours', 'standard error', 'published'],
    rows.map((r) => [r.method, fixed(r.rmse, 3), fixed(r.standardError, 3), String(r.published)]),
  )
}

const references = [
  ['persistence.mse6h', 'persistence, 6 h'],
  ['persistence.mse48h', 'persistence, 48 h'],
  ['forecast.mse6h', 'learned forecast, 6 h'],
  ['forecast.mse48h', 'learned forecast, 48 h'],
  ['background.mse', 'the 48-hour background'],
  ['autoencoder.mse', 'a true state, encoded and decoded'],
  ['prior.member.mse', 'a member of the prior without observations'],
  ['prior.mean.antithetic.mse', 'the mean of 16 members in mirrored pairs'],
] as const

/** Errors of the released models that analyses are to be seen against. */
export const referenceErrors = (models: Readonly<Record<string, unknown>>) =>
  table(
    ['what', 'MSE'],
    references.filter(([key]) => key in models).map(([key, name]) => [name, fixed(models[key], 5)]),
  )
