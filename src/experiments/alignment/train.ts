import { join } from 'node:path'
import { geostrophic, hydrostatic } from '../../alignment/rewards/balance.ts'
import { chooseReward } from '../../alignment/rewards/choose.ts'
import { type Aligned, alignPrior } from '../../alignment/train.ts'
import { loadPairs } from '../../alignment/trainPairsFile.ts'
import { meanOf } from '../../assimilation/diagnostics.ts'
import { Differences } from '../../atmosphere/differences.ts'
import { DataError } from '../../base/errors.ts'
import { seasonOf } from '../../forecast/surrogate.ts'
import { saveAlignedPrior } from '../../prior/aligned.ts'
import { chooseSampler, PriorSampler } from '../../prior/index.ts'
import type { PriorModel } from '../../prior/model.ts'
import { spreadSkillRatio } from '../../verification/spread-skill.ts'
import { type CaseScores, Scorer } from '../osse/score.ts'
import { modelFile } from '../train-models.ts'
import type { AlignmentConfig } from './config.ts'
import { pairsFile, ruleOf } from './pairs.ts'
import type { AlignmentSetting } from './setting.ts'

/** The file of the prior that a rule gives. */
export const alignedFile = ({ aligned, folder }: AlignmentConfig, rule: string) =>
  join(aligned ?? folder, `prior-${rule}.safetensors`)

/**
 * Aligns the reference with the pairs of a rule and writes it. Where no step beats the reference by the
 * score that decides, the reference itself is written, and `unchanged` says so.
 * @throws DataError for pairs of another reference
 */
export async function trainAligned(
  setting: AlignmentSetting,
  name: string,
  onScores?: (scores: Readonly<Record<string, number>>) => void,
): Promise<Aligned<PriorModel>> {
  const { config, runtime, prior, reference } = setting
  const training = { ...config.training, best: config.best[name] ?? config.training.best }
  const rule = ruleOf(config, name)
  const { pairs, provenance: origin } = await loadPairs(pairsFile(config, name))
  if (origin.reference !== reference)
    throw new DataError(
      `the pairs of ${name} are of candidates of another prior than ${config.folder} holds: draw candidates and make pairs again`,
    )
  const aligned = await alignPrior({
    ...{ runtime, prior, pairs, config: training, seed: config.seed, onScores },
    folder: join(config.run, 'train', name),
    score: await freshScores(setting),
  })
  const { best, unchanged } = aligned
  const { data, seed } = config
  const provenance = {
    ...prior.provenance,
    alignment: { rule, training, data, seed, reference, best, unchanged },
  }
  await saveAlignedPrior(
    alignedFile(config, name),
    { ...aligned.prior, provenance },
    { file: modelFile(config.folder, 'prior'), prior },
  )
  return aligned
}

/**
 * Scores of fresh samples on the validation dates: memberMse, meanMse, crps, spreadSkill, geo and hydro (balance scores;
 * left out in worlds that have none), by name the other rewards that mean something in one sample and need no forecast,
 * and `objective`: memberMse, times the square of what spread/skill lacks of the
 * least that is allowed. Scattering less lowers the error of single members without any skill; beyond that least it is
 * not counted for them.
 */
export async function freshScores(setting: AlignmentSetting) {
  const { config, runtime, codec } = setting
  const { dates, members, leastSpread } = config.validation
  const cases: { time: number; truth: Float32Array; state: Float32Array; background: Float32Array }[] = []
  for (const time of setting.dates('validation', dates, [])) {
    const { truth, background } = await setting.case(time, [])
    cases.push({ time, truth, state: background, background: await codec.encodeStates(background) })
  }
  const { world } = setting.prior
  const scorer = new Scorer(world)
  const rewards = (await Promise.all(config.rewards.map(chooseReward))).filter(
    (r) => !r.relative && !r.leads && r !== geostrophic && r !== hydrostatic,
  )
  const differences = new Differences(world.grid)
  // Mirrored pairs, where members come in pairs.
  const antithetic = members % 2 === 0
  return async (prior: PriorModel): Promise<Record<string, number>> => {
    const sampler = await PriorSampler.load(runtime, prior, {
      sampler: chooseSampler(config.sampler),
      batch: members,
    })
    const found: CaseScores[] = []
    const values = new Map<string, number>()
    try {
      for (const { time, truth, state, background } of cases) {
        const date = Math.round(time / 3_600_000)
        const given = { index: date, background, season: seasonOf([time]) }
        const { z } = await sampler.sample([given], { members, seed: config.seed + 1, antithetic })
        const states = await codec.decodeLatents(z)
        found.push(scorer.analysis({ states, mean: meanOf(states, truth.length), antithetic }, truth, date))
        const context = { world, time, differences, background: state, truth, forecast: noForecast }
        for (const reward of rewards) {
          const each = Array.from(await reward.evaluate(states, context))
          const mean = each.reduce((a, b) => a + b, 0) / (each.length * cases.length)
          values.set(reward.name, (values.get(reward.name) ?? 0) + mean)
        }
      }
    } finally {
      await sampler.release()
    }
    const mean = (f: (s: CaseScores) => number) => found.reduce((sum, s) => sum + f(s), 0) / found.length
    const spreadSkill = spreadSkillRatio(
      mean((s) => s.variance),
      mean((s) => s.skill),
      members,
    )
    const memberMse = mean((s) => s.mse)
    const balance = Object.fromEntries(
      (['geo', 'hydro'] as const)
        .filter((name) => found.every((s) => s[name] !== null))
        .map((name) => [name, mean((s) => s[name] as number)]),
    )
    return {
      ...{ memberMse, meanMse: mean((s) => s.meanMse), crps: mean((s) => s.crps), spreadSkill, ...balance },
      ...Object.fromEntries(values),
      objective: memberMse * Math.max(1, leastSpread / spreadSkill) ** 2,
    }
  }
}

function noForecast(): never {
  throw new DataError('forecasts are not made for fresh samples: name their leads in the reward')
}
