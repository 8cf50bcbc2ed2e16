import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeFileAtomic } from '../base/files.ts'

/** What was done in one part of a run. */
export interface StageRecord {
  /** When it was begun and ended last, ISO times; no end while it runs or after a kill. */
  started: string
  ended?: string
  /** Seconds of all sittings that came to an end. */
  seconds: number
  /** The model that was written. */
  model?: string
  scores?: Record<string, unknown>
}

/** run.json: what a run was, for people and programs. */
export interface RunRecord {
  command: string
  config: unknown
  data?: unknown
  seed: number
  revision?: string
  device?: string
  node: string
  stages: Record<string, StageRecord>
}

/** Keeps run.json of a run folder up to date; what earlier sittings wrote of other stages stays. */
export class RunFile {
  readonly record: RunRecord
  private readonly path: string

  private constructor(path: string, record: RunRecord) {
    this.path = path
    this.record = record
  }

  static async open(folder: string, head: Omit<RunRecord, 'stages' | 'node'>): Promise<RunFile> {
    const path = join(folder, 'run.json')
    const before = await readFile(path, 'utf8')
      .then((text) => (JSON.parse(text) as RunRecord).stages)
      .catch(() => ({}))
    return new RunFile(path, { ...head, node: process.version, stages: before })
  }

  /** Does the work of a stage and writes when it began, how long it took and what it says. */
  async stage<T extends Pick<StageRecord, 'model' | 'scores'>>(
    name: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const begun = Date.now()
    const seconds = this.record.stages[name]?.seconds ?? 0
    this.record.stages[name] = { started: new Date(begun).toISOString(), seconds }
    await this.save()
    const { model, scores, ...rest } = await work()
    Object.assign(this.record.stages[name], {
      ended: new Date().toISOString(),
      seconds: Math.round((seconds + (Date.now() - begun) / 1000) * 10) / 10,
      model,
      scores,
    } satisfies Partial<StageRecord>)
    await this.save()
    return { model, scores, ...rest } as T
  }

  private async save(): Promise<void> {
    await writeFileAtomic(this.path, `${JSON.stringify(this.record, null, 2)}\n`)
  }
}

/** The git revision of the working folder, with `+` where files differ from it; undefined outside of git. */
export async function gitRevision(): Promise<string | undefined> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args)).stdout.trim()
  try {
    const revision = await git('rev-parse', '--short=12', 'HEAD')
    return `${revision}${(await git('status', '--porcelain', '--untracked-files=no')) ? '+' : ''}`
  } catch {
    return undefined
  }
}
