import { inOrder, methodName } from '../../src/experiments/osse/names.ts'
import { densitiesOf, type Row } from './comparison.ts'
import { type Density, densityName, details, fixed, percent, table } from './markdown.ts'

/** What alignment changes: (reference - aligned) / reference by density, for each guidance and aligned prior. */
export function gains(rows: readonly Row[]): string {
  const aligned = inOrder(rows.filter((r) => r.model !== 'base'))
  if (!aligned.length) return '_No aligned prior has been evaluated for this page yet._'
  const densities = [0, ...densitiesOf(rows)] as Density[]
  const names = [...new Set(aligned.map((r) => JSON.stringify([r.method, r.model])))].filter(
    (name) => JSON.parse(name)[0] !== 'none',
  )
  const models = new Set(aligned.map((r) => r.model))
  const cells = (method: string, model: string, cell: (row: Row, base: Row) => string) =>
    densities.map((density) => {
      // Without observations every guidance is the prior itself.
      const of = (m: string) =>
        rows.find(
          (r) => r.model === m && r.density === density && r.method === (density === 0 ? 'none' : method),
        )
      const [row, base] = [of(model), of('base')]
      return row && base ? cell(row, base) : '–'
    })
  const list = (title: string, cell: (row: Row, base: Row) => string) =>
    `**${title}**\n\n${table(
      ['guidance, prior', ...densities.map(densityName)],
      names.map((name) => {
        const [method, model] = JSON.parse(name) as [string, string]
        return [methodName(method, model), ...cells(method, model, cell)]
      }),
    )}`
  const change = (score: string) => (row: Row, base: Row) =>
    percent((Number(base[score]) - Number(row[score])) / Number(base[score]))
  const interval = (score: string) => (row: Row) =>
    `${percent(row[score])} (${percent(row[`${score}Low`])}, ${percent(row[`${score}High`])})`
  const both = (score: string, places: number) => (row: Row, base: Row) =>
    `${fixed(base[score], places)} → ${fixed(row[score], places)}`
  return [
    `${aligned[0].dates} dates, observation errors of ${Math.max(...aligned.map((r) => r.noise))}; by how much errors with the aligned priors ${[...models].join(', ')} are lower than with the reference.`,
    list('MSE of single members, %', (row) => percent(row.gain)),
    list('MSE of their 48-hour forecasts, %', (row) => percent(row.fcGain)),
    details(
      'Intervals of 95 %',
      [
        list('MSE of single members, %', interval('gain')),
        list('MSE of their 48-hour forecasts, %', interval('fcGain')),
      ].join('\n\n'),
    ),
    details(
      'The mean of the members, CRPS, z500, spread and balance',
      [
        list('MSE of the mean, %', change('meanMse')),
        list('CRPS, %', change('crps')),
        list('z500 of single members, RMSE, %', change('z500')),
        list('Spread over skill', both('spreadSkill', 2)),
        list('Geo-Score of single members', both('geo', 2)),
      ].join('\n\n'),
    ),
  ].join('\n\n')
}
