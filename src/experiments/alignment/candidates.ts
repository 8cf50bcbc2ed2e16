import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type RewardContext, rewarded } from '../../alignment/reward.ts'
import { chooseReward } from '../../alignment/rewards/choose.ts'
import { Differences } from '../../atmosphere/differences.ts'
import { ConfigError, DataError } from '../../base/errors.ts'
import { seasonOf } from '../../forecast/surrogate.ts'
import { readSafetensors, writeSafetensors } from '../../nn/safetensors.ts'
import { chooseSampler, PriorSampler } from '../../prior/index.ts'
import { forecastAll } from '../osse/forecasts.ts'
import { fileHash, hash } from '../osse/setting.ts'
import { modelFile } from '../train-models.ts'
import type { AlignmentSetting } from './setting.ts'

const format = 'align-da candidates 1'

/** The candidates of one background. */
export interface Candidates {
  readonly time: number
  /** Raw latents [d, h, w] and [n, d, h, w]. */
  readonly background: Float32Array
  readonly latents: Float32Array
  /** By reward, larger is better, [n]. */
  readonly rewards: ReadonlyMap<string, Float64Array>
}

/** What candidates depend on, the models and the files of rewards by their bytes; those of others are not mixed in. */
export async function candidatesKey({ config, reference }: AlignmentSetting): Promise<string> {
  const { data, candidates, leadHours, sampler, rewards, seed, folder } = config
  const files = [
    ...(['forecast', 'latent'] as const).map((name) => modelFile(folder, name)),
    ...rewards.flatMap((r) => ('file' in r ? [r.file] : [])),
  ]
  const bytes = await Promise.all(files.map(fileHash))
  return hash({
    ...{ location: data.location, candidates, leadHours, sampler, rewards, seed, reference, bytes },
  }).slice(0, 16)
}

const fileOf = ({ config }: AlignmentSetting, time: number) =>
  join(config.run, 'candidates', `${new Date(time).toISOString().slice(0, 13)}.safetensors`)

/**
 * Draws candidates for the dates of a shard that have none yet, with all rewards: one file a date, written whole. The
 * noise belongs to (seed, date, candidate), so that any shards give the same bits.
 * @throws DataError for files of other settings; for rewards see `rewarded`
 */
export async function makeCandidates(
  setting: AlignmentSetting,
  {
    shard = { index: 0, count: 1 },
    onProgress,
  }: {
    shard?: { index: number; count: number }
    onProgress?: (done: number, all: number, note: string) => void
  },
): Promise<Record<string, number>> {
  const { config, runtime, codec, prior, forecaster, reference } = setting
  const rewards = await Promise.all(config.rewards.map(chooseReward))
  const twice = rewards.find((r, i) => rewards.findIndex((o) => o.name === r.name) < i)
  if (twice) throw new ConfigError(`two rewards are called ${twice.name}: name one of them otherwise`)
  const leads = [...new Set(rewards.flatMap((r) => r.leads ?? []))]
  const dates = setting
    .dates('preferences', config.dates, leads)
    .filter((_, i) => i % shard.count === shard.index)
  await mkdir(join(config.run, 'candidates'), { recursive: true })
  const key = await candidatesKey(setting)
  const sampler = await PriorSampler.load(runtime, prior, {
    sampler: chooseSampler(config.sampler),
    batch: 16,
  })
  const seconds: Record<string, number> = {}
  const timed = async <T>(name: string, f: () => Promise<T>): Promise<T> => {
    const begun = performance.now()
    const result = await f()
    seconds[name] = (seconds[name] ?? 0) + (performance.now() - begun) / 1000
    return result
  }
  const differences = new Differences(prior.world.grid)
  try {
    for (const [i, time] of dates.entries()) {
      const path = fileOf(setting, time)
      if (existsSync(path)) await readCandidates(path, key)
      else {
        const given = await timed('background', () => setting.case(time, leads))
        const background = await codec.encodeStates(given.background)
        const { z } = await timed('samples', () =>
          sampler.sample([{ index: Math.round(time / 3_600_000), background, season: seasonOf([time]) }], {
            members: config.candidates,
            seed: config.seed,
          }),
        )
        const states = await timed('decoding', () => codec.decodeLatents(z))
        const forecasts = new Map<number, Float32Array>()
        for (const lead of leads) {
          const times = new Array<number>(config.candidates).fill(time)
          const steps = lead / forecaster.stepHours
          forecasts.set(
            lead,
            await timed('forecasts', () => forecastAll(forecaster, states, times, steps, { batch: 16 })),
          )
        }
        const context: RewardContext = {
          ...{ world: prior.world, time, differences, background: given.background, truth: given.truth },
          forecast(lead) {
            const [ahead, truth] = [forecasts.get(lead), given.later.get(lead)]
            if (!ahead || !truth)
              throw new DataError(`no forecast of ${lead} h: name it in the reward's leads`)
            return { states: ahead, truth }
          },
        }
        const scored: [string, Float64Array][] = []
        for (const reward of rewards)
          scored.push([reward.name, await timed(reward.name, () => rewarded(reward, states, context))])
        await writeSafetensors(
          path,
          [
            ['background', { dtype: 'F32', shape: [...prior.shape], data: background }],
            ['latents', { dtype: 'F32', shape: [config.candidates, ...prior.shape], data: z }],
            ...scored.map(
              ([name, data]) =>
                [`reward:${name}`, { dtype: 'F64' as const, shape: [data.length], data }] as const,
            ),
          ],
          { format, key, reference, time: String(time) },
        )
      }
      onProgress?.(i + 1, dates.length, new Date(time).toISOString().slice(0, 13))
    }
  } finally {
    await sampler.release()
  }
  return seconds
}

/** @throws DataError for candidates of other settings or another reference, or a damaged file */
async function readCandidates(path: string, key: string): Promise<Candidates> {
  const { tensors, metadata } = await readSafetensors(path)
  if (metadata.format !== format || metadata.key !== key)
    throw new DataError(
      `${path} holds candidates of other settings or of another prior: move the folder away, or name another run`,
    )
  const rewards = new Map<string, Float64Array>()
  for (const [name, { data }] of tensors)
    if (name.startsWith('reward:')) rewards.set(name.slice(7), data as Float64Array)
  return {
    time: Number(metadata.time),
    background: tensors.get('background')?.data as Float32Array,
    latents: tensors.get('latents')?.data as Float32Array,
    rewards,
  }
}

/** The candidates of all dates. @throws DataError that names the dates that are missing */
export async function allCandidates(setting: AlignmentSetting): Promise<Candidates[]> {
  const rewards = await Promise.all(setting.config.rewards.map(chooseReward))
  const leads = [...new Set(rewards.flatMap((r) => r.leads ?? []))]
  const dates = setting.dates('preferences', setting.config.dates, leads)
  const missing = dates.filter((t) => !existsSync(fileOf(setting, t)))
  if (missing.length > 0)
    throw new DataError(
      `${missing.length} of ${dates.length} dates have no candidates yet, the first ${new Date(missing[0]).toISOString().slice(0, 13)}: a shard is missing, run align candidates`,
    )
  const key = await candidatesKey(setting)
  const found: Candidates[] = []
  for (const time of dates) found.push(await readCandidates(fileOf(setting, time), key))
  return found
}
