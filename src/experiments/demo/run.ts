import type { Analysis, AssimilationCase, GuidanceConfig } from '../../assimilation/index.ts'
import { ConfigError, DataError } from '../../base/errors.ts'
import { seasonOf } from '../../forecast/surrogate.ts'
import type { World } from '../../forecast/world.ts'
import { buildOperator, countRejected } from '../../observation/build.ts'
import { ErrorCovariance } from '../../observation/error-covariance.ts'
import { columnNetwork, nearestColumns, type Place } from '../../observation/networks.ts'
import { simulate } from '../../observation/simulate.ts'
import { stream } from '../../random/stream.ts'
import type { Runtime } from '../../tensor/index.ts'
import { demoMethods } from './methods.ts'
import { openDemo, truthAt } from './setting.ts'
import { type DemoScores, verify } from './verify.ts'

/** Time, sizes, guidance and seed of a demo. */
export interface DemoOptions {
  /** Folders of models and samples. */
  readonly models: string
  readonly samples: string
  /** Time of the analysis, ms since 1970: 48 h after the first sample or later. */
  readonly time: number
  readonly members: number
  /** Standard deviation of the observation errors, normalised units. */
  readonly error: number
  readonly guidance: GuidanceConfig
  /** Steps of the sampler. */
  readonly steps: number
  readonly seed: number
  /** Called at the start of a part and as its work is done. */
  readonly onProgress?: (part: string, done: number, all: number) => void
}

/** One analysis and how good it is. */
export interface DemoResult {
  readonly name: string
  readonly what: string
  /** What the result depends on besides case and seed; none for the background. */
  readonly settings: Readonly<Record<string, unknown>>
  /** None for the background. */
  readonly analysis?: Analysis
  /** The mean of the members; of a variational method the minimum of its cost. */
  readonly mean: Float32Array
  readonly scores: DemoScores
  /** Of the 48-h forecast from the estimate, where the samples hold the truth of that time. */
  readonly forecast?: DemoScores
  readonly seconds: number
}

/** What a demo computes: everything its report shows. */
export interface Demo {
  readonly world: World
  readonly options: DemoOptions
  readonly truth: Float32Array
  /** Stations, the columns of the grid nearest to them, and how many numbers those gave. */
  readonly stations: readonly Place[]
  readonly columns: number
  readonly observations: number
  readonly rejected: readonly { readonly reason: string; readonly variable: string; readonly count: number }[]
  /** The background first, then the methods. */
  readonly results: readonly DemoResult[]
  /** Mean squared error of the truth itself after encoding and decoding: no analysis of these latents is better. */
  readonly latentFloor: number
}

const hour = 3_600_000
const lead = 48

/** Background, observations, analyses by each method, and their verification. The same options give the same bits. */
export async function runDemo(runtime: Runtime, options: DemoOptions): Promise<Demo> {
  const { time, error, seed, onProgress } = options
  if (!(error > 0)) throw new ConfigError(`an observation error of ${error}: it must be above zero`)
  onProgress?.('models', 0, 1)
  const setting = await openDemo(runtime, options.models, options.samples)
  const { world, nature, forecaster, codec } = setting
  onProgress?.('models', 1, 1)
  const truth = truthAt(nature, time)
  const start = truthAt(nature, time - lead * hour)
  if (!truth || !start) throw new DataError(`${nature.location} ends before the time of the analysis`)
  const later = truthAt(nature, time + lead * hour)
  const leads = lead / forecaster.stepHours
  const background = await forecaster.forecast(start, [time - lead * hour], leads, (step) =>
    onProgress?.('background', step, leads),
  )
  const observed = observe(setting.stations, world, truth, options)
  const given: AssimilationCase = {
    index: 0,
    background: { world, states: background },
    observations: observed.observations,
    season: seasonOf([time]),
  }
  const results: DemoResult[] = []
  const add = async (
    one: Omit<DemoResult, 'scores' | 'forecast'>,
    states: Float32Array,
    antithetic = false,
  ) => {
    const ahead = later && (await forecaster.forecast(one.mean, [time], leads))
    const forecast = ahead && verify(ahead, later, world)
    const scores = verify(states, truth, world, { antithetic })
    results.push({ ...one, scores, forecast })
  }
  const what = `the ${lead}-h forecast of the learned model from the true state`
  await add({ name: 'background', what, settings: {}, mean: background, seconds: 0 }, background)
  const decoderVariance = await codec.unexpressedVariance(background)
  const methods = await demoMethods(runtime, setting, { ...options, decoderVariance, background })
  for (const { name, what, assimilator, antithetic, members = options.members } of methods) {
    const started = performance.now()
    onProgress?.(name, 0, members)
    try {
      const analysis = await assimilator.assimilate(given, {
        ...{ members, seed },
        onProgress: (done, all) => onProgress?.(name, done, all),
      })
      const seconds = (performance.now() - started) / 1000
      const { settings } = assimilator
      const one = { name, what, settings, analysis, mean: analysis.mean, seconds }
      await add(one, analysis.states, antithetic)
    } finally {
      await assimilator.close()
    }
  }
  const decoded = await codec.decodeLatents(await codec.encodeStates(truth))
  const latentFloor = verify(decoded, truth, world).mse
  await forecaster.close()
  await codec.close()
  return { world, options, truth, ...observed.used, results, latentFloor }
}

/** Observations of the truth in the grid columns nearest to the stations, all channels of each, once a column. */
function observe(
  places: readonly Place[],
  { grid, channels, normaliser }: World,
  truth: Float32Array,
  { error, time, seed }: DemoOptions,
) {
  const columns = nearestColumns(grid, places)
  const network = columnNetwork(grid, channels, columns, time)
  const built = buildOperator(network, grid, channels, normaliser, { units: 'normalised' })
  const random = stream(seed, 'observation errors', 0)
  const { y, table } = simulate(built.table, built.operator, truth, { error, random })
  return {
    observations: {
      ...{ operator: built.operator, y, table },
      R: new ErrorCovariance(new Float64Array(y.length).fill(error)),
    },
    used: {
      ...{ stations: places, columns: columns.length },
      observations: y.length,
      rejected: countRejected(network, built.rejected),
    },
  }
}
