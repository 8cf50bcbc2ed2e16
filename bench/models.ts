/**
 * Training of the three models of configs/small.yaml and sampling of 16 members, beside the same networks in PyTorch
 * where it is installed. Times are also given in units of a 1024 x 1024 x 1024 matrix product, so that machines
 * compare, and add up to how long the whole training takes here. Goals: under 3 hours on two cores, samples in 10 s.
 */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { channelsOf, loadExperiment } from '../src/experiments/config.ts'
import { surrogateStep } from '../src/forecast/surrogate.ts'
import { decode, encode, klDivergence, latentShape, reparameterise } from '../src/latent/autoencoder.ts'
import { Parameters, trainStep } from '../src/nn/index.ts'
import { dpmSolver, priorLoss, samplingProgram } from '../src/prior/index.ts'
import { stream } from '../src/random/stream.ts'
import { tableText } from '../src/report/table.ts'
import {
  compile,
  constant,
  type Executable,
  type Feeds,
  type HostTensor,
  input,
  type Program,
  Runtime,
  type Shape,
  type Tensor,
} from '../src/tensor/index.ts'

const repeats = Number(process.env.REPEATS ?? 5)
const threads = Number(process.env.THREADS ?? availableParallelism())
const patience = 12_000
const [members, solverSteps] = [16, 20]
const goals = { trainingHours: 3, samplingSeconds: 10 }

const experiment = await loadExperiment(fileURLToPath(new URL('../configs/small.yaml', import.meta.url)))
const { forecast, latent, prior } = experiment
const channels = channelsOf(experiment)?.length ?? 39
const [lat, lon] = experiment.data.grid ?? [32, 64]
const state = { channels, lat, lon }
const shape = latentShape(state, latent)
const ones = (n: number) => new Float32Array(n).fill(1)
const statistics = { mean: new Float32Array(shape[0]), std: ones(shape[0]), increment: ones(shape[0]) }

interface Measured {
  ms: number
  parameters: number
}

const runtime = new Runtime({ threads })

const random = (shape: Shape, name = 'x'): HostTensor => {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
  // Times of the diffusion lie between 0 and 1.
  return { dtype: 'float32', shape, data: name === 't' ? data.fill(0.5) : stream(1, name).normal(data) }
}

/** The shortest of several runs; on a busy machine fewer, so that the whole benchmark stays within minutes. */
async function best(executable: Executable, feeds: Feeds, times: number, warm: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  const end = performance.now() + patience
  for (let i = -warm; i < times; i++) {
    const from = performance.now()
    await executable.run(feeds)
    if (i >= 0) least = Math.min(least, performance.now() - from)
    if (performance.now() > end && least < Number.POSITIVE_INFINITY) break
  }
  return least
}

/** Milliseconds of a program whose inputs all lie on the device. */
async function timed(
  program: Program,
  resident: Readonly<Record<string, HostTensor>>,
  { feeds = {}, updates = {}, times = repeats, warm = 1 } = {},
): Promise<number> {
  const store = await runtime.createStore()
  const rest = program.inputs.filter((i) => !(i.name in resident) && !(i.name in feeds))
  await store.put({ ...resident, ...Object.fromEntries(rest.map((i) => [i.name, random(i.shape, i.name)])) })
  const executable = await runtime.load(program, { store, updates })
  const ms = await best(executable, feeds, times, warm)
  await executable.release()
  await store.release()
  return ms
}

/** One training step as the training commands take it: gradient, clipping, AdamW. */
async function training(parameters: Parameters, loss: Tensor, clip: number): Promise<Measured> {
  const step = trainStep({ parameters, loss, clip, optimiser: { decay: 0.01, beta2: 0.99 } })
  const resident = { ...parameters.feeds(parameters.initialise(0)), ...step.state() }
  const { program, updates } = step.batch
  const ms = await timed(program, resident, { feeds: step.scalars(1e-4, 1), updates })
  return { ms, parameters: parameters.count }
}

const states = (name: string, batch: number) => input(name, [batch, channels, lat, lon])

const cases = {
  forecast(): Promise<Measured> {
    const p = new Parameters()
    const context = {
      statics: random([3, lat, lon]).data as Float32Array,
      grid: [lat, lon] as const,
      changeStd: ones(channels).fill(0.1),
    }
    const { batch } = forecast
    const next = surrogateStep(p, states('x', batch), input('season', [batch, 2]), context, forecast)
    const loss = next.sub(states('target', batch)).sumSquare()
    return training(p, loss.mul(1 / next.size), forecast.clip)
  },
  autoencoder(): Promise<Measured> {
    const p = new Parameters()
    const x = states('x', latent.batch)
    const posterior = encode(p, x, latent)
    const z = reparameterise(posterior, input('noise', [latent.batch, ...shape]))
    const weights = constant(ones(channels), { shape: [channels, 1, 1] })
    const error = decode(p, z, state, latent).sub(x).square().mul(weights).mean()
    return training(p, error.add(klDivergence(posterior).mul(latent.kl)), 0.1)
  },
  prior(): Promise<Measured> {
    const p = new Parameters()
    const weights = ones(shape[0])
    const { loss } = priorLoss(p, {
      ...{ config: prior, statistics, shape, weights },
      batch: prior.batch,
      training: true,
    })
    return training(p, loss, 1)
  },
  async sampling(): Promise<Measured> {
    const sampler = dpmSolver({ steps: solverSteps })
    const { program, parameters } = samplingProgram(
      { config: prior, statistics, shape },
      { sampler, batch: members },
    )
    const weights = parameters.feeds(parameters.initialise(0))
    const ms = await timed(program, weights, { times: Math.max(1, Math.floor(repeats / 3)), warm: 0 })
    return { ms, parameters: parameters.count }
  },
}
type Case = keyof typeof cases
const names = Object.keys(cases) as Case[]

/** The same networks in PyTorch, or why not. */
async function torch(): Promise<(Record<Case, Measured> & { version: string }) | string> {
  const sizes = {
    ...{ channels, grid: [lat, lon], threads, repeats, patience, sampling: { steps: solverSteps } },
    forecast: pick(forecast, ['patch', 'width', 'blocks', 'hidden', 'batch']),
    autoencoder: {
      ...pick(latent, ['patch', 'width', 'blocks', 'heads', 'window', 'batch']),
      latent: latent.channels,
    },
    prior: {
      ...pick(prior, ['width', 'blocks', 'heads', 'mlp', 'batch']),
      ...{ tokens: shape[1] * shape[2], c: shape[0] },
    },
  }
  const python = process.env.PYTHON ?? '/usr/bin/python3'
  try {
    await promisify(execFile)(python, ['-c', 'import torch'])
  } catch {
    return `PyTorch was not found (${python}); PYTHON=<interpreter> names another`
  }
  const script = fileURLToPath(new URL('./models.py', import.meta.url))
  const { stdout } = await promisify(execFile)(python, [script, JSON.stringify(sizes)])
  return JSON.parse(stdout)
}

function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((k) => [k, from[k]])) as Pick<T, K>
}

/**
 * Hours of the configured training, from the time of a step: a forward pass counts as a third of one. The steps are
 * those of the configuration; stopping early makes it shorter. Reading data and writing files come on top.
 */
function trainingHours(ms: Record<Case, Measured>) {
  const checks = (steps: number, every: number, batches: number) => Math.ceil(steps / every) * (batches / 3)
  const { rollout } = forecast
  const { start, end } = experiment.data.training
  // Six-hourly states.
  const starts = 4 * (1 + (Date.parse(end) - Date.parse(start)) / 86_400_000)
  const ofForecast = { perState: ms.forecast.ms / forecast.batch }
  const leads = rollout.leads * rollout.batch
  const backgrounds = ((starts / prior.every) * Math.max(...prior.leads)) / 3
  const total = {
    forecast:
      ms.forecast.ms * (forecast.steps + checks(forecast.steps, forecast.validateEvery, 8)) +
      ofForecast.perState * leads * (rollout.steps + checks(rollout.steps, forecast.validateEvery, 8)),
    autoencoder: ms.autoencoder.ms * (latent.steps + checks(latent.steps, latent.validateEvery, 10)),
    backgrounds: ofForecast.perState * backgrounds,
    prior: ms.prior.ms * (prior.steps + checks(prior.steps, prior.validateEvery, 8)),
  }
  return Object.fromEntries(Object.entries(total).map(([k, v]) => [k, v / 3_600_000]))
}

const [a, b] = ['a', 'b'].map((n) => input(n, [1024, 1024]))
const unit = await timed(compile({ corner: a.matmul(b).slice(0, 0) }), {}, { times: 4 * repeats, warm: 2 })
const ours = {} as Record<Case, Measured>
for (const name of names) {
  process.stderr.write(`${name} ..\n`)
  ours[name] = await cases[name]()
}
await runtime.close()
process.stderr.write('PyTorch ..\n')
const theirs = await torch()
if (typeof theirs !== 'string')
  for (const name of names)
    if (theirs[name].parameters !== ours[name].parameters)
      throw new Error(
        `${name}: ${ours[name].parameters} parameters here, ${theirs[name].parameters} in PyTorch`,
      )

const batches = { forecast: forecast.batch, autoencoder: latent.batch, prior: prior.batch, sampling: members }
const round = (v: number, by = 10) => Math.round(by * v) / by
const digits = (v: number, n = 3) => Number(v.toPrecision(n))
console.log(
  `the models of configs/small.yaml; ${threads} threads; a 1024^3 matrix product takes ${digits(unit)} ms`,
)
console.log(typeof theirs === 'string' ? theirs : `beside PyTorch ${theirs.version}`)
console.log(
  tableText(
    names.map((name) => {
      const { ms, parameters } = ours[name]
      const other = typeof theirs === 'string' ? Number.NaN : theirs[name].ms
      const rate = (time: number) => round((1000 * batches[name]) / time)
      return {
        case: name === 'sampling' ? `sampling, dpm-solver++ ${solverSteps} steps` : `training step, ${name}`,
        parameters,
        batch: batches[name],
        ms: Math.round(ms),
        'in matmuls': round(ms / unit),
        'samples/s': rate(ms),
        'PyTorch ms': Math.round(other),
        'PyTorch samples/s': rate(other),
        ratio: round(ms / other, 100),
      }
    }),
  ),
)
const hours = trainingHours(ours)
const all = Object.values(hours).reduce((x, y) => x + y)
const met = (is: boolean) => (is ? 'met' : 'missed')
console.log(
  `whole training: ${digits(all)} h (${Object.entries(hours)
    .map(([k, v]) => `${k} ${digits(v, 2)}`)
    .join(', ')}); goal ${goals.trainingHours} h ${met(all < goals.trainingHours)}`,
)
console.log(
  `${members} members: ${digits(ours.sampling.ms / 1000)} s; goal ${goals.samplingSeconds} s ${met(ours.sampling.ms < 1000 * goals.samplingSeconds)}`,
)
