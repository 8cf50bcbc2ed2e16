import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DataError } from '../base/errors.ts'
import { seasonOf } from '../forecast/surrogate.ts'
import { fingerprint } from '../nn/fingerprint.ts'
import { dpmSolver, PriorSampler } from '../prior/index.ts'
import type { Runtime } from '../tensor/index.ts'
import { openPrior, readModelState } from './models.ts'

/** What a prior gave for one case where it was known to be right. */
const referenceSchema = z.strictObject({
  prior: z.string().describe('fingerprint of the weights'),
  autoencoder: z.string(),
  increments: z
    .array(z.number())
    .min(16)
    .describe('of members over the background, normalised, every so many'),
})
export type SelfTestReference = z.infer<typeof referenceSchema>

export const referenceFile = (models: string) => join(models, 'selftest.json')

/** Differences beyond rounding: the increments' root mean square difference, relative. Devices differ by far less. */
export const selfTestTolerance = 0.01

const [members, steps, seed, kept] = [2, 8, 1, 160]

/** Samples the prior for the first of the samples, through encoder and decoder. */
export async function drawSelfTest(
  runtime: Runtime,
  models: string,
  states: string,
): Promise<SelfTestReference> {
  const { codec, prior } = await openPrior(runtime, models)
  try {
    const { time, state } = await readModelState(states, prior.world, () => 0)
    const background = await codec.encodeStates(state)
    const sampler = await PriorSampler.load(runtime, prior, { sampler: dpmSolver({ steps }), batch: members })
    const { z } = await sampler.sample([{ index: 0, background, season: seasonOf([time]) }], {
      members,
      seed,
    })
    await sampler.release()
    const decoded = await codec.decodeLatents(z)
    const about = await codec.decodeLatents(background)
    const increments: number[] = []
    const stride = Math.max(1, Math.floor(decoded.length / kept)) | 1
    for (let i = 0; i < decoded.length; i += stride) increments.push(decoded[i] - about[i % about.length])
    return { prior: fingerprint(prior.weights), autoencoder: prior.autoencoder, increments }
  } finally {
    await codec.close()
  }
}

export interface SelfTestResult {
  /** Relative difference from the reference; undefined where there is none of these weights. */
  readonly difference?: number
  /** Root mean square of the increments, normalised. */
  readonly size: number
  readonly seconds: number
}

/**
 * Samples the prior and holds it against the reference beside the models.
 * @throws DataError for values that are not finite
 */
export async function runSelfTest(runtime: Runtime, models: string, states: string): Promise<SelfTestResult> {
  const started = performance.now()
  const drawn = await drawSelfTest(runtime, models, states)
  const seconds = (performance.now() - started) / 1000
  const size = rms(drawn.increments)
  if (!Number.isFinite(size)) throw new DataError('the prior gives values that are not finite')
  const reference = await readReference(models)
  if (reference?.prior !== drawn.prior) return { size, seconds }
  const apart = rms(drawn.increments.map((v, i) => v - reference.increments[i]))
  return { difference: apart / rms(reference.increments), size, seconds }
}

/** The reference of a folder of models, if there is one. @throws DataError for a file that is none */
export async function readReference(models: string): Promise<SelfTestReference | undefined> {
  const path = referenceFile(models)
  if (!existsSync(path)) return undefined
  const parsed = referenceSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (!parsed.success) throw new DataError(`${path}: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

const rms = (values: readonly number[]) => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length)
