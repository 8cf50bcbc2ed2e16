/**
 * Evaluates the released models on the test period and writes docs/results/models.json and its figures.
 * Usage: evaluate.ts [--models models/small] [--data STORE] [--dates 60] [--paper-dates 8] [--out docs/results]
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { sharedData } from '../../base/testing.ts'
import { loadLatentModel } from '../../latent/codec.ts'
import { fingerprint } from '../../nn/fingerprint.ts'
import { checkAutoencoder, loadPriorModel } from '../../prior/model.ts'
import { writeFigure } from '../../report/figureFile.ts'
import { lineChart } from '../../report/lineChart.ts'
import { tableText } from '../../report/table.ts'
import { Runtime } from '../../tensor/index.ts'
import { evaluateAutoencoder } from './autoencoder.ts'
import { evaluateForecaster } from './forecaster.ts'
import { evaluatePrior } from './prior.ts'
import { openSetting } from './setting.ts'

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'models/small' },
    data: { type: 'string' },
    dates: { type: 'string', default: '60' },
    'paper-dates': { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'docs/results' },
  },
})

const data = options.data ?? (sharedData && join(sharedData, 'speedy-64x32.zarr'))
if (!data) throw new ConfigError('name the store of states with --data, or its folder with ALIGN_DA_DATA')
const seed = Number(options.seed)
const runtime = new Runtime()
const setting = await openSetting(runtime, data, options.models)
const prior = await loadPriorModel(join(options.models, 'prior.safetensors'))
const latent = await loadLatentModel(join(options.models, 'autoencoder.safetensors'))
checkAutoencoder(prior, { weights: latent.weights, shape: setting.codec.shape }, [
  'the prior',
  'the autoencoder',
])

const autoencoder = await evaluateAutoencoder(setting)
console.log('\nAutoencoder')
console.log(tableText([{ mse: autoencoder.mse, mae: autoencoder.mae, compression: autoencoder.compression }]))
console.log('Principal components of each row alone')
console.log(tableText(autoencoder.sizes))
const { channel, wavenumber, departure } = autoencoder.spectra
console.log(
  `largest departure of reconstructed spectra, wavenumbers 1-20: ${(100 * departure).toFixed(1)} % (${channel}, ${wavenumber})`,
)

const forecast = await evaluateForecaster(setting)
console.log('\nForecaster')
console.log(tableText(forecast.leads.filter((l) => [6, 12, 24, 48, 72, 120].includes(l.hours))))
console.log(
  `after 30 days: variance ${forecast.month.variance.toFixed(3)} (states ${forecast.month.truthVariance.toFixed(3)}), largest ${forecast.month.largest.toFixed(1)} standard deviations`,
)

const dates = Number(options.dates)
const samples = await evaluatePrior(setting, prior, seed, {
  dates,
  paperDates: Number(options['paper-dates']),
})
console.log(`\nPrior, 16 members, ${dates} dates`)
console.log(
  tableText([
    { what: 'background', mse: samples.background, crps: samples.dressedCrps },
    { what: 'affine correction', mse: samples.affine },
    {
      what: 'ensemble mean',
      mse: samples.prior.meanMse,
      crps: samples.prior.crps,
      spreadSkill: samples.prior.spreadSkill,
    },
    { what: 'mean of antithetic pairs', mse: samples.antithetic.meanMse },
    { what: 'single member', mse: samples.prior.memberMse },
  ]),
)
const runs = [samples.prior, samples.fastOnPaperDates, samples.paper].filter((s) => s !== undefined)
console.log(tableText(runs.map((s) => ({ ...s }))))
for (const [what, worst] of [
  ['samples', samples.spectra.worstSample],
  ['backgrounds', samples.spectra.worstBackground],
] as const)
  console.log(
    `largest departure of the spectra of ${what}: ${(100 * worst.departure).toFixed(1)} % (${worst.channel}, wavenumber ${worst.wavenumber})`,
  )

const hour = (h: number) =>
  forecast.leads.find((l) => l.hours === h) ?? { mse: Number.NaN, persistence: Number.NaN }
const results = {
  'autoencoder.mse': autoencoder.mse,
  'autoencoder.mae': autoencoder.mae,
  'autoencoder.compression': autoencoder.compression,
  'persistence.mse6h': hour(6).persistence,
  'persistence.mse48h': hour(48).persistence,
  'forecast.mse6h': hour(6).mse,
  'forecast.mse48h': hour(48).mse,
  'background.mse': samples.background,
  'affine.mse': samples.affine,
  'dressed.crps': samples.dressedCrps,
  'prior.member.mse': samples.prior.memberMse,
  'prior.mean.mse': samples.prior.meanMse,
  'prior.mean.antithetic.mse': samples.antithetic.meanMse,
  'prior.crps': samples.prior.crps,
  'prior.spreadSkill': samples.prior.spreadSkill,
  'sampler.paper.mse': samples.paper?.memberMse,
  'sampler.paper.crps': samples.paper?.crps,
  'sampler.paper.dates': samples.paper?.dates,
  'sampler.fast.calls': samples.prior.calls,
  'sampler.fast.mse': samples.fastOnPaperDates?.memberMse,
  'sampler.fast.crps': samples.fastOnPaperDates?.crps,
  dates,
  seed,
  autoencoder: fingerprint(latent.weights).slice(0, 12),
}
await writeFileAtomic(join(options.out, 'models.json'), `${JSON.stringify(results, null, 2)}\n`)

const hours = forecast.leads.map((l) => l.hours)
await writeFigure(
  join(options.out, 'forecast-skill.png'),
  lineChart({
    title: 'Forecast error by lead',
    subtitle: '1984-04 to 06, mean squared error over all channels, normalised',
    xLabel: 'hours',
    yLabel: 'mean squared error',
    series: [
      { name: 'learned model', x: hours, y: forecast.leads.map((l) => l.mse), dots: true },
      { name: 'persistence', x: hours, y: forecast.leads.map((l) => l.persistence), dashed: true },
    ],
    log: 'y',
  }),
)
const { truth, background, sample } = samples.spectra
const k = Array.from({ length: 31 }, (_, i) => i + 1)
const power = (m: ReadonlyMap<string, Float64Array>) => k.map((i) => (m.get('v500') as Float64Array)[i])
await writeFigure(
  join(options.out, 'prior-spectra.png'),
  lineChart({
    title: 'Zonal spectra of the meridional wind at 500 hPa',
    subtitle: `normalised power, ${dates} dates of 1984-04 to 06`,
    xLabel: 'zonal wavenumber',
    yLabel: 'power',
    log: 'both',
    series: [
      { name: 'truth', x: k, y: power(truth) },
      { name: '48-h background', x: k, y: power(background), dashed: true },
      { name: 'prior sample', x: k, y: power(sample) },
    ],
  }),
)
await runtime.close()
