import { htmlPage, type Section } from '../../report/html.ts'
import { comparison, finestWave, spectra } from './figures.ts'
import { analysisMaps } from './maps.ts'
import type { Demo, DemoResult } from './run.ts'
import { balanceRows, departureRows, scoreRows, verdict } from './tables.ts'

/** A self-contained page of a demo. */
export function demoReport(demo: Demo, { command, seconds }: { command: string; seconds: number }): string {
  const { options, results, stations, columns, observations, rejected, latentFloor } = demo
  const date = (t: number) => `${new Date(t).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const left = rejected.reduce((sum, { count }) => sum + count, 0)
  const [variational, guided] = ['3D-Var', 'guided prior'].map(
    (wanted) => results.find(({ name }) => name === wanted) as DemoResult,
  )
  const sections: Section[] = [
    {
      title: 'What it comes to',
      blocks: [
        {
          kind: 'text',
          text: `A forecast made 48 hours earlier, the background, is corrected by ${observations} observations in the ${columns} grid columns nearest to ${stations.length} radiosonde stations. ${verdict(demo)}`,
        },
        {
          kind: 'figures',
          columns: 3,
          drawings: comparison(demo),
          caption: `Error of each analysis at ${date(options.time)}, of the background 100. The unguided prior has seen no observation. One date: what separates methods by a few per cent may be chance; docs/method.md compares them on 40 dates.`,
        },
        {
          kind: 'text',
          text: `The truth is known because the world is a model: a nature run of SPEEDY, an intermediate-complexity general circulation model, on 64 x 32 points. Its weather is calmer and smoother than the real weather, the observations are simulated from it at real station positions, with all ${demo.world.channels.length} channels in every column and errors that the methods know exactly. Real analyses are harder; these numbers do not carry over to them.`,
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
          caption: `At ${date(options.time)}. MSE of the estimate and of single members over all channels, normalised; RMSE of the estimate latitude-weighted; fair CRPS, normalised; spread/skill is 1 for a reliable ensemble. The estimate is the mean of the members, of both 3D-Vars the minimum of their costs; of a single state CRPS is its absolute error. The truth itself, encoded and decoded, has an MSE of ${latentFloor.toPrecision(2)}: no analysis in this latent space can be expected to do better.`,
        },
        {
          kind: 'table',
          rows: balanceRows(demo),
          digits: 3,
          caption:
            "Geostrophic and hydrostatic mismatch of single members: the nearer to the truth's the better. Preference optimisation rewards accuracy, the forecast and geostrophic balance.",
        },
        ...(results[0].forecast
          ? [
              {
                kind: 'table' as const,
                rows: scoreRows(demo, 'forecast'),
                digits: 3,
                caption: `48-h forecasts from the estimates, verified at ${date(options.time + 48 * 3.6e6)}.`,
              },
            ]
          : []),
        {
          kind: 'text',
          text: results.map(({ name, what }) => `${name}: ${what}.`).join('\n\n'),
        },
      ],
    },
    ...['z500', 't850', 'u10'].map(
      (name): Section => ({
        title: `Maps of ${name}`,
        blocks: [
          {
            kind: 'figures',
            columns: 3,
            drawings: analysisMaps(demo, guided, variational, name),
            caption: `${date(options.time)}, analysis by the guided prior${results.at(-1) === guided ? '' : ', whose mean alignment hardly changes'}. The last map is blue where it is nearer to the truth than 3D-Var and red where it is farther, on colours of its own.`,
          },
        ],
      }),
    ),
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
        {
          kind: 'figures',
          columns: 2,
          drawings: spectra(demo),
          caption: `Waves 1 to ${finestWave}. SPEEDY is truncated at 30 and damped before it, so that the truth has next to no energy in finer ones; the networks leave some there.`,
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
          text: `Seed ${options.seed}, ${options.members} members (3D-Var: one), background from the true state of ${date(options.time - 48 * 3.6e6)}; ${seconds.toFixed(0)} s in all. The same seed gives the same numbers on the same machine.`,
        },
      ],
    },
  ]
  return htmlPage({
    title: 'An analysis by align-da',
    lead: `${date(options.time)} · a model world, calmer than the real one`,
    sections,
  })
}
