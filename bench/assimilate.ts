/**
 * Seconds and peak memory of an analysis by every method, on what ships: 5 % of the columns observed with an error of
 * 0.05, 16 members (4D-Var: its minimum alone, over 12 hours). Each method runs in a process of its own, so that its peak
 * is its own; the first analysis makes the programs, the second has them. Goal: 16 members in 20 s on two cores.
 */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  type AssimilationCase,
  type Assimilator,
  chooseGuidance,
  EnsembleFilter,
  GenerativeAssimilator,
  type GuidanceConfig,
  guidanceNames,
  guidanceSchema,
  isotropic,
  LatentVariational,
  ModelVariational,
  membersOf,
  nmcCovariance,
  type Observations,
  recentred,
  WindowVariational,
} from '../src/assimilation/index.ts'
import { openDemo, shippedModels, shippedSamples } from '../src/experiments/demo/setting.ts'
import { seasonOf } from '../src/forecast/surrogate.ts'
import { buildOperator } from '../src/observation/build.ts'
import { ErrorCovariance } from '../src/observation/error-covariance.ts'
import { columnNetwork, randomColumns } from '../src/observation/networks.ts'
import { simulate } from '../src/observation/simulate.ts'
import { dpmSolver, schedules } from '../src/prior/index.ts'
import { stream } from '../src/random/stream.ts'
import { bytesText, jsonText, tableText } from '../src/report/table.ts'
import { Runtime } from '../src/tensor/index.ts'

const [density, error, members, steps] = [0.05, 0.05, 16, 20]
const hour = 3_600_000
const methods = [...guidanceNames, 'l3dvar', '3dvar', 'letkf', 'enkf', '4dvar']

interface Measured {
  method: string
  members: number
  first: number
  second: number
  /** Bytes: before the first analysis, and the highest of the process. */
  loaded: number
  peak: number
}

const own = process.env.ALIGN_DA_BENCH_METHOD
if (own) console.log(JSON.stringify(await measure(own)))
else await measureAll(process.argv.slice(2))

async function measureAll(wanted: string[]) {
  const rows: Measured[] = []
  for (const method of methods.filter((m) => wanted.length === 0 || wanted.includes(m))) {
    process.stderr.write(`${method}\n`)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(import.meta.url)],
      { env: { ...process.env, ALIGN_DA_BENCH_METHOD: method } },
    )
    rows.push(JSON.parse(stdout.trim().split('\n').at(-1) as string) as Measured)
  }
  if (process.env.JSON) return console.log(jsonText(rows))
  console.log(
    `${100 * density} % of columns, error ${error}, ${steps} steps, ${availableParallelism()} cores`,
  )
  console.log(
    tableText(
      rows.map(({ method, members, first, second, loaded, peak }) => ({
        method,
        members,
        'first, s': first,
        'second, s': second,
        'memory before': bytesText(loaded),
        'peak memory': bytesText(peak),
      })),
      3,
    ),
  )
}

async function measure(method: string): Promise<Measured> {
  const runtime = new Runtime()
  const setting = await openDemo(runtime, shippedModels, shippedSamples)
  const { world, nature, forecaster } = setting
  const leads = 48 / forecaster.stepHours
  const at = leads
  const time = nature.times[at]
  const states = await forecaster.forecast(nature.at(0), [nature.times[0]], leads)
  const given: AssimilationCase = {
    ...{ index: 0, background: { world, states }, season: seasonOf([time]) },
    observations: observe(at),
    window: { time, later: [6, 12].map((hours) => ({ ...observe(at + hours / 6), hours })) },
  }
  const assimilator = await open()
  const count = method === '4dvar' ? 1 : members
  const loaded = process.memoryUsage.rss()
  const seconds: number[] = []
  for (let k = 0; k < 2; k++) {
    const begun = performance.now()
    await assimilator.assimilate(given, { members: count, seed: 1 })
    seconds.push((performance.now() - begun) / 1000)
  }
  const peak = 1024 * process.resourceUsage().maxRSS
  await assimilator.close()
  await runtime.close()
  return { method, members: count, first: seconds[0], second: seconds[1], loaded, peak }

  function observe(position: number): Observations {
    const { grid, channels, normaliser } = world
    const when = nature.times[position]
    const columns = randomColumns(grid, density, stream(1, 'network', when / hour))
    const network = columnNetwork(grid, channels, columns, when)
    const built = buildOperator(network, grid, channels, normaliser, { units: 'normalised' })
    const random = stream(1, 'errors', when / hour)
    const { y, table } = simulate(built.table, built.operator, nature.at(position), { error, random })
    const R = new ErrorCovariance(new Float64Array(y.length).fill(error))
    return { operator: built.operator, y, table, R }
  }

  async function open(): Promise<Assimilator> {
    const { codec, prior } = setting
    const generative = (config: GuidanceConfig, antithetic = false) =>
      new GenerativeAssimilator(runtime, {
        ...{ prior, codec, antithetic, sampler: dpmSolver({ steps }) },
        guidance: chooseGuidance(config, { schedule: schedules[prior.config.schedule]() }),
      })
    if (guidanceNames.includes(method)) return generative(guidanceSchema.parse({ name: method }))
    if (method === 'l3dvar') {
      const { statistics } = prior
      return new LatentVariational(runtime, { codec, statistics, B: isotropic() })
    }
    if (method === 'letkf' || method === 'enkf') {
      const [independent, mirrored] = [false, true].map((antithetic) =>
        membersOf(generative({ name: 'none' }, antithetic)),
      )
      const source = recentred(independent, mirrored)
      return new EnsembleFilter({ world, method, localisation: 500, members: source })
    }
    const B = nmcCovariance(await errorsOf(), world.channels, world.grid)
    if (method === '3dvar') return new ModelVariational({ world, B, tolerance: 1e-3 })
    return new WindowVariational(runtime, { world, forecaster, B })
  }

  /** Errors of 48-h forecasts from every second sample: few, but of the right size. */
  async function errorsOf(): Promise<Float32Array> {
    const starts = Array.from({ length: nature.times.length - leads }, (_, t) => t).filter((t) => t % 2 === 0)
    const size = nature.stateSize
    const out = new Float32Array(starts.length * size)
    for (const [k, t] of starts.entries()) {
      const ahead = await forecaster.forecast(nature.at(t), [nature.times[t]], leads)
      const truth = nature.at(t + leads)
      out.set(
        truth.map((v, i) => v - ahead[i]),
        k * size,
      )
    }
    return out
  }
}
