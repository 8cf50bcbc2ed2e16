import { progress } from '../../base/progress.ts'
import { seasonOf } from '../../forecast/surrogate.ts'
import {
  chooseSampler,
  type Prior,
  PriorSampler,
  type SamplerConfig,
  samplerSchema,
} from '../../prior/index.ts'
import { crps } from '../../verification/crps.ts'
import { spreadSkill, spreadSkillRatio } from '../../verification/spread-skill.ts'
import { BackgroundFit } from './baselines.ts'
import { gather, meanSquare, type Setting, spread } from './setting.ts'
import { meanSpectra, worstDeparture } from './spectra.ts'

export interface PriorScores {
  readonly sampler: string
  readonly calls: number
  readonly dates: number
  readonly memberMse: number
  readonly meanMse: number
  readonly crps: number
  readonly spreadSkill: number
  readonly secondsPerDate: number
}

/** Forecast steps of the task's background: 48 hours of 6. */
export const leadSteps = 8
const members = 16

/** Backgrounds valid at positions of the test series, [n, channel, lat, lon] normalised. */
export async function backgroundsFor(
  { test, forecaster }: Setting,
  positions: readonly number[],
  series = test,
) {
  const from = positions.map((t) => t - leadSteps)
  return forecaster.forecast(
    gather(series, from),
    from.map((t) => series.times[t]),
    leadSteps,
  )
}

/** Unguided samples given test backgrounds: accuracy, reliability and spectra beside simple baselines. */
export async function evaluatePrior(
  setting: Setting,
  prior: Prior,
  seed: number,
  { dates = 60, paperDates = 8, sampler = {} as object } = {},
) {
  const { test, training } = setting
  const positions = spread(leadSteps, test.times.length, dates)
  const background = await backgroundsFor(setting, positions)
  const truth = gather(test, positions)

  const fit = new BackgroundFit(training)
  const trained = spread(leadSteps, training.times.length, 160)
  fit.add(await backgroundsFor(setting, trained, training), gather(training, trained))

  const fast = samplerSchema.parse({ name: 'dpm-solver++', steps: 20, ...sampler })
  const main = await scoreSampler(setting, prior, fast, positions, background, seed, 'prior samples')
  const mirrored = await scoreSampler(
    setting,
    prior,
    fast,
    positions,
    background,
    seed,
    'antithetic pairs',
    true,
  )
  const few = spread(0, positions.length, paperDates)
  const some = few.map((i) => positions[i])
  const someBackgrounds = gatherRows(background, few, test.stateSize)
  const paper =
    paperDates > 0
      ? await scoreSampler(
          setting,
          prior,
          samplerSchema.parse({ name: 'predictor-corrector' }),
          some,
          someBackgrounds,
          seed,
          "the paper's sampler",
        )
      : undefined
  const fastOnFew =
    paperDates > 0
      ? await scoreSampler(setting, prior, fast, some, someBackgrounds, seed, 'the fast sampler')
      : undefined

  const truthSpectra = meanSpectra(truth, test)
  return {
    background: meanSquare(background, truth),
    affine: meanSquare(fit.correct(background), truth),
    dressedCrps: fit.dressedCrps(background, truth),
    prior: main.scores,
    antithetic: mirrored.scores,
    paper: paper?.scores,
    fastOnPaperDates: fastOnFew?.scores,
    spectra: {
      truth: truthSpectra,
      background: meanSpectra(background, test),
      sample: main.firstMembers,
      worstSample: worstDeparture(main.firstMembers, truthSpectra, 20),
      worstBackground: worstDeparture(meanSpectra(background, test), truthSpectra, 20),
    },
  }
}

function gatherRows(values: Float32Array, rows: readonly number[], size: number): Float32Array {
  const out = new Float32Array(rows.length * size)
  for (const [i, r] of rows.entries()) out.set(values.subarray(r * size, (r + 1) * size), i * size)
  return out
}

async function scoreSampler(
  { test, codec, runtime }: Setting,
  prior: Prior,
  config: SamplerConfig,
  positions: readonly number[],
  background: Float32Array,
  seed: number,
  label: string,
  antithetic = false,
) {
  const sampler = await PriorSampler.load(runtime, prior, { sampler: chooseSampler(config), batch: members })
  const latents = await codec.encodeStates(background)
  const d = codec.shape.reduce((a, b) => a * b)
  const bar = progress(label, positions.length)
  const sums = { member: 0, mean: 0, crps: 0, variance: 0 }
  const firsts = new Float32Array(positions.length * test.stateSize)
  let calls = 0
  const start = performance.now()
  for (const [i, t] of positions.entries()) {
    const samples = await sampler.sample(
      [{ index: t, background: latents.subarray(i * d, (i + 1) * d), season: seasonOf([test.times[t]]) }],
      { members, seed, antithetic },
    )
    calls = samples.calls
    const states = await codec.decodeLatents(samples.z)
    const truth = test.at(t)
    for (let m = 0; m < members; m++)
      sums.member += meanSquare(states.subarray(m * truth.length, (m + 1) * truth.length), truth) / members
    const { variance, mse } = spreadSkill(states, truth)
    sums.mean += mse
    sums.variance += variance
    sums.crps += crps(states, truth)
    firsts.set(states.subarray(0, test.stateSize), i * test.stateSize)
    bar.update(i + 1)
  }
  bar.end()
  const n = positions.length
  const scores: PriorScores = {
    sampler: `${config.name}, ${config.steps} steps`,
    calls,
    dates: n,
    memberMse: sums.member / n,
    meanMse: sums.mean / n,
    crps: sums.crps / n,
    spreadSkill: spreadSkillRatio(sums.variance / n, sums.mean / n, members),
    secondsPerDate: (performance.now() - start) / 1000 / n,
  }
  return { scores, firstMembers: meanSpectra(firsts, test) }
}
