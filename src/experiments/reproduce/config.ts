import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { ConfigError, didYouMean } from '../../base/errors.ts'
import { type AlignmentConfig, loadAlignment } from '../alignment/config.ts'
import { type Experiment, loadExperiment, parseSettings, readSettings } from '../config.ts'
import { type OsseConfig, osseSchema } from '../osse/config.ts'

/** What ships with the project: three folders above this file, in the source and in the build. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

const count = z.int().positive()
const file = z.string().min(1)

/** What a reproduction runs. */
const reproduceSchema = z.strictObject({
  models: file.describe('configuration of `align-da train`'),
  alignment: file.describe('of `align-da align`'),
  osse: file.describe('of `align-da evaluate`'),
  aligned: file.describe('of the aligned priors against their reference'),
  evaluation: z
    .strictObject({
      dates: count.default(60),
      paperDates: z.int().nonnegative().default(8).describe("dates of the paper's sampler"),
    })
    .prefault({}),
  lorenz96: z.strictObject({ cycles: count.min(20).default(5000) }).prefault({}),
  quick: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('settings of a run that only shows that everything runs'),
})

/** Names of the configurations: the first part of a setting. */
const files = ['models', 'alignment', 'osse', 'aligned'] as const
type File = (typeof files)[number]

/** Configurations as they are read, with the paths that are this run's own, and the settings that give them. */
export interface Preset {
  readonly name: string
  readonly out: Folders
  readonly models: Experiment
  readonly alignment: AlignmentConfig
  /** Before tuning. */
  readonly osse: OsseConfig
  readonly aligned: OsseConfig
  readonly evaluation: { readonly dates: number; readonly paperDates: number }
  readonly lorenz96: { readonly cycles: number }
  /** Of each configuration: its file, and settings for `--set`. */
  readonly given: Readonly<Record<File, { readonly path: string; readonly settings: readonly string[] }>>
  /** Rules whose priors are evaluated. */
  readonly rules: readonly string[]
}

/** Everything that a run writes lies under one folder. */
export interface Folders {
  readonly models: string
  /** Checkpoints, candidates, cases. */
  readonly work: string
  readonly docs: string
  readonly results: string
  readonly tuned: string
}

export const foldersOf = (out: string): Folders => ({
  models: join(out, 'models'),
  work: join(out, 'work'),
  docs: join(out, 'docs'),
  results: join(out, 'docs/results'),
  tuned: join(out, 'configs/osse-tuned.yaml'),
})

export interface PresetOptions {
  readonly out: string
  readonly quick?: boolean
  /** Such as models.forecast.steps=100. */
  readonly settings?: readonly string[]
}

/** The file of a preset. @throws ConfigError for one that does not ship */
export function presetFile(name: string): string {
  const path = join(root, 'configs', `reproduce-${name}.yaml`)
  if (!/^[\w-]+$/.test(name) || !existsSync(path))
    throw new ConfigError(
      `there is no preset ${name}: a preset is a file configs/reproduce-NAME.yaml, such as that of small`,
    )
  return path
}

/** Reads a preset and its configurations. @throws ConfigError that lists what is wrong */
export async function loadPreset(
  name: string,
  { out, quick = false, settings = [] }: PresetOptions,
  path = presetFile(name),
): Promise<Preset> {
  const { quick: quickly } = parseSettings(reproduceSchema, await readSettings(path), path)
  const all = [
    ...(quick ? Object.entries(quickly).map(([k, v]) => `${k}=${JSON.stringify(v)}`) : []),
    ...settings,
  ]
  const of = new Map<string, string[]>(files.map((f) => [f, []]))
  const own: string[] = []
  for (const setting of all) {
    const [, first, rest] = /^(\w+)\.(.+)$/s.exec(setting) ?? []
    if (of.has(first)) of.get(first)?.push(rest)
    else if (/^(evaluation|lorenz96)[.=]/.test(setting)) own.push(setting)
    else
      throw new ConfigError(
        `--set ${setting}: it begins with ${[...files, 'evaluation', 'lorenz96'].join(', ')}${didYouMean(first ?? setting, files)}, as in models.forecast.steps=100`,
      )
  }
  const preset = parseSettings(reproduceSchema, await readSettings(path, own), path)
  const folders = foldersOf(out)
  const text = (value: unknown) => JSON.stringify(value)
  const paths: Record<File, string[]> = {
    models: [`models=${text(folders.models)}`],
    alignment: [
      `folder=${text(folders.models)}`,
      `aligned=${text(folders.models)}`,
      `run=${text(join(folders.work, 'alignment'))}`,
    ],
    osse: [],
    aligned: [],
  }
  const located = (name: File) => join(dirname(path), preset[name])
  for (const one of ['osse', 'aligned'] as const) {
    const { models, tuned } = parseSettings(
      osseSchema,
      await readSettings(located(one), of.get(one)),
      located(one),
    )
    const priors = Object.entries(models).map(([m, file]) => [m, join(folders.models, basename(file))])
    if (tuned) paths[one].push(`tuned=${text(folders.tuned)}`)
    paths[one].push(`folder=${text(folders.models)}`, `models=${text(Object.fromEntries(priors))}`)
  }
  const one = (name: File) => ({
    path: located(name),
    settings: [...(of.get(name) ?? []), ...paths[name]],
  })
  const given: Preset['given'] = {
    models: one('models'),
    alignment: one('alignment'),
    osse: one('osse'),
    aligned: one('aligned'),
  }
  const osse = async ({ path, settings }: Preset['given'][File]) =>
    parseSettings(osseSchema, await readSettings(path, settings), path)
  const alignment = await loadAlignment(given.alignment.path, given.alignment.settings)
  const aligned = await osse(given.aligned)
  const rules = rulesOf(aligned, alignment)
  return {
    ...{ name, out: folders, alignment, aligned, given, rules },
    models: await loadExperiment(given.models.path, given.models.settings),
    osse: await osse(given.osse),
    evaluation: preset.evaluation,
    lorenz96: preset.lorenz96,
  }
}

/** The rules that give the priors of an evaluation: prior-RULE.safetensors. @throws ConfigError for one without a rule */
function rulesOf({ models }: OsseConfig, { rules }: AlignmentConfig): string[] {
  return Object.values(models).flatMap((path) => {
    if (basename(path) === 'prior.safetensors') return []
    const rule = /^prior-([\w-]+)\.safetensors$/.exec(basename(path))?.[1]
    if (rule === undefined || !rules[rule])
      throw new ConfigError(
        `no rule of the alignment gives ${basename(path)}; there are ${Object.keys(rules).join(', ')}`,
      )
    return [rule]
  })
}
