import { type FileHandle, open, readFile } from 'node:fs/promises'
import { writeFileAtomic } from '../../base/files.ts'

/** One line of metrics: the number of finished steps and what is known there. */
export type MetricsLine = { readonly step: number } & Readonly<Record<string, unknown>>

/** Metrics as JSON Lines, each line on the disk before training goes on. */
export class MetricsFile {
  private readonly file: FileHandle

  private constructor(file: FileHandle) {
    this.file = file
  }

  /**
   * Opens `path` to go on after `step` finished steps: later lines, and one that was cut short, are removed. Without a
   * step training begins, and nothing is kept: what was known before its first step (step 0) will be said again.
   */
  static async open(path: string, step: number | undefined): Promise<MetricsFile> {
    const before = step === undefined ? '' : await readFile(path, 'utf8').catch(absent)
    const kept = before.split('\n').filter((line) => (stepOf(line) ?? Infinity) <= (step ?? -1))
    await writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''))
    return new MetricsFile(await open(path, 'a'))
  }

  async append(line: MetricsLine): Promise<void> {
    await this.file.appendFile(`${JSON.stringify(line)}\n`)
    await this.file.datasync()
  }

  async close(): Promise<void> {
    await this.file.close()
  }
}

/** All complete lines of a metrics file. */
export async function readMetrics(path: string): Promise<MetricsLine[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.filter((line) => stepOf(line) !== undefined).map((line) => JSON.parse(line) as MetricsLine)
}

function stepOf(line: string): number | undefined {
  try {
    const { step } = JSON.parse(line) as Partial<MetricsLine>
    return typeof step === 'number' ? step : undefined
  } catch {
    return undefined
  }
}

function absent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
