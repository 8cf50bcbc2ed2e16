import { seriesColour } from '../../report/chart.ts'
import { dotChart } from '../../report/distributionCharts.ts'
import { lineChart } from '../../report/lineChart.ts'
import { theme } from '../../report/theme.ts'
import { zonalSpectrum } from '../../verification/spectrum.ts'
import type { Demo, DemoResult } from './run.ts'

/** The background is grey, every method has a colour of its own in all figures. */
const colourOf = (k: number) => (k === 0 ? theme.muted : seriesColour(k - 1))

/** A dot plot a measure: the error of each method in per cent of the background's. */
export function comparison({ results }: Demo): { svg: string; alt: string }[] {
  const measures: [string, (r: DemoResult) => number | undefined][] = [
    ['MSE, all channels', ({ scores }) => scores.mse],
    ['RMSE of z500', ({ scores }) => scores.rmse.z500],
    ['RMSE of t850', ({ scores }) => scores.rmse.t850],
  ]
  return measures.flatMap(([title, measure]) => {
    const reference = measure(results[0])
    if (!reference) return []
    const dots = results.map((result, k) => ({
      name: result.name,
      value: (100 * (measure(result) as number)) / reference,
      colour: colourOf(k),
    }))
    const svg = dotChart({ title, dots, reference: 100, xLabel: "% of the background's" })
    return [{ svg, alt: `${title} of each method in per cent of the background's` }]
  })
}

/** Finer waves of the nature run, truncated at 30 and damped before it, have next to no energy to compare with. */
export const finestWave = 20

/** Kinetic energy at 500 hPa over that of the truth, by zonal wavenumber: of single members, and of the estimates. */
export function spectra(demo: Demo): { svg: string; alt: string }[] {
  const { truth, results } = demo
  const reference = energy(demo, truth)
  const x = Array.from({ length: Math.min(finestWave, reference.length - 1) }, (_, k) => k + 1)
  const ratio = (states: Float32Array) => {
    const of = energy(demo, states)
    return x.map((k) => of[k] / reference[k])
  }
  const chart = (title: string, subtitle: string, states: (r: DemoResult) => Float32Array | undefined) => ({
    alt: title,
    svg: lineChart({
      ...{ title, subtitle, width: 500, height: 300, log: 'x', rules: [1] },
      ...{
        xTicks: [1, 2, 5, 10, 20],
        xLabel: 'Zonal wavenumber',
        yLabel: "Kinetic energy at 500 hPa over the truth's",
      },
      series: results.flatMap((result, k) => {
        const given = states(result)
        return given ? [{ name: result.name, colour: colourOf(k), x, y: ratio(given) }] : []
      }),
    }),
  })
  return [
    chart('Single members', 'A good member has 1 at every scale', (r) =>
      r.analysis ? r.analysis.states : r.mean,
    ),
    chart('Estimates', 'What is uncertain is averaged out: below 1 is no fault', (r) => r.mean),
  ]
}

/** Kinetic energy at 500 hPa by zonal wavenumber, averaged over normalised states [members, channel, lat, lon]. */
function energy({ world, truth }: Demo, states: Float32Array): Float64Array {
  const { grid, channels, normaliser } = world
  const members = states.length / truth.length
  const sum = new Float64Array(grid.columns / 2 + 1)
  for (const name of ['u500', 'v500']) {
    const { std, mean } = normaliser.select([name])
    for (let m = 0; m < members; m++) {
      const at = m * truth.length + channels.index(name) * grid.size
      const field = Float64Array.from(states.subarray(at, at + grid.size), (v) => v * std[0] + mean[0])
      zonalSpectrum(field, grid).forEach((e, k) => {
        sum[k] += e / 2 / members
      })
    }
  }
  return sum
}
