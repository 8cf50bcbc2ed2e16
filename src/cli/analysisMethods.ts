import {
  type Assimilator,
  aboutMinimum,
  chooseGuidance,
  drawnCovariance,
  EnsembleFilter,
  GenerativeAssimilator,
  type GuidanceConfig,
  guidanceNames,
  guidanceSchema,
  isotropic,
  LatentVariational,
  ModelVariational,
  membersFromErrors,
  membersOf,
  nmcCovariance,
  recentred,
} from '../assimilation/index.ts'
import { ConfigError, DataError, didYouMean } from '../base/errors.ts'
import { parseSettings, settingsOf } from '../experiments/config.ts'
import { latentBackgroundErrors } from '../experiments/demo/setting.ts'
import { checkSameWorld, type World } from '../forecast/world.ts'
import { openStates } from '../io/states.ts'
import type { Codec } from '../latent/codec.ts'
import { dpmSolver, schedules } from '../prior/index.ts'
import type { PriorModel } from '../prior/model.ts'
import type { Runtime } from '../tensor/index.ts'

export const analysisMethods = [...guidanceNames, 'l3dvar', '3dvar', 'letkf', 'enkf']

/** @throws ConfigError for a method that is none, naming the likely one */
export function checkMethod(method: string): void {
  if (!analysisMethods.includes(method))
    throw new ConfigError(
      `--method ${method}: there are ${analysisMethods.join(', ')}${didYouMean(method, analysisMethods)}`,
    )
}

/** Options of methods: by name, those that a method makes use of. */
const methodOptions: Readonly<Record<string, readonly string[]>> = {
  l3dvar: [],
  '3dvar': ['backgroundErrors'],
  letkf: ['steps', 'backgroundErrors', 'localisation'],
  enkf: ['steps', 'backgroundErrors', 'localisation'],
  // They bring samplers of their own: --set steps=20.
  daps: ['set'],
  particles: ['set'],
}
const guidanceOptions = ['steps', 'set']
const all = ['steps', 'set', 'backgroundErrors', 'localisation']

/** Options without effect on an analysis, and why they have none; none are without effect on all. */
export function withoutEffect({ method, member }: { method: string; member?: number | 'all' }): {
  options: readonly string[]
  why: string
} {
  if (member === 'all')
    return { options: ['members', 'steps', 'set', 'backgroundErrors'], why: 'with --member all' }
  const used = methodOptions[method] ?? guidanceOptions
  return { options: all.filter((name) => !used.includes(name)), why: `with --method ${method}` }
}

/** What may help where a method went wrong. */
export function moreSteps(method: string): string {
  // Its likelihood is too sure of itself where many observations see the same elements.
  if (method === 'sda') return 'a larger variance of its likelihood (--set gamma=3)'
  if (method === 'daps' || method === 'particles') return 'more steps (--set steps=50)'
  return (methodOptions[method] ?? guidanceOptions).includes('steps')
    ? 'more steps (--steps 50)'
    : 'other errors'
}

export interface MethodSetting {
  readonly codec: Codec
  readonly prior: PriorModel
  /** The background, normalised, or the mean of its ensemble: [channel, lat, lon]. */
  readonly state: Float32Array
  /** Variance of what the decoder cannot express, [channels], normalised. */
  readonly decoderVariance: Float64Array
  readonly method: string
  readonly members: number
  readonly steps: number
  /** Of the guidance, such as iterations=10. */
  readonly settings?: readonly string[]
  /** Whether the background is the ensemble of a filter. */
  readonly ensemble?: boolean
  /** File of samples of background errors. */
  readonly backgroundErrors?: string
  /** km, of the ensemble filters. */
  readonly localisation: number
  readonly seed: number
}

/**
 * The assimilator of a name: a guidance of the prior, latent 3D-Var, 3D-Var in model space with B from samples of
 * background errors, else from draws of those that the prior starts from, or a local ensemble filter whose members are
 * the background plus such samples, else the prior's.
 * @throws DataError for samples of another world
 */
export async function openAssimilator(runtime: Runtime, setting: MethodSetting): Promise<Assimilator> {
  const { codec, prior, decoderVariance, method, members, steps, localisation, backgroundErrors } = setting
  const { settings = [], ensemble = false, state, seed } = setting
  const { world } = codec
  if (method === 'l3dvar')
    return aboutMinimum(
      () =>
        new LatentVariational(runtime, {
          ...{ codec, statistics: prior.statistics, B: latentBackgroundErrors, decoderVariance },
        }),
    )
  if (method === '3dvar') {
    const draws = { codec, statistics: prior.statistics, B: latentBackgroundErrors, seed }
    const B = backgroundErrors
      ? nmcCovariance(await readErrors(backgroundErrors, world), world.channels, world.grid)
      : await drawnCovariance(runtime, state, draws)
    const from = backgroundErrors ? 'of background errors' : "of draws of the prior's errors"
    return aboutMinimum(() => new ModelVariational({ world, B, settings: { B: from } }))
  }
  const schedule = schedules[prior.config.schedule]()
  // Increments whitened by the training statistics have the identity for a covariance.
  const covariance = isotropic()
  const guided = (name: string, antithetic = members % 2 === 0) => {
    const guidance = guidanceOf(name, settings)
    const { name: _, ...own } = guidance
    return new GenerativeAssimilator(runtime, {
      ...{ prior, codec, decoderVariance, antithetic, settings: own },
      sampler: dpmSolver({ steps }),
      guidance: chooseGuidance(guidance, { schedule, covariance }),
    })
  }
  if (method !== 'letkf' && method !== 'enkf') return guided(method)
  if (ensemble) {
    const filter = new EnsembleFilter({ world, method, localisation })
    return Object.assign(filter, { settings: { ...filter.settings, members: 'of the background' } })
  }
  const samplers = backgroundErrors ? [] : [guided('none', false), guided('none', true)]
  const [independent, mirrored] = samplers.map(membersOf)
  const source = backgroundErrors
    ? membersFromErrors(await readErrors(backgroundErrors, world))
    : recentred(independent, mirrored)
  const filter = new EnsembleFilter({ world, method, localisation, members: source })
  return {
    name: filter.name,
    settings: { ...filter.settings, members: backgroundErrors ? 'of background errors' : 'of the prior' },
    assimilate: (given, options) => filter.assimilate(given, options),
    async close() {
      await filter.close()
      for (const sampler of samplers) await sampler.close()
    },
  }
}

/** @throws ConfigError for settings that the guidance does not have */
function guidanceOf(name: string, settings: readonly string[]): GuidanceConfig {
  return parseSettings(guidanceSchema, { ...settingsOf(settings), name }, `--set of ${name}`)
}

/** Differences of states in units of each channel's standard deviation, [samples, channel, lat, lon]. */
async function readErrors(path: string, world: World): Promise<Float32Array> {
  const { channels, grid, normaliser } = world
  const states = await openStates(path, { channels, workers: 0 })
  try {
    checkSameWorld(world, { channels, grid: states.grid, normaliser }, ['the model', path])
    const errors = await states.readAll()
    const { std, mean } = normaliser.select(channels.names)
    const largest = new Float64Array(channels.length)
    for (let i = 0; i < errors.length; i++) {
      const c = Math.floor(i / grid.size) % channels.length
      if (!Number.isFinite(errors[i])) throw new DataError(`${path}: ${channels.names[c]} has missing values`)
      errors[i] /= std[c]
      largest[c] = Math.max(largest[c], Math.abs(errors[i]))
    }
    // Of whole states rather than differences, geopotential gives itself away.
    const c = channels.names.findIndex(
      (_, k) => Math.abs(mean[k] / std[k]) > 10 && largest[k] > Math.abs(mean[k] / std[k]) / 2,
    )
    if (c >= 0)
      throw new DataError(
        `${path} holds states, by ${channels.names[c]}; background errors are differences of states`,
      )
    return errors
  } finally {
    await states.close()
  }
}
