/** Observations the library does not know: column water vapour, a sum over levels, and saturation-ratio.ts. */
import * as align from 'align-da'
import { saturationRatio } from './saturation-ratio.ts'

await using runtime = new align.Runtime()
const { codec, prior } = await align.openPrior(runtime, align.shippedModels)
const model = await align.openForecaster(runtime, align.shippedModels)
const { world } = prior
const { grid, channels, normaliser } = world
const nature = await align.loadSeries(`${align.shippedSamples}/nature-run.zarr`, world)
const [truth, season] = [nature.at(8), align.seasonOf([nature.times[8]])]
const states = await model.forecast(nature.at(0), [nature.times[0]], 8)

// The trapezoidal rule for the integral of q dp / g over the model's levels (Pa), kg m-2.
const levels = channels.levelsOf('q').map(({ level }) => 100 * level)
const layers = levels.map((p, k) => ((levels[k + 1] ?? p) - (levels[k - 1] ?? p)) / (2 * align.constants.g))
const interpolation = new align.Interpolation(grid, channels, normaliser)
const at = (variable: string, { latitude, longitude }: align.Place, pressure: number) => {
  const found = interpolation.at(variable, latitude, longitude, pressure)
  if ('reason' in found) throw new Error(found.reason)
  return found
}
align.checkQuantity(saturationRatio, [280, 0.005], 85_000)

const stations = align.stationPlaces(await align.readStations(`${align.shippedSamples}/radiosondes.json`))
const columns: align.Recipe[] = stations.map((station) => {
  const vapour = align.weightedSum(levels.map((p) => at('q', station, p)), layers) // biome-ignore format: one sum
  return { predictors: [vapour], mean: vapour.mean, std: vapour.std }
})
const ratios: align.Recipe[] = stations.map((station) => {
  const predictors = [at('t', station, 85_000), at('q', station, 85_000)]
  return { predictors, quantity: saturationRatio, constant: 85_000, mean: 0.5, std: 0.3 }
})
const operator = new align.ObservationOperator([...columns, ...ratios], truth.length, 'normalised')

// Errors of 5 per cent of what each observation varies by.
const errors = align.stream(1, 'errors').normal(new Float64Array(operator.outputs))
const y = operator.apply(truth).map((value, i) => value + 0.05 * errors[i])
const R = new align.ErrorCovariance(y.map(() => 0.05))
const options = { prior, codec, guidance: align.latentMap(), sampler: align.dpmSolver({ steps: 10 }) }
const method = new align.GenerativeAssimilator(runtime, options)
const given = { index: 0, background: { world, states }, observations: { operator, y, R }, season }
const { mean } = await method.assimilate(given, { members: 8, seed: 1 })
await method.close()

const exact = operator.fromUnits(operator.apply(truth))
const error = (x: Float32Array, from: number) => {
  const d = operator.fromUnits(operator.apply(x)).subarray(from, from + stations.length)
  return Math.hypot(...d.map((v, i) => v - exact[from + i])) / Math.sqrt(stations.length)
}
for (const [name, from] of [
  ['column vapour', 0],
  ['saturation ratio', stations.length],
] as const)
  console.log(
    `${name}: background ${error(states, from).toFixed(3)}, analysis ${error(mean, from).toFixed(3)}`,
  )
