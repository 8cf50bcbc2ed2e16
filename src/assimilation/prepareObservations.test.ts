import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ChannelSet } from '../atmosphere/channels.ts'
import { Grid } from '../atmosphere/grid.ts'
import { Normaliser } from '../atmosphere/normalise.ts'
import { openDataset } from '../io/dataset.ts'
import { observationTable } from '../io/observations/table.ts'
import { openStates } from '../io/states.ts'
import { constantErrors } from '../observation/error-models.ts'
import { stream } from '../random/stream.ts'
import { independentBackground } from './classical/backgroundErrors.ts'
import { ModelVariational } from './modelVariational.ts'
import { prepareObservations } from './prepareObservations.ts'
import { writeAnalysis } from './writeAnalysis.ts'

const channels = ChannelSet.of('t500,t850')
const grid = Grid.equiangular(4, 8)
const normaliser = new Normaliser({ names: channels.names, mean: [250, 280], std: [10, 20] })
const world = { channels, grid, normaliser }
const [time, n] = [Date.UTC(2020, 10, 1, 12), 64]
const state = stream(1, 'background').normal(new Float32Array(n))
const table = observationTable({
  time: [time, time, time],
  latitude: [40, -30, -30],
  longitude: [10, 200, 200],
  pressure: [50_000, 85_000, 95_000],
  variable: ['t', 't', 't'],
  value: [252, 281, 280],
  error: [2, Number.NaN, 1],
})

it('a table becomes y, H and R in normalised units, with the usual error where it has none', async () => {
  const { y, R, operator, summary, table: used } = await prepareObservations(table, { world, state, time })
  expect([...y]).toEqual([(252 - 250) / 10, (281 - 280) / 20])
  expect(R.sigma[0]).toBeCloseTo(2 / 10, 12)
  expect(R.sigma[1]).toBeCloseTo(1.2 / 20, 12)
  expect([...operator.fromUnits(operator.apply(state))]).toEqual([...used.background])
  expect(summary).toEqual({
    ...{ rows: 3, used: 2 },
    counts: [
      { variable: 't', reason: 'kept', count: 2 },
      { variable: 't', reason: 'no equivalent in the model: below the lowest level', count: 1 },
    ],
  })
  const errors = constantErrors({ t: 3 })
  const other = await prepareObservations(table, { world, state, time, errors })
  expect(other.R.sigma[1]).toBeCloseTo(3 / 20, 12)
})

it('departures are judged by samples of the background errors, as H sees them', async () => {
  // At a grid point e = +-0.5 is an error of 5 K; the observation is 20 K off, with an error of 1 K.
  const x_b = new Float32Array(n)
  const row = {
    time: [time],
    latitude: [grid.latitude[1]],
    longitude: [0],
    pressure: [50_000],
    variable: ['t'],
  }
  const accurate = observationTable({ ...row, value: [270], error: [1] })
  const used = async (backgroundErrors?: Float32Array) =>
    (await prepareObservations(accurate, { world, state: x_b, time, backgroundErrors })).summary.used
  const errors = Float32Array.from({ length: 2 * n }, (_, i) => (i < n ? 0.5 : -0.5))
  expect([await used(), await used(errors), await used(errors.map((e) => 0.2 * e))]).toEqual([0, 1, 0])
  await expect(used(errors.map((e) => 1000 * e))).rejects.toThrow(
    'a background error is 500 standard deviations',
  )
  await expect(used(errors.slice(1))).rejects.toThrow('127 values are no samples of background errors of 64')
})

it('a background that is no normalised state is refused', async () => {
  const run = (x: Float32Array) => prepareObservations(table, { world, state: x, time })
  await expect(run(normaliser.denormalise(state, grid.size))).rejects.toThrow('States are normalised')
  await expect(run(state.slice(1))).rejects.toThrow('63 values; a state of 2 channels')
})

it('the analysis of them is written in SI units', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'write-'))
  const path = join(folder, 'analysis.zarr')
  const observations = await prepareObservations(table, { world, state, time })
  const B = independentBackground(new Float64Array(n).fill(0.25))
  const analysis = await new ModelVariational({ world, B }).assimilate(
    { index: 0, background: { world, states: state }, observations },
    { members: 3, seed: 1 },
  )
  await writeAnalysis(path, { world, analysis, time }, { source: 'a test' })
  await expect(writeAnalysis(path, { world, analysis, time })).rejects.toThrow('exists already')
  const states = await openStates(path, { channels, workers: 0 })
  expect(states.times[0]).toBe(time)
  expect(await states.read(0)).toEqual(normaliser.denormalise(analysis.mean, grid.size))
  await states.close()
  const dataset = await openDataset(path)
  expect(dataset.attributes.title).toBe('Analysis of 2020-11-01 12:00 UTC, 3 members')
  expect(dataset.attributes.source).toBe('a test')
  const spread = (await dataset.variables.get('temperature_spread')!.read()).data as Float32Array
  spread.forEach((s, i) => {
    expect(s).toBeCloseTo(analysis.spread[i] * (i < 32 ? 10 : 20), 5)
  })
  await dataset.close()
  await expect(writeAnalysis(path, { world, analysis, time: Number.NaN })).rejects.toThrow('time NaN')
  await rm(folder, { recursive: true })
})
