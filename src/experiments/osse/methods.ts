import {
  type AssimilationCase,
  type Assimilator,
  aboutMinimum,
  type Covariance,
  chooseGuidance,
  EnsembleFilter,
  GenerativeAssimilator,
  type GuidanceConfig,
  isotropic,
  LatentVariational,
  latentCovariance,
  type MemberSource,
  ModelVariational,
  membersFromErrors,
  membersOf,
  nmcCovariance,
  recentred,
} from '../../assimilation/index.ts'
import { ConfigError } from '../../base/errors.ts'
import { checkSameWorld } from '../../forecast/world.ts'
import { loadLatentModel } from '../../latent/codec.ts'
import {
  chooseSampler,
  type LatentStatistics,
  latentTarget,
  type SamplerConfig,
  schedules,
} from '../../prior/index.ts'
import { checkAutoencoder, loadPriorModel, type PriorModel } from '../../prior/model.ts'
import { compile, input } from '../../tensor/index.ts'
import { modelFile } from '../train-models.ts'
import type { MethodConfig } from './config.ts'
import { fileHash, hash, type OsseSetting } from './setting.ts'

/** An analysis as it is verified. */
export interface Analysed {
  /** Members, [members, channel, lat, lon]. */
  readonly states: Float32Array
  /** The estimate: the mean of the members, or of a variational method its minimum. */
  readonly mean: Float32Array
  /** Members 2k and 2k + 1 mirror each other: scores must know. */
  readonly antithetic?: boolean
}

export interface OsseMethod {
  /** What its results depend on. */
  readonly key: string
  analyse(given: AssimilationCase): Promise<Analysed>
  close(): Promise<void>
}

/** The prior of a model name. @throws DataError for one of other latents or another world than the setting's */
export async function priorOf({ config, codec, world }: OsseSetting, model: string): Promise<PriorModel> {
  const path = config.models[model]
  const prior = await loadPriorModel(path)
  checkSameWorld(world, prior.world, ['the autoencoder', path], { normaliser: true })
  const file = modelFile(config.folder, 'latent')
  const { weights } = await loadLatentModel(file)
  checkAutoencoder(prior, { weights, shape: codec.shape }, [path, file])
  return prior
}

/** What the results of a method depend on, as a text. */
export async function methodKey(setting: OsseSetting, method: MethodConfig): Promise<string> {
  const { config, base } = setting
  const { name: _, model, densities: _d, errors: _e, ...settings } = method
  const own: unknown[] = [base, settings, settings.members ?? config.members]
  if (method.kind !== '3dvar' && method.kind !== 'background') own.push(await fileHash(config.models[model]))
  if ('sampler' in method || ['none', 'guided', 'letkf'].includes(method.kind))
    own.push(config.sampler, config.antithetic)
  if (usesErrors(method)) own.push(config.data.training, config.backgroundErrors)
  return hash(own).slice(0, 16)
}

export const usesErrors = (method: MethodConfig) =>
  method.kind === '3dvar' ||
  (method.kind === 'letkf' && method.source === 'errors') ||
  ('covariance' in method && method.covariance.kind !== 'isotropic')

/** Makes a method ready to run; its programs are kept until it is closed. */
export async function openMethod(setting: OsseSetting, method: MethodConfig): Promise<OsseMethod> {
  const { config, runtime, codec, world, decoderVariance } = setting
  const { seed } = config
  const { members = config.members } = method
  const key = await methodKey(setting, method)
  const ensemble = (assimilator: Assimilator): OsseMethod => ({
    key,
    async analyse(given) {
      const { states, mean } = await assimilator.assimilate(given, { members, seed })
      return { states, mean, antithetic: assimilator.settings.antithetic === true }
    },
    close: () => assimilator.close(),
  })
  const generative = async (
    guidance: GuidanceConfig,
    more: {
      sampler?: SamplerConfig
      decoder?: 'exact' | 'tangent'
      covariance?: Covariance
      antithetic?: boolean
    } = {},
  ) => {
    const prior = await priorOf(setting, method.model)
    const { covariance = isotropic(), decoder, antithetic = config.antithetic } = more
    const schedule = schedules[prior.config.schedule]()
    return new GenerativeAssimilator(runtime, {
      ...{ prior, codec, decoderVariance, decoder, antithetic, batch: Math.min(16, members) },
      sampler: chooseSampler(more.sampler ?? config.sampler),
      guidance: chooseGuidance(guidance, { schedule, covariance }),
    })
  }
  switch (method.kind) {
    case 'background':
      return {
        key,
        analyse: async ({ background: { states } }) => ({ states, mean: states }),
        close: async () => {},
      }
    case 'none':
      return ensemble(await generative({ name: 'none' }, method))
    case 'guided': {
      const covariance = await covarianceOf(setting, method)
      return ensemble(await generative(method.guidance, { ...method, covariance }))
    }
    case 'l3dvar': {
      const { statistics: all } = await priorOf(setting, method.model)
      const { coupling: _, ...local } = all
      const statistics = method.coupled ? all : local
      const B = await covarianceOf(setting, method, statistics)
      const { outerLoops, iterations } = method
      const options = { codec, statistics, B, outerLoops, iterations, decoderVariance }
      return ensemble(aboutMinimum(() => new LatentVariational(runtime, options)))
    }
    case '3dvar': {
      const { scale, lengthScale, balance, iterations, tolerance, filtered } = method
      const { states } = await setting.errors()
      const B = nmcCovariance(states, world.channels, world.grid, { scale, lengthScale, balance })
      const { analyse, ...opened } = ensemble(
        aboutMinimum(() => new ModelVariational({ world, B, iterations, tolerance })),
      )
      if (!filtered) return { analyse, ...opened }
      return {
        ...opened,
        async analyse(given) {
          const states = await codec.decodeLatents(await codec.encodeStates(given.background.states))
          return analyse({ ...given, background: { world, states } })
        },
      }
    }
    case 'letkf': {
      const { localisation, inflation, scale, source } = method
      const priors =
        source === 'prior'
          ? [
              await generative({ name: 'none' }, { ...method, antithetic: false }),
              await generative({ name: 'none' }, { ...method, antithetic: true }),
            ]
          : []
      const [independent, mirrored] = priors.map(membersOf)
      const members = independent
        ? lastOf(recentred(independent, mirrored))
        : membersFromErrors((await setting.errors()).states)
      const filter = new EnsembleFilter({
        ...{ world, localisation, inflation, members, priorInflation: scale },
      })
      const { analyse } = ensemble(filter)
      return {
        key,
        analyse,
        async close() {
          for (const prior of priors) await prior.close()
        },
      }
    }
  }
}

/** Keeps the members of the last case: networks of the same date share them. */
function lastOf(source: MemberSource): MemberSource {
  let [last, states]: [number, Float32Array | undefined] = [-1, undefined]
  return async (given, options) => {
    if (!states || last !== given.index) states = await source(given, options)
    last = given.index
    return states
  }
}

async function covarianceOf(
  setting: OsseSetting,
  method: MethodConfig & { covariance: { kind: 'isotropic' | 'diagonal' | 'spatial'; scale: number } },
  given?: LatentStatistics,
): Promise<Covariance> {
  const { kind, scale } = method.covariance
  if (kind === 'isotropic') return isotropic(scale ** 2)
  const { runtime, codec } = setting
  const { statistics: own, config } = await priorOf(setting, method.model)
  const statistics = given ?? own
  if (config.target !== 'increment')
    throw new ConfigError(
      `method ${method.name}: a ${kind} covariance is one of increments; the prior ${method.model} diffuses states`,
    )
  const { latents } = await setting.errors()
  const size = codec.shape.reduce((a, b) => a * b, 1)
  const z = input('z', [latents.length / size, ...codec.shape])
  const target = latentTarget('increment', statistics, codec.shape)
  const program = await runtime.load(compile({ u: target.encode(z, z.mul(0)) }, { name: 'increments' }))
  const { u } = await program.run({ z: latents })
  await program.release()
  const C = latentCovariance(u.data as Float32Array, codec.shape, { kind })
  return { name: C.name, apply: (x, f) => C.apply(x, (c) => f(c.mul(scale ** 2))) }
}
