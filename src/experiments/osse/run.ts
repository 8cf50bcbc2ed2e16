import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomic } from '../../base/files.ts'
import { seasonOf } from '../../forecast/surrogate.ts'
import { Runtime } from '../../tensor/index.ts'
import { gitRevision, RunFile } from '../run-record.ts'
import { dateNumber, type NetworkChoice, networksOf, observer } from './cases.ts'
import type { MethodConfig, OsseConfig } from './config.ts'
import { forecastAll } from './forecasts.ts'
import { type Analysed, methodKey, openMethod, usesErrors } from './methods.ts'
import { forkShards } from './processes.ts'
import { type CaseResult, ResultFiles } from './results.ts'
import { Scorer } from './score.ts'
import { type OsseSetting, openOsse } from './setting.ts'

/** Where an observing-system simulation experiment runs and writes. */
export interface OsseOptions {
  /** Run folder: cached states, results by case, run.json. */
  readonly folder: string
  /** Processes that share the dates; results do not depend on it. */
  readonly processes?: number
  /** Only the dates of shard `index` of `count`. */
  readonly shard?: { readonly index: number; readonly count: number }
  readonly device?: string
  readonly threads?: number
  readonly command?: string
  /** Computes no case: returns those that are there. */
  readonly summary?: boolean
  /** Called after each case with those done so far and all of this run. */
  readonly onProgress?: (done: number, all: number, note: string) => void
}

/**
 * Runs the cases of a configuration that are not in the run folder yet, and returns all that are there, in the order
 * of methods, dates, networks. Each case is on the disk as soon as it is done.
 * @throws ConfigError or DataError for models, data and settings that cannot be used
 */
export async function runOsse(config: OsseConfig, options: OsseOptions): Promise<CaseResult[]> {
  const { folder, shard, processes = 1, device, command = 'align-da evaluate', summary = false } = options
  const work = async () => {
    const files = new ResultFiles(folder)
    // What all processes need is made before they begin.
    const threads = options.threads ?? availableParallelism()
    const runtime = new Runtime({ device, threads })
    let setting: OsseSetting | undefined
    try {
      setting = await openOsse(runtime, config, folder)
      const alone = processes <= 1 || summary
      const needed = config.methods.some(usesErrors)
      if (!alone && needed) await setting.errors()
      const plan = await planOf(setting)
      if (alone) {
        if (!summary) await runCases(setting, files, plan, options)
      } else {
        await setting.close()
        setting = undefined
        await runtime.close()
        const before = await files.read()
        const all = plan.flatMap((p) => p.cases)
        const done = all.filter((c) => before.has(c.key)).length
        const path = join(folder, 'config.json')
        await writeFileAtomic(path, JSON.stringify(config))
        await forkShards(path, {
          ...{ folder, processes, device, threads: Math.max(1, Math.floor(threads / processes)) },
          onCase: (count, note) => options.onProgress?.(done + count, all.length, note),
        })
      }
      const found = await files.read()
      return plan.flatMap(({ method, cases }) =>
        cases.flatMap(({ key }) => {
          const result = found.get(key)
          // A result may have been made under another name of the same settings.
          return result ? [{ ...result, method: method.name, model: method.model }] : []
        }),
      )
    } finally {
      await files.close()
      await setting?.close()
      await runtime.close()
    }
  }
  if (shard || summary) return work()
  const record = await RunFile.open(folder, {
    ...{ command, config, seed: config.seed, revision: await gitRevision(), device },
  })
  let results: CaseResult[] = []
  await record.stage('evaluate', async () => {
    results = await work()
    return { scores: { cases: results.length } }
  })
  return results
}

interface Plan {
  readonly method: MethodConfig
  readonly cases: readonly (NetworkChoice & { readonly key: string; readonly date: number })[]
}

/** The cases of each method, networks inside of dates: what belongs to a date is made once. */
async function planOf(setting: OsseSetting): Promise<Plan[]> {
  const { config, dates } = setting
  const plans: Plan[] = []
  for (const method of config.methods) {
    const own = await methodKey(setting, method)
    const networks = networksOf(method, config)
    const cases = dates.times.flatMap((time, date) =>
      networks.map((n) => ({ ...n, date, key: `${own} ${n.density} ${n.noise} ${iso(time)}` })),
    )
    plans.push({ method, cases })
  }
  return plans
}

const iso = (time: number) => new Date(time).toISOString().slice(0, 16)

async function runCases(
  setting: OsseSetting,
  files: ResultFiles,
  plan: readonly Plan[],
  { shard = { index: 0, count: 1 }, onProgress }: OsseOptions,
): Promise<void> {
  const { config, world, dates } = setting
  const mine = plan.map(({ method, cases }) => ({
    method,
    cases: cases.filter(({ date }) => date % shard.count === shard.index),
  }))
  const all = mine.reduce((sum, { cases }) => sum + cases.length, 0)
  const known = await files.read()
  let done = mine.flatMap(({ cases }) => cases).filter(({ key }) => known.has(key)).length
  const size = world.channels.length * world.grid.size
  const scorer = new Scorer(world)
  const observe = observer(setting)
  onProgress?.(done, all, '')
  for (const { method, cases } of mine) {
    const open = cases.filter(({ key }) => !known.has(key))
    if (open.length === 0) continue
    const opened = await openMethod(setting, method)
    try {
      for (const one of open) {
        const { key, date, density, noise } = one
        const time = dates.times[date]
        const at = (states: Float32Array) => states.subarray(date * size, (date + 1) * size)
        const begun = performance.now()
        const analysed = await opened.analyse({
          index: dateNumber(time),
          background: { world, states: at(dates.background) },
          observations: observe(date, one),
          season: seasonOf([time]),
        })
        const seconds = (performance.now() - begun) / 1000
        const scores = scorer.analysis(analysed, at(dates.truth), dateNumber(time))
        const forecast =
          config.forecastMembers > 0
            ? await verifyForecast(setting, scorer, analysed, { time, later: at(dates.later) })
            : undefined
        await files.append({
          ...{ key, method: method.name, model: method.model, kind: method.kind, density, noise },
          ...{ date: iso(time), scores: { ...scores, forecast }, seconds },
        })
        onProgress?.(++done, all, `${method.name} ${iso(time).slice(0, 13)} ${density}`)
      }
    } finally {
      await opened.close()
    }
  }
}

/** Forecasts of the estimate and of the first members. */
async function verifyForecast(
  { forecaster, steps, config }: OsseSetting,
  scorer: Scorer,
  { states, mean }: Analysed,
  { time, later }: { time: number; later: Float32Array },
) {
  const n = mean.length
  const count = states === mean ? 0 : Math.min(config.forecastMembers, states.length / n)
  const starts = new Float32Array((1 + count) * n)
  starts.set(mean)
  starts.set(states.subarray(0, count * n), n)
  const ahead = await forecastAll(forecaster, starts, new Array(1 + count).fill(time), steps, {
    batch: 1 + count,
  })
  const first = ahead.subarray(0, n)
  return scorer.errors(count === 0 ? first : ahead.subarray(n), first, later)
}
