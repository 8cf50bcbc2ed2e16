import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { DataError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import { parseSettings } from '../experiments/config.ts'
import { openPrior, readModelState } from '../experiments/models.ts'
import { seasonOf } from '../forecast/surrogate.ts'
import type { States } from '../io/states.ts'
import { createStates } from '../io/write-states.ts'
import { samplerSchema } from '../prior/config.ts'
import { PriorSampler } from '../prior/sample.ts'
import { chooseSampler } from '../prior/samplers/choose.ts'
import { jsonText } from '../report/table.ts'
import { Runtime } from '../tensor/index.ts'
import { choice } from './options.ts'
import { checkOutputs } from './outputs.ts'
import { outputFormat } from './statesCopy.ts'
import { timePosition, timeText } from './times.ts'

export interface SampleCommandOptions {
  background: string
  models: string
  out: string
  time: string
  member?: number
  members: number
  sampler: string
  steps?: number
  seed: number
  device?: string
  overwrite?: boolean
  json?: boolean
}

const samplers = ['dpm-solver++', 'ddim', 'edm-heun', 'predictor-corrector'] as const

/** Draws members, writes them and their mean. */
export async function sample(options: SampleCommandOptions): Promise<void> {
  const { out, members, seed, overwrite } = options
  const name = choice('--sampler', options.sampler, samplers)
  const settings = { name, ...(options.steps && { steps: options.steps }) }
  const sampler = chooseSampler(parseSettings(samplerSchema, settings, '--sampler'))
  const format = outputFormat(out)
  const width = Math.max(2, String(members).length)
  const ending = extname(out)
  const pathOf = (member: number) =>
    `${out.slice(0, out.length - ending.length)}-${String(member).padStart(width, '0')}${ending}`
  const paths = Array.from({ length: members }, (_, i) => pathOf(i + 1))
  checkOutputs([out, ...paths], overwrite)
  const runtime = new Runtime({ device: options.device })
  try {
    const { codec, prior } = await openPrior(runtime, options.models)
    const { world } = prior
    const position = (states: States) => timePosition(states, options.time)
    const { time, state } = await readModelState(options.background, world, position, options)
    if (prior.config.season && Number.isNaN(time))
      throw new DataError(`${options.background} does not say of what time it is; the prior needs the season`)
    const background = await codec.encodeStates(state)
    const batch = Math.min(members, 16)
    const drawing = await PriorSampler.load(runtime, prior, { sampler, batch })
    const started = performance.now()
    const bar = progress('members', members)
    const season = seasonOf([time])
    const { z, calls } = await drawing.sample([{ index: 0, background, season }], {
      ...{ members, seed, onProgress: (done: number) => bar.update(done) },
    })
    bar.end()
    await drawing.release()
    const states = await codec.decodeLatents(z)
    const seconds = Math.round(performance.now() - started) / 1000
    const size = state.length
    const mean = new Float32Array(size)
    for (let i = 0; i < states.length; i++) mean[i % size] += states[i] / members
    let squares = 0
    for (let i = 0; i < states.length; i++) squares += (states[i] - mean[i % size]) ** 2
    const { grid, channels } = world
    const normaliser = world.normaliser.select(channels.names)
    const write = async (path: string, title: string, values: Float32Array) => {
      const attributes = { title, source: `align-da sample, ${name}, seed ${seed}` }
      const writer = await createStates(path, { grid, channels, attributes }, { format, overwrite })
      try {
        await writer.append([time], normaliser.denormalise(values, grid.size))
        await writer.close()
      } catch (error) {
        await writer.abort()
        throw error
      }
    }
    for (const [i, path] of paths.entries())
      await write(path, `Member ${i + 1} of ${members}`, states.subarray(i * size, (i + 1) * size))
    await write(out, `Mean of ${members} members`, mean)
    // Not deleted: only its owner knows whether it is still wanted.
    if (existsSync(pathOf(members + 1)))
      console.error(`warning: ${pathOf(members + 1)} is there from before and no member of these`)
    const summary = {
      ...{ out, members, sampler: name, seed, time: new Date(time).toISOString() },
      'network calls': calls,
      'spread, normalised': members > 1 ? Math.sqrt(squares / ((members - 1) * size)) : 0,
      seconds,
    }
    if (options.json) console.log(jsonText(summary))
    else
      console.log(
        `wrote ${out} and ${members} members for ${timeText(time)} UTC: spread ${summary['spread, normalised'].toPrecision(3)} (normalised), ${calls} network calls a member, ${seconds} s`,
      )
    await codec.close()
  } finally {
    await runtime.close()
  }
}
