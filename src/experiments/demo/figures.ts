import { spectrumChart } from '../../report/lineChart.ts'
import { mapFigure } from '../../report/mapFigure.ts'
import type { MapPanel } from '../../report/mapPanel.ts'
import { zonalSpectrum } from '../../verification/spectrum.ts'
import type { Demo, DemoResult } from './run.ts'

/** SVG of truth, background, analysis, increment, error and spread of one channel, SI units. */
export function analysisMaps(demo: Demo, result: DemoResult, name: string): string {
  const { world, truth, stations } = demo
  const { grid, channels } = world
  const c = channels.index(name)
  const { variable, level } = channels.channels[c]
  const { std, mean } = world.normaliser.select([name])
  const values = (f: (i: number) => number) =>
    Float64Array.from({ length: grid.size }, (_, i) => f(c * grid.size + i))
  const background = demo.results[0].mean
  const look = { variable: variable.name, level }
  const { latitude, longitude } = grid
  const panel = (title: string, kind: 'field' | 'difference' | 'magnitude', group: string, of: (i: number) => number): MapPanel => ({
    title,
    field: { ...{ latitude, longitude, values: values(of) }, ...look, kind, group },
  }) // biome-ignore format: one signature
  const full = (state: Float32Array) => (i: number) => state[i] * std[0] + mean[0]
  const minus = (a: Float32Array, b: Float32Array) => (i: number) => (a[i] - b[i]) * std[0]
  const rms = (a: Float32Array) =>
    `global RMSE ${result.scores.rmse[name] === undefined ? '' : Number(error(demo, a, name).toPrecision(3))}`
  const dots = {
    longitude: stations.map((s) => s.longitude),
    latitude: stations.map((s) => s.latitude),
    ...{ size: 2.2, fill: '#1c2733' },
  }
  const panels: MapPanel[] = [
    panel('Truth', 'field', 'field', full(truth)),
    panel('Background', 'field', 'field', full(background)),
    panel('Analysis, ensemble mean', 'field', 'field', full(result.mean)),
    { ...panel('Background error', 'difference', 'difference', minus(background, truth)), note: rms(background) },
    { ...panel('Increment', 'difference', 'difference', minus(result.mean, background)), stations: dots, note: 'with stations' },
    { ...panel('Analysis error', 'difference', 'difference', minus(result.mean, truth)), note: rms(result.mean) },
  ] // biome-ignore format: one panel a line
  const { analysis } = result
  if (analysis && analysis.members > 1) {
    const size = (x: Float32Array) => (i: number) => Math.abs(x[i]) * std[0]
    const departure = result.mean.map((v, i) => v - truth[i])
    panels.push(
      panel('Ensemble spread', 'magnitude', 'magnitude', size(analysis.spread)),
      panel('Size of the analysis error', 'magnitude', 'magnitude', size(departure)),
    )
  }
  const when = new Date(demo.options.time).toISOString().slice(0, 16).replace('T', ' ')
  return mapFigure({
    panels,
    ...{ columns: 3, ratio: 1 },
    title: `${result.name}: ${name}`,
    subtitle: `${when} UTC, SPEEDY nature run, ${stations.length} radiosonde stations`,
  })
}

/** Latitude-weighted RMSE of one channel against the truth, SI units. */
function error({ world, truth }: Demo, state: Float32Array, name: string): number {
  const { grid, channels, normaliser } = world
  const at = channels.index(name) * grid.size
  const weights = grid.latitudeWeights()
  let [sum, total] = [0, 0]
  for (let i = 0; i < grid.size; i++) {
    const w = weights[Math.floor(i / grid.columns)]
    sum += w * (state[at + i] - truth[at + i]) ** 2
    total += w
  }
  return Math.sqrt(sum / total) * normaliser.select([name]).std[0]
}

/** SVG of the kinetic-energy spectra at 500 hPa: truth, background, one member and the mean of each method. */
export function spectra(demo: Demo): string {
  const { world, truth, results } = demo
  const { grid, channels } = world
  const energy = (state: Float32Array) => {
    const [u, v] = ['u500', 'v500'].map((name) => {
      const at = channels.index(name) * grid.size
      const { std, mean } = world.normaliser.select([name])
      const field = Float64Array.from(state.subarray(at, at + grid.size), (x) => x * std[0] + mean[0])
      return zonalSpectrum(field, grid)
    })
    return u.map((x, k) => 0.5 * (x + v[k]))
  }
  const one = results.flatMap(({ name, mean, analysis }) =>
    analysis
      ? [{ name: `${name}, a member`, energy: energy(analysis.states.subarray(0, truth.length)) }]
      : [{ name, energy: energy(mean), dashed: true }],
  )
  return spectrumChart({
    title: 'Kinetic energy at 500 hPa',
    subtitle: 'A member should have the energy of the truth at every scale; a mean has less',
    spectra: [{ name: 'truth', energy: energy(truth) }, ...one],
    width: 760,
  })
}
