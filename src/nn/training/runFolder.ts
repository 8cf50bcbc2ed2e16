import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../../base/errors.ts'
import type { HostTensor, Shape } from '../../tensor/index.ts'
import { loadWeights, saveWeights, type Weights } from '../weights.ts'
import {
  type Identity,
  loadCheckpoint,
  type Progressed,
  removeLeftovers,
  saveCheckpoint,
} from './checkpoint.ts'
import { MetricsFile, type MetricsLine } from './metricsFile.ts'

/** What a training run leaves behind; without a folder nothing. */
export class RunFolder {
  readonly path: string | undefined
  private readonly identity: Identity
  private metrics: MetricsFile | undefined
  private savedStep: number | undefined
  private best: Weights | undefined

  private constructor(path: string | undefined, identity: Identity) {
    this.path = path
    this.identity = identity
  }

  /** Opens or makes the folder, and reads the checkpoint if there is one. */
  static async open(
    path: string | undefined,
    specs: readonly { name: string; shape: Shape }[],
    identity: Identity,
  ) {
    const folder = new RunFolder(path, identity)
    let found: { tensors: Map<string, HostTensor>; progressed: Progressed } | undefined
    if (path) {
      await mkdir(path, { recursive: true })
      const checkpoint = folder.file('checkpoint.safetensors')
      if (await exists(checkpoint)) found = await loadCheckpoint(checkpoint, specs, identity)
      for (const name of ['checkpoint', 'best', 'weights'])
        await removeLeftovers(folder.file(`${name}.safetensors`))
      await removeLeftovers(folder.file('metrics.jsonl'))
      folder.metrics = await MetricsFile.open(folder.file('metrics.jsonl'), found?.progressed.step)
      folder.savedStep = found?.progressed.step
    }
    return { folder, found }
  }

  /** The step of the last checkpoint in words, for messages. */
  get lastGood(): string {
    return this.path && this.savedStep !== undefined
      ? `the checkpoint of step ${this.savedStep} is in ${this.path}`
      : 'no checkpoint had been written'
  }

  async log(line: MetricsLine): Promise<void> {
    await this.metrics?.append(line)
  }

  /**
   * Writes a checkpoint unless there is one of this step.
   * @throws DataError when a weight or a moment is not finite; the checkpoint before stays
   */
  async save(
    progressed: Progressed,
    snapshot: () => Promise<ReadonlyMap<string, HostTensor>>,
  ): Promise<void> {
    if (!this.path || this.savedStep === progressed.step) return
    const tensors = await snapshot()
    for (const [name, { data }] of tensors)
      if (!(data as Float32Array).every(Number.isFinite))
        throw new DataError(`step ${progressed.step}: ${name} has a value that is not finite`)
    await saveCheckpoint(this.file('checkpoint.safetensors'), tensors, progressed, this.identity)
    this.savedStep = progressed.step
  }

  async saveBest(weights: Weights, step: number): Promise<void> {
    if (this.path) await saveWeights(this.file('best.safetensors'), weights, this.metadata(step))
    else this.best = weights
  }

  async loadBest(): Promise<Weights> {
    return this.path ? (await loadWeights(this.file('best.safetensors'))).weights : (this.best as Weights)
  }

  async saveResult(weights: Weights, step: number): Promise<void> {
    if (this.path) await saveWeights(this.file('weights.safetensors'), weights, this.metadata(step))
  }

  async close(): Promise<void> {
    await this.metrics?.close()
  }

  private metadata(step: number): Record<string, string> {
    return { step: String(step), architecture: JSON.stringify(this.identity.architecture ?? null) }
  }

  private file(name: string): string {
    return join(this.path as string, name)
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
