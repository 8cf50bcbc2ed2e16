import type { LatLonField } from '../../report/field.ts'
import { mapsApart } from '../../report/mapFigure.ts'
import type { Colouring, MapPanel } from '../../report/mapPanel.ts'
import { quantityStyle } from '../../report/quantity.ts'
import { numberText } from '../../report/table.ts'
import type { Demo, DemoResult } from './run.ts'

/** A map and what it shows, in words. */
export interface DemoMap {
  readonly svg: string
  readonly alt: string
}

/**
 * Maps of one channel, SI units: truth, background, analysis, their errors, increment and spread, and where the
 * analysis is nearer to the truth than `other`.
 */
export function analysisMaps(demo: Demo, result: DemoResult, other: DemoResult, name: string): DemoMap[] {
  const { world, truth, stations } = demo
  const { grid, channels } = world
  const c = channels.index(name)
  const { variable, level } = channels.channels[c]
  const { units } = quantityStyle(variable.name)
  const { std, mean } = world.normaliser.select([name])
  const background = demo.results[0].mean
  const { latitude, longitude } = grid
  const look = { latitude, longitude, variable: variable.name, level }
  const panel = (title: string, kind: 'field' | 'difference' | 'magnitude', of: (i: number) => number): MapPanel => ({
    title,
    field: { ...look, kind, group: kind, values: Float64Array.from({ length: grid.size }, (_, i) => of(c * grid.size + i)) },
  }) // biome-ignore format: one signature
  const full = (state: Float32Array) => (i: number) => state[i] * std[0] + mean[0]
  const minus = (a: Float32Array, b: Float32Array) => (i: number) => (a[i] - b[i]) * std[0]
  const size = (state: Float32Array) => (i: number) => Math.abs(state[i] - truth[i]) * std[0]
  const rings = {
    longitude: stations.map((s) => s.longitude),
    latitude: stations.map((s) => s.latitude),
    ...{ size: 2.2, fill: '#1c2733', hollow: true },
  }
  const rms = ({ scores }: DemoResult) =>
    scores.rmse[name] === undefined ? undefined : `RMSE ${numberText(scores.rmse[name], 3)}`
  const nearer = panel('Guided less 3D-Var', 'difference', (i) => size(result.mean)(i) - size(other.mean)(i))
  const panels: MapPanel[] = [
    panel('Truth', 'field', full(truth)),
    panel('Background', 'field', full(background)),
    panel('Analysis', 'field', full(result.mean)),
    { ...panel('Background error', 'difference', minus(background, truth)), note: rms(demo.results[0]) },
    { ...panel('Increment', 'difference', minus(result.mean, background)), stations: rings, note: 'rings: stations' },
    { ...panel('Analysis error', 'difference', minus(result.mean, truth)), note: rms(result) },
  ] // biome-ignore format: one panel a line
  const { analysis } = result
  if (analysis && analysis.members > 1)
    panels.push(panel('Ensemble spread', 'magnitude', (i) => analysis.spread[i] * std[0]))
  panels.push(panel('Size of the analysis error', 'magnitude', size(result.mean)))
  panels.push({
    ...nearer,
    field: {
      ...(nearer.field as LatLonField & Colouring),
      ...{ group: 'comparison', label: `Size of the error, guided less 3D-Var (${units})` },
    },
    note: `nearer on ${shareNearer(demo, result, other, c)} %`,
  })
  const drawn = mapsApart({ panels, width: 340, ratio: 1 })
  return drawn.map((svg, k) => ({ svg, alt: `${panels[k].title}, ${name}` }))
}

/** Per cent of the globe's area where a is nearer to the truth than b in channel c. */
function shareNearer({ world, truth }: Demo, a: DemoResult, b: DemoResult, c: number): number {
  const { grid } = world
  const weights = grid.latitudeWeights()
  let [sum, total] = [0, 0]
  for (let i = 0; i < grid.size; i++) {
    const k = c * grid.size + i
    const w = weights[Math.floor(i / grid.columns)]
    total += w
    if (Math.abs(a.mean[k] - truth[k]) < Math.abs(b.mean[k] - truth[k])) sum += w
  }
  return Math.round((100 * sum) / total)
}
