/** An analysis from a background in a file and observations of one's own, written to analysis.nc. */
import * as align from 'align-da'

await using runtime = new align.Runtime()
const { codec, prior } = await align.openPrior(runtime, align.shippedModels)
const { world } = prior
// Any NetCDF or Zarr file of the prior's world, in SI units; here the last state of the nature run.
const file = process.argv[2] ?? `${align.shippedSamples}/nature-run.zarr`
const { time, state } = await align.readModelState(file, world, (states) => states.times.length - 1)

// One row a value, SI units and Pa; a missing error is the usual one of its kind.
const table = align.observationTable({
  time: [time, time, time, time],
  latitude: [36.05, 36.05, 51.5, -31.93],
  longitude: [140.13, 140.13, 0, 115.97],
  pressure: [50_000, 50_000, 85_000, 50_000],
  variable: ['t', 'u', 't', 'v'],
  value: [254.5, 10.5, 272.9, -4.5],
  error: [0.8, 1.5, 1, Number.NaN],
})
const { statistics } = prior
const backgroundErrors = await align.drawBackgroundErrors(runtime, state, { codec, statistics, seed: 1 })
const observations = await align.prepareObservations(table, { world, state, time, backgroundErrors })
console.table(observations.summary.counts)

const decoderVariance = await codec.unexpressedVariance(state)
const options = { prior, codec, guidance: align.latentMap(), sampler: align.dpmSolver({ steps: 10 }) }
const method = new align.GenerativeAssimilator(runtime, { ...options, decoderVariance })
const given = { index: 0, background: { world, states: state }, observations, season: align.seasonOf([time]) }
const analysis = await method.assimilate(given, { members: 8, seed: 1 })
await align.writeAnalysis('analysis.nc', { world, analysis, time }, { overwrite: true })
const { fit } = analysis.diagnostics
console.log(`fit: background ${fit?.background.toFixed(2)}, analysis ${fit?.analysis.toFixed(2)}`)
