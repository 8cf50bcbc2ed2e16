import { inOrder, methodName } from '../../src/experiments/osse/names.ts'
import { type Density, densityName, details, fixed, table } from './markdown.ts'

/** A row of osse.json or alignment.json. */
export interface Row {
  readonly method: string
  readonly model: string
  readonly density: Density
  readonly noise: number
  readonly dates: number
  readonly [score: string]: unknown
}

/** Densities in their order, those of random columns first. */
export const densitiesOf = (rows: readonly Row[]) =>
  [...new Set(rows.map((r) => r.density).filter((d) => d !== 0))].sort(
    (a, b) => Number(typeof a === 'string') - Number(typeof b === 'string') || Number(a) - Number(b),
  )

/** A score of every method by density; what uses no observations is the same at all. The least error is in bold. */
function byDensity(
  rows: readonly Row[],
  { noise, score, places, error = true }: { noise: number; score: string; places: number; error?: boolean },
): string {
  const densities = densitiesOf(rows)
  const methods = [...new Set(inOrder(rows).map((r) => r.method))]
  const value = (method: string, d: Density) =>
    rows.find((r) => r.method === method && (r.density === 0 || (r.density === d && r.noise === noise)))?.[
      score
    ]
  const columns = densities.map((d) => {
    const texts = methods.map((m) => fixed(value(m, d), places))
    const best = Math.min(...texts.map(Number).filter(Number.isFinite))
    return texts.map((t) => (error && Number(t) === best ? `**${t}**` : t))
  })
  return table(
    ['method', ...densities.map(densityName)],
    methods.map((m, i) => [methodName(m), ...columns.map((c) => c[i])]),
  )
}

const channels = [
  ['u10', 'u10, RMSE in m/s', 3],
  ['v500', 'v500, RMSE in m/s', 3],
  ['z500', 'z500, RMSE in m²/s²', 1],
  ['t850', 't850, RMSE in K', 3],
] as const
const upper = (s: string) => `${s[0].toUpperCase()}${s.slice(1)}`

/** Errors of the mean first; single members, channels and the other scores folded. */
export function comparison(rows: readonly Row[]): string {
  if (!rows.length)
    return '_Our table is made by `align-da evaluate --config configs/osse.yaml`, which has not been run for this page._'
  const noises = [...new Set(rows.filter((r) => r.density !== 0).map((r) => r.noise))].sort((a, b) => b - a)
  const of = (noise: number) => (noise ? `observation errors of ${noise}` : 'observations without error')
  // A minimum is no sample, so it has no place among single members.
  const sampled = rows.filter((r) => r.members !== 1)
  const parts = noises.flatMap((noise) => {
    const list = (own: readonly Row[], scores: readonly (readonly [string, string, number])[]) =>
      scores
        .map(([score, title, places]) => {
          const error = !/geo$/i.test(score)
          return `**${title}**\n\n${byDensity(own, { noise, score, places, error })}`
        })
        .join('\n\n')
    return [
      `#### ${upper(of(noise))}`,
      list(rows, [
        ['meanMse', 'MSE of the analysis', 5],
        ['fcMeanMse', 'MSE of the 48-hour forecast from it', 5],
      ]),
      details(
        `Channels and Geo-Score, ${of(noise)}`,
        list(rows, [
          ...channels.map(([name, title, places]) => [`mean${upper(name)}`, title, places] as const),
          ['fcMeanZ500', 'z500 of the 48-hour forecast, RMSE in m²/s²', 1],
          ['meanGeo', 'Geo-Score of the analysis (larger is better)', 2],
        ]),
      ),
      details(
        `Single members, as in the paper, ${of(noise)}`,
        list(sampled, [
          ['mse', 'MSE', 5],
          ['mae', 'MAE', 4],
          ...channels,
          ['fcMse', 'MSE of the 48-hour forecast', 5],
          ['geo', 'Geo-Score (larger is better)', 2],
        ]),
      ),
    ]
  })
  const note =
    'The analysis of an ensemble method is the mean of its members; that of 3D-Var and latent 3D-Var, which have no members, is the minimum of a cost.'
  return `${rows[0].dates} dates. ${note} Errors are means of squares of normalised values; the least is in bold.\n\n${parts.join('\n\n')}`
}
