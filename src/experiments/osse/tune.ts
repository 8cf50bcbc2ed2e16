import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { ConfigError } from '../../base/errors.ts'
import { writeFileAtomic } from '../../base/files.ts'
import { parseSettings, readSettings } from '../config.ts'
import { checkOsse, type MethodConfig, methodSchema, type OsseConfig, withSettings } from './config.ts'
import type { CaseResult } from './results.ts'
import { type OsseOptions, runOsse } from './run.ts'
import { groupsOf } from './summary.ts'

/** A trial of some settings of a method. */
export interface Trial {
  readonly method: string
  readonly settings: Readonly<Record<string, unknown>>
  /** Mean squared error of the estimate on the validation dates, by density and noise. */
  readonly errors: Readonly<Record<string, number>>
  /** Geometric mean of them: what is made small. */
  readonly score: number
  readonly chosen: boolean
}

/** All combinations of values. */
export function combinations(
  values: Readonly<Record<string, readonly unknown[]>>,
): Record<string, unknown>[] {
  return Object.entries(values).reduce<Record<string, unknown>[]>(
    (all, [key, some]) => all.flatMap((one) => some.map((value) => ({ ...one, [key]: value }))),
    [{}],
  )
}

/**
 * The experiment on the validation period in which each combination of settings is a method of its own, and what those
 * are. Variational methods are judged by their minimum alone.
 * @throws ConfigError for methods and settings that do not exist
 */
export function tuningOf(config: OsseConfig): {
  config: OsseConfig
  trials: { name: string; method: string; settings: Record<string, unknown> }[]
} {
  const { tuning, data } = config
  const trials: { name: string; method: string; settings: Record<string, unknown> }[] = []
  const methods = Object.entries(tuning.settings).flatMap(([name, values]): MethodConfig[] => {
    const found = config.methods.find((m) => m.name === name)
    if (!found)
      throw new ConfigError(
        `tuning.settings: there is no method ${name}; there are ${config.methods.map((m) => m.name).join(', ')}`,
      )
    return combinations(values).map((settings) => {
      const text = Object.entries(settings).map(([key, value]) => `${key} ${value}`)
      const label = [name, ...text].join(', ')
      trials.push({ name: label, method: name, settings })
      const minimum = found.kind === '3dvar' || found.kind === 'l3dvar' ? { members: 1 } : {}
      const changed = { ...withSettings(found, { ...settings, ...minimum }), name: label }
      const { densities: _, errors: __, ...rest } = changed as Record<string, unknown>
      return parseSettings(methodSchema, rest, `tuning.settings.${name}`)
    })
  })
  if (methods.length === 0)
    throw new ConfigError('nothing to tune: tuning.settings names methods, settings and values to try')
  const { dates, densities, errors } = tuning
  const trial = {
    ...{ ...config, dates, densities, errors, methods, forecastMembers: 0 },
    data: { ...data, test: data.validation },
  }
  return { config: checkOsse(trial), trials }
}

/** Runs all trials (in `tuning/` of the run folder; a stopped run goes on) and writes the best settings to `tuned`. */
export async function tune(config: OsseConfig, options: OsseOptions): Promise<Trial[]> {
  if (!config.tuned) throw new ConfigError('the configuration does not name a file `tuned` for the settings')
  const tuning = tuningOf(config)
  const results = await runOsse(tuning.config, { ...options, folder: join(options.folder, 'tuning') })
  const trials = judge(tuning.trials, results)
  const chosen = trials.filter((t) => t.chosen).map(({ method, settings }) => [method, settings])
  // What was chosen for methods that are not tuned now stays.
  const before = existsSync(config.tuned) ? await readSettings(config.tuned) : {}
  const { start, end } = config.data.validation
  await writeFileAtomic(
    config.tuned,
    `# Chosen by align-da evaluate --tune: the least error on ${tuning.config.dates} dates of ${start} to ${end}.\n${stringify({ ...before, ...Object.fromEntries(chosen) })}`,
  )
  return trials
}

/** Scores of the trials; the best of each method is chosen, the first of those that are equal. */
export function judge(
  trials: readonly { name: string; method: string; settings: Record<string, unknown> }[],
  results: readonly CaseResult[],
): Trial[] {
  const groups = groupsOf(results)
  const scored = trials.map(({ name, method, settings }) => {
    const own = groups.filter((g) => g.method === name)
    const errors = Object.fromEntries(
      own.map((g) => [
        `${g.density}, noise ${g.noise}`,
        g.results.reduce((sum, r) => sum + r.scores.meanMse, 0) / g.results.length,
      ]),
    )
    const logs = Object.values(errors).map(Math.log)
    return { method, settings, errors, score: Math.exp(logs.reduce((a, b) => a + b, 0) / logs.length) }
  })
  return scored.map((one) => {
    const best = scored.filter((t) => t.method === one.method).reduce((a, b) => (b.score < a.score ? b : a))
    return { ...one, chosen: best === one }
  })
}
