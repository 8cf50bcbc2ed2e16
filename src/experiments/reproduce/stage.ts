import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, didYouMean } from '../../base/errors.ts'
import { hash } from '../osse/setting.ts'

/** A part of a reproduction: what it needs, what it writes, and how. */
export interface Stage {
  readonly name: string
  /** In a few words, for people. */
  readonly what: string
  /** Stages that come before it and whose files it reads. */
  readonly needs: readonly string[]
  /** What it depends on besides: settings, and hashes of files that no stage writes; as JSON. */
  readonly settings: unknown
  /** Files and folders that it leaves; it is done only while they are as it left them. */
  readonly writes: readonly string[]
  /** What a try with other inputs left that would be in the way of this one. */
  readonly clears?: readonly string[]
  /** Goes on where an earlier try with the same inputs was stopped, as far as the work allows. */
  run(): Promise<void>
}

/** Hashes of all that the stages depend on: their settings and those of the stages they need. */
export function keysOf(stages: readonly Stage[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  for (const { name, needs, settings } of stages) {
    if (keys.has(name)) throw new ConfigError(`two stages are called ${name}`)
    const before = needs.map((need) => {
      const key = keys.get(need)
      if (!key) throw new ConfigError(`stage ${name} needs ${need}, which does not come before it`)
      return [need, key]
    })
    keys.set(name, hash({ settings, before }))
  }
  return keys
}

/** A stage by its name. @throws ConfigError that names those that exist */
export function stageOf(stages: readonly Stage[], name: string): Stage {
  const found = stages.find((s) => s.name === name)
  const names = stages.map((s) => s.name)
  if (!found)
    throw new ConfigError(
      `there is no stage ${name}${didYouMean(name, names)}; the stages are ${names.join(', ')}`,
    )
  return found
}

/** A stage and all that depend on it, in order. */
export function dependents(stages: readonly Stage[], name: string): Stage[] {
  const found = new Set([stageOf(stages, name).name])
  for (const stage of stages) if (stage.needs.some((need) => found.has(need))) found.add(stage.name)
  return stages.filter((s) => found.has(s.name))
}

/** SHA-256 over the bytes of files and of all files in folders, with their names; undefined where one is missing. */
export async function contentHash(paths: readonly string[]): Promise<string | undefined> {
  const sum = createHash('sha256')
  for (const path of paths) {
    if (!existsSync(path)) return undefined
    for (const file of await filesIn(path)) {
      sum.update(`${file.slice(path.length)}\0`)
      for await (const piece of createReadStream(file)) sum.update(piece)
    }
  }
  return sum.digest('hex')
}

/** A hash of the names and sizes of the files in a folder: what can be said of a large store without reading it. */
export async function sizesHash(path: string): Promise<string> {
  const files = await filesIn(path)
  const sizes = await Promise.all(files.map(async (f) => [f.slice(path.length), (await stat(f)).size]))
  return hash(sizes)
}

async function filesIn(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const found = await readdir(path, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
