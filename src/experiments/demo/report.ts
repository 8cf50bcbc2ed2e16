import { htmlPage, type Section } from '../../report/html.ts'
import type { Row } from '../../report/table.ts'
import { analysisMaps, spectra } from './figures.ts'
import type { Demo, DemoResult } from './run.ts'
import { shownChannels } from './verify.ts'

const units: Readonly<Record<string, string>> = {
  u10: 'm/s',
  v500: 'm/s',
  z500: 'm²/s²',
  t850: 'K',
}

/** The rows of the score table, at the time of the analysis or of the forecast from it. */
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
      geostrophic: s.geostrophic,
      hydrostatic: s.hydrostatic,
    }
    return [
      { ' ': result.name, MSE: s.mse, ...Object.fromEntries(errors), ...(which === 'scores' && ensemble) },
    ]
  })
}

/** O-B and O-A of each method over all observations of a variable, normalised units. */
function departureRows({ results }: Demo): Row[] {
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

/** A self-contained page of a demo. */
export function demoReport(demo: Demo, { command, seconds }: { command: string; seconds: number }): string {
  const { options, results, stations, columns, observations, rejected, latentFloor } = demo
  const date = (t: number) => `${new Date(t).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const best = results.at(-1) as DemoResult
  const background = results[0]
  const gain = 1 - best.scores.mse / background.scores.mse
  const { truth } = background.scores
  const left = rejected.reduce((sum, { count }) => sum + count, 0)
  const sections: Section[] = [
    {
      title: 'What this is',
      blocks: [
        {
          kind: 'text',
          text: `A forecast made 48 hours earlier (the background) is corrected by ${observations} observations in the ${columns} grid columns nearest to ${stations.length} radiosonde stations. The ${best.name} ${gain >= 0 ? 'lowers' : 'raises'} its mean squared error by ${Math.abs(100 * gain).toFixed(0)} per cent.

The truth is known because the world is a model: a nature run of SPEEDY, an intermediate-complexity general circulation model, on 64 x 32 points. Its weather is calmer and smoother than the real weather, the observations are simulated from it at real station positions, with all ${demo.world.channels.length} channels in every column and errors that the methods know exactly. Real analyses are harder; these numbers do not carry over to them. It is one date: differences of a few per cent between methods mean nothing here.`,
        },
      ],
    },
    {
      title: 'Scores',
      blocks: [
        {
          kind: 'table',
          rows: scoreRows(demo),
          digits: 3,
          caption: `At ${date(options.time)}. MSE of the ensemble mean and of single members over all channels, normalised; RMSE of the mean latitude-weighted; fair CRPS, normalised; spread/skill is 1 for a reliable ensemble. Geostrophic and hydrostatic are mismatches of balance; the truth's own are ${truth.geostrophic.toPrecision(3)} (geostrophic) and ${truth.hydrostatic.toPrecision(3)} (hydrostatic): the nearer the better. The truth itself, encoded and decoded, has an MSE of ${latentFloor.toPrecision(2)}: no analysis in this latent space can be expected to do better.`,
        },
        ...(background.forecast
          ? [
              {
                kind: 'table' as const,
                rows: scoreRows(demo, 'forecast'),
                digits: 3,
                caption: `48-h forecasts from the means, verified at ${date(options.time + 48 * 3.6e6)}.`,
              },
            ]
          : []),
        {
          kind: 'text',
          text: results.map(({ name, what }) => `${name}: ${what}.`).join('\n\n'),
        },
      ],
    },
    {
      title: 'Maps',
      blocks: ['z500', 't850', 'u10'].map((name) => ({
        kind: 'figure' as const,
        svg: analysisMaps(demo, best, name),
        alt: `Truth, background, analysis, errors and spread of ${name}`,
      })),
    },
    {
      title: 'Fit to the observations',
      blocks: [
        {
          kind: 'table',
          rows: departureRows(demo),
          digits: 3,
          caption: `Observation minus background (O-B) and minus analysis (O-A), normalised units; the observation error is ${options.error}. The unguided prior has not seen the observations. ${left > 0 ? `Left out: ${[...new Set(rejected.map(({ reason }) => reason))].join(', ')} (${left}).` : ''}`,
        },
      ],
    },
    {
      title: 'Spectra',
      blocks: [
        { kind: 'figure', svg: spectra(demo), alt: 'Kinetic-energy spectra at 500 hPa' },
        {
          kind: 'text',
          text: 'SPEEDY is truncated at wavenumber 30 and damped before it, so that the truth has next to no energy in the finest waves of this grid; the networks leave some there.',
        },
      ],
    },
    {
      title: 'What was run',
      blocks: [
        { kind: 'code', text: command },
        {
          kind: 'table',
          rows: results.slice(1).map(({ name, settings, seconds }) => ({
            method: name,
            settings: Object.entries(settings)
              .map(([key, value]) => `${key} ${value}`)
              .join(', '),
            seconds: Math.round(seconds),
          })),
        },
        {
          kind: 'text',
          text: `Seed ${options.seed}, ${options.members} members, background from the true state of ${date(options.time - 48 * 3.6e6)}; ${seconds.toFixed(0)} s in all. The same seed gives the same numbers on the same machine.`,
        },
      ],
    },
  ]
  return htmlPage({
    title: 'An analysis by align-da',
    lead: `${date(options.time)} · a SPEEDY nature run, a model world calmer than reality`,
    sections,
  })
}
