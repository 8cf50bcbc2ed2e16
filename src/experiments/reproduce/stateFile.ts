import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { FormatError } from '../../base/errors.ts'

const entrySchema = z.strictObject({
  key: z.string().describe('hash of what it depends on'),
  given: z
    .record(z.string(), z.string())
    .describe('hashes of the files of the stages it needs, as it met them'),
  began: z.string(),
  ended: z.string().optional(),
  seconds: z.number().describe('of all sittings'),
  outputs: z.string().optional().describe('hash of its files'),
})
/** What is known of a stage; without `ended` it was stopped. */
export type Entry = z.infer<typeof entrySchema>

const stateSchema = z.strictObject({
  command: z.string(),
  node: z.string(),
  cores: z.number(),
  revision: z.string().optional(),
  stages: z.record(z.string(), entrySchema),
})
export type State = z.infer<typeof stateSchema>

/** What an earlier sitting left; undefined where there was none. @throws FormatError for a file that is none of ours */
export function readState(path: string): State | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const wrong = (what: string) =>
    new FormatError(
      `${path} does not say what has been done (${what}): move its folder away, or name another`,
    )
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw wrong((error as Error).message)
  }
  const parsed = stateSchema.safeParse(json)
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error))
  return parsed.data
}

/** Writes the file whole or not at all, and at once: it is also written while the process ends. */
export function writeState(path: string, state: State): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.tmp-${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`, { flush: true })
  renameSync(temporary, path)
}
