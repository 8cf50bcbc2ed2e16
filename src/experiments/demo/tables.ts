import type { Row } from '../../report/table.ts'
import type { Demo } from './run.ts'
import { shownChannels } from './verify.ts'

const units: Readonly<Record<string, string>> = {
  u10: 'm/s',
  v500: 'm/s',
  z500: 'm²/s²',
  t850: 'K',
}

/** Errors of each method at the time of the analysis, with what its ensemble is worth, or of the forecast from it. */
export function scoreRows({ results }: Demo, which: 'scores' | 'forecast' = 'scores'): Row[] {
  return results.flatMap((result) => {
    const s = result[which]
    if (!s) return []
    const errors = shownChannels
      .filter((name) => s.rmse[name] !== undefined)
      .map((name) => [`${name} (${units[name]})`, s.rmse[name]])
    const ensemble = {
      "members' MSE": s.memberMse,
      CRPS: s.crps,
      'spread/skill': Number.isNaN(s.spreadSkill) ? undefined : s.spreadSkill,
    }
    return [
      { ' ': result.name, MSE: s.mse, ...Object.fromEntries(errors), ...(which === 'scores' && ensemble) },
    ]
  })
}

/** Mismatches of balance, the truth's first. */
export function balanceRows({ results }: Demo): Row[] {
  const row = (name: string, { geostrophic, hydrostatic }: { geostrophic: number; hydrostatic: number }) => ({
    ...{ ' ': name, geostrophic, hydrostatic },
  })
  return [row('truth', results[0].scores.truth), ...results.map(({ name, scores }) => row(name, scores))]
}

/** O-B and O-A of each method over all observations of a variable, normalised units. */
export function departureRows({ results }: Demo): Row[] {
  const methods = results.filter(({ analysis }) => analysis)
  const first = methods[0]?.analysis?.diagnostics.departures ?? []
  return first.map(({ kind, background }, k) => ({
    observed: kind,
    count: background.count,
    'O-B rms': background.rms,
    ...Object.fromEntries(
      methods.map(({ name, analysis }) => [
        `O-A rms, ${name}`,
        analysis?.diagnostics.departures[k]?.analysis.rms,
      ]),
    ),
  }))
}

/** What the comparison comes to, in a few sentences. */
export function verdict({ results }: Demo): string {
  const of = (wanted: string) => results.find(({ name }) => name === wanted)?.scores
  const [background, variational, latent, guided] = [
    'background', '3D-Var', 'latent 3D-Var', 'guided prior',
  ].map(of) // biome-ignore format: one list
  const aligned = of('aligned prior')
  if (!background || !variational || !latent || !guided) return ''
  const change = (a: number, b: number) =>
    `${Math.abs(100 * (a / b - 1)).toFixed(1)} per cent ${a > b ? 'above' : 'below'}`
  const first = `The squared error of the guided prior's mean is ${change(guided.mse, background.mse)} the background's, ${change(guided.mse, variational.mse)} that of 3D-Var and ${change(guided.mse, latent.mse)} that of latent 3D-Var.`
  if (!aligned) return first
  const than = (a: number, b: number) =>
    Math.abs(a / b - 1) < 5e-4
      ? 'the same'
      : `${Math.abs(100 * (a / b - 1)).toFixed(1)} per cent ${a > b ? 'higher' : 'lower'}`
  return `${first} With the aligned prior that of single members is ${than(aligned.memberMse, guided.memberMse)}, that of the mean ${than(aligned.mse, guided.mse)}.`
}
